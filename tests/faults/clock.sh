#!/usr/bin/env bash
# Clocks that jump by hours, back and forth, at every look at them (shim.c): nothing hangs, no time or speed is below
# nothing, and the results are the same.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

jumping() {
  works timeout 300 env LD_PRELOAD="$SHIM" PELLUCID_FAULT_CLOCK=$((seed + RANDOM)) "$@"
  if grep -aE '[^0-9a-z]-[0-9.:]+ ?(left|/s|x|steps|audio|MB|%)|_s":-[0-9]|per_second":-|[^a-z](nan|inf)[^a-z]' said; then
    fail "'$*' told nonsense"
  fi
}

recordings
works "$PELLUCID" denoise speech/b/*.opus --quiet -o sound.wav
works "${prepare[@]}" --out corpus
for ((round = 0; round < rounds; ++round)); do
  jumping "$PELLUCID" denoise speech/b/*.opus --force -o jumped.wav
  cmp -s sound.wav jumped.wav || fail "another sound"
  rm -rf jumped
  jumping "${prepare[@]}" --out jumped
  diff -r --exclude=.lock corpus jumped >said || fail "another corpus"
done
if has_trainer; then
  recipe
  works "${train[@]}" --out run
  for ((round = 0; round < rounds; ++round)); do
    for style in "" --json; do
      rm -rf jumped
      jumping "${train[@]}" --out jumped $style
      same_tensors run/last.ckpt jumped/last.ckpt "round $round"
      if grep -E ',-?(nan|inf)|^([^,]*,){4,6}-' jumped/curve.csv; then fail "the curve tells nonsense"; fi
    done
  done
fi
echo "clock: good"
