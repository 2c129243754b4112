#!/usr/bin/env bash
# What another sample rate costs: pairs of 16 kHz, denoised at 44.1 and 48 kHz and brought back, against the same
# recordings brought there and back and then denoised at 16 kHz. All are measured at 16 kHz.
#
#   bench/rates.sh PROGRAM CLEAN NOISY [MODEL] [CUTOFF]       needs ffmpeg with libsoxr
#
# CUTOFF is the resampler's, a share of 8 kHz: 0.995 loses nothing worth it, 0.913 is that of soxr's HQ.
set -euo pipefail

program=${1:?name the program, for example build/release/pellucid}
clean=${2:?name the folder of clean files}
noisy=${3:?name the folder of noisy files}
model=${4:-small}
cutoff=${5:-0.995}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

resample() {  # FROM TO RATE_HZ
  mkdir -p "$2"
  for file in "$1"/*; do
    name=$(basename "$file")
    ffmpeg -nostdin -v error -i "$file" -af aresample="$3:resampler=soxr:precision=28:cutoff=$cutoff" \
      -c:a pcm_f32le "$2/${name%.*}.wav"
  done
}

denoise() {  # FROM TO
  mkdir -p "$2"
  "$program" denoise "$1" -o "$2" --model "$model" --quiet
}

measure() {  # NAME FOLDER
  "$program" eval --clean "$clean" --noisy "$work/16000" --enhanced "$2" --brief \
    --metrics si_sdr_db,stoi,estoi 2>/dev/null |
    awk -v name="$1" '/^enhanced/ { gsub(/\[[^]]*\]/, ""); printf "%-32s SI-SDR %6s dB  STOI %s  ESTOI %s\n", name, $2, $3, $4 }'
}

resample "$noisy" "$work/16000" 16000
denoise "$work/16000" "$work/16000.out"
measure "as it is" "$work/16000.out"
for rate_hz in 44100 48000; do
  resample "$work/16000" "$work/$rate_hz" "$rate_hz"
  resample "$work/$rate_hz" "$work/$rate_hz.way" 16000
  denoise "$work/$rate_hz.way" "$work/$rate_hz.way.out"
  measure "$rate_hz and back, at 16000 Hz" "$work/$rate_hz.way.out"
  denoise "$work/$rate_hz" "$work/$rate_hz.out"
  resample "$work/$rate_hz.out" "$work/$rate_hz.back" 16000
  measure "at $rate_hz Hz" "$work/$rate_hz.back"
done
