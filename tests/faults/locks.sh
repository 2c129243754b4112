#!/usr/bin/env bash
# Two runs at once on one folder: the second is refused with a sentence, and the first ends as if it had been alone.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

holds_lock() { [ -f "$1/.lock" ] && grep -q ":$(stat -c %i "$1/.lock") " /proc/locks; }

twice() {  # FOLDER SENTENCE COMMAND..
  local folder=$1 sentence=$2 first
  shift 2
  "$@" >first 2>&1 </dev/null &
  first=$!
  for ((i = 0; i < 3000; ++i)); do
    holds_lock "$folder" && break
    sleep 0.01
  done
  kill -STOP $first 2>/dev/null || true
  holds_lock "$folder" || fail "'$*' holds no lock on $folder"
  refused 7 "$sentence" "$@" ${resume:-}
  kill -CONT $first
  wait $first || { cp first said && fail "the first '$*' ended with $?"; }
}

recordings
works "${prepare[@]}" --out good
twice corpus 'another .pellucid prepare. is writing this corpus' "${prepare[@]}" --out corpus
diff -r --exclude=.lock good corpus >said || fail "another corpus"
if has_trainer; then
  recipe
  works "${train[@]}" --out run
  resume=--resume twice both 'another training is writing into this folder' "${train[@]}" --out both
  same_tensors run/last.ckpt both/last.ckpt "two at once"
fi

# Two that write one file: whoever comes last finds it there; the file is whole.
works "$PELLUCID" denoise speech/b/*.opus --quiet -o sound.wav
"$PELLUCID" denoise speech/b/*.opus --quiet -o both.wav >first 2>&1 &
second=0
"$PELLUCID" denoise speech/b/*.opus --quiet -o both.wav >said 2>&1 || second=$?
first=0
wait $! || first=$?
[ "$((first + second))" = 7 ] || fail "ended with $first and $second, expected 0 and 7"
cmp -s sound.wav both.wav || fail "another sound"
echo "locks: good"
