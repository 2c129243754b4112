#!/bin/bash
# What `pellucid adapt` gains on noises that the model never heard, and loses elsewhere; docs/adapt.md shows the figures.
#   bench/adapt.sh BUILD SPEECH WORK MINUTES NAME=FILE[,FILE..] .. [radio]
# BUILD: folder of pellucid. SPEECH: clean speech of speakers that training never heard. Of every FILE of noise the first
# 60 % tune the model and the rest measures it. `radio` is a noise of its own: hiss and crackle of 300 to 4000 Hz, with
# speech of the same band that is cut off at a fifth of full scale.
set -eu
build=$1 speech=$2 work=$3 minutes=$4; shift 4
model=${MODEL:-small}
ff() { ffmpeg -nostdin -v error -y "$@"; }
measure() { # NAME SPEECH EXTRA..: mixes, tunes, compares
  local name=$1 voices=$2; shift 2
  "$build/pellucid" mix --speech "$voices" --noise "$work/$name/held-out" --snr 0,5,10 --level -20:-20 --seed 1 -o "$work/$name/test" --force > /dev/null
  if [ "$name" = radio ]; then
    for f in "$work/radio/test/noisy"/*.wav; do
      ff -i "$f" -af "asoftclip=type=hard:threshold=0.2" "$work/cut.wav"; mv "$work/cut.wav" "$f"
    done
  fi
  "$build/pellucid" adapt --model "$model" ${OPTIONS:-} --noise "$work/$name/own" --minutes "$minutes" -o "$work/$name/tuned.safetensors" --force "$@"
  "$build/pellucid" eval --compare "$model" "$work/$name/tuned.safetensors" --clean "$work/$name/test/clean" --noisy "$work/$name/test/noisy" --metrics pesq,stoi,si_sdr --brief
}
for noise in "$@"; do
  name=${noise%%=*}
  rm -rf "${work:?}/$name"; mkdir -p "$work/$name/own" "$work/$name/held-out"
  echo "== $name"
  if [ "$name" = radio ]; then
    ff -f lavfi -i "aevalsrc=0.05*(2*random(0)-1)+if(gt(random(1)\,0.9997)\,2*random(2)-1\,0):s=8000:d=150" \
       -af "highpass=f=300:p=2,tremolo=f=0.3:d=0.4" -ar 16000 "$work/radio/all.wav"
    ff -i "$work/radio/all.wav" -t 90 "$work/radio/own/radio.wav"
    ff -ss 90 -i "$work/radio/all.wav" "$work/radio/held-out/radio.wav"
    find "$speech" -type f | while read -r f; do
      mkdir -p "$work/radio/speech/$(basename "$(dirname "$f")")"
      ff -i "$f" -af "aresample=8000,highpass=f=300:p=2,aresample=16000" "$work/radio/speech/$(basename "$(dirname "$f")")/$(basename "${f%.*}").wav"
    done
    measure radio "$work/radio/speech" --set mix.lowpass_probability=0.9 --set mix.clip_probability=0.6
    continue
  fi
  IFS=, read -ra files <<< "${noise#*=}"
  number=0
  for f in "${files[@]}"; do
    number=$((number + 1))
    cut=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$f" | awk '{print $1 * 0.6}')
    ff -i "$f" -t "$cut" -ac 1 "$work/$name/own/$number.wav"
    ff -ss "$cut" -i "$f" -ac 1 "$work/$name/held-out/$number.wav"
  done
  measure "$name" "$speech"
done
