#!/usr/bin/env bash
# A full disk: one sentence, exit code 7, what was there stays as it was, nothing half written lies about; once there is
# space, the same command ends with what it would have given. The disk is a small tmpfs in a mount namespace of its own,
# full but for a random number of kB. Ends with 77 where there may be none.
if [ -z "${PELLUCID_FAULT_MOUNTS:-}" ]; then
  for way in -m -rm; do
    if unshare $way sh -c 'd=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d" && rmdir "$d"' 2>/dev/null; then
      PELLUCID_FAULT_MOUNTS=yes exec unshare $way "$0" "$@"
    fi
  done
  echo "skipped: this system lets nobody mount a tmpfs here, not even in a user namespace"
  exit 77
fi
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

mkdir disk
mount -t tmpfs -o size=16m none disk
mounted=$work/disk

# All but a random number of kB, below $1, is taken.
fill() {
  local free=$((RANDOM % $1))
  echo "$what, round $round: $free kB free"
  rm -f disk/ballast
  head -c $((($(stat -f -c '%a * %S' disk) / 1024 - free) * 1024)) /dev/zero >disk/ballast
}

full() { refused 7 'No space left on device.*free some space' "$@"; }

replace() {  # NAME COMMAND.., whose last word is the output
  local name=$1 kb
  shift
  works "$@" "$name"
  kb=$(($(stat -c %s "$name") / 1024))
  for ((round = 0; round < rounds; ++round)); do
    echo "what was there before" >"disk/$name"
    fill "$kb"
    full "$@" "disk/$name"
    [ "$(cat "disk/$name")" = "what was there before" ] || fail "disk/$name was harmed"
    [ "$(ls -A disk | tr '\n' ' ')" = "ballast $name " ] || fail "left behind: $(ls -A disk)"
    rm disk/ballast
    works "$@" "disk/$name"
    cmp -s "$name" "disk/$name" || fail "disk/$name is not what it would have been"
    rm "disk/$name"
  done
}

echo "disk: $rounds rounds, seed $seed"
recordings
works "${prepare[@]}" --out corpus
what=denoise replace sound.wav "$PELLUCID" denoise speech/b/*.opus --force --quiet -o
what=quantize replace model.safetensors "$PELLUCID" quantize nano --calibrate corpus --seconds 1 --force --out
what=prepare
for ((round = 0; round < rounds; ++round)); do
  fill $(($(du -sk corpus | cut -f1) - 8))
  full "${prepare[@]}" --out disk/corpus
  rm disk/ballast
  works "${prepare[@]}" --out disk/corpus
  diff -r --exclude=.lock corpus disk/corpus >said || fail "round $round: another corpus"
  rm -r disk/corpus
done
if has_trainer; then
  what=train
  recipe
  works "${train[@]}" --out run
  for ((round = 0; round < rounds; ++round)); do
    fill $(($(du -sk run | cut -f1) - 4))
    full "${train[@]}" --out disk/run
    rm disk/ballast
    works "${train[@]}" --out disk/run --resume
    same_tensors run/last.ckpt disk/run/last.ckpt "round $round"
    [ "$(ls -A run)" = "$(ls -A disk/run)" ] || fail "left behind: $(ls -A disk/run | tr '\n' ' ')"
    rm -r disk/run
  done
fi
echo "disk: good"
