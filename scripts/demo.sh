#!/usr/bin/env bash
# Denoises the recording in examples/audio with the shipped model, measures it and draws it: what `make demo` shows.
#
#   scripts/demo.sh PROGRAM [MODEL] [OUT]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

program=${1:?name the program, for example build/release/pellucid}
model=${2:-base}
source=examples/audio
out=${3:-$PWD/build/demo}
mkdir -p "$out/denoised"

show() {
  printf '\n$ pellucid'
  printf ' %s' "$@"
  printf '\n'
  "$program" "$@" 2>&1
}

show denoise $source/noisy/office.flac -o "$out/denoised/office.flac" --model "$model" --force
show eval --clean $source/clean --noisy $source/noisy --enhanced "$out/denoised" --brief
show spectrogram $source/noisy/office.flac "$out/denoised/office.flac" --title noisy --title denoised \
  -o "$out/spectrograms.png" --force

cat <<EOF

Before:  $PWD/$source/noisy/office.flac
After:   $out/denoised/office.flac
Picture: $out/spectrograms.png
Yours:   $program denoise FILE
EOF
