#!/usr/bin/env bash
# Bad sectors: read(2) gives EIO (shim.c) somewhere in a file. One sentence with the right exit code, and no output; a
# file is never taken for shorter than it is.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

unreadable() {  # CODE FILE AFTER COMMAND..
  local code=$1 file=$2 after=$3
  shift 3
  refused "$code" 'cannot be read' faulty READ="$file" AFTER="$after" -- "$@"
}

recordings
mkdir in out
works "$PELLUCID" denoise speech/b/*.opus --quiet -o in/a.wav
for name in a.flac a.ogg a.opus a.mp3 a.aiff; do works "$PELLUCID" denoise in/a.wav --quiet -o in/$name; done
for file in in/*; do
  bytes=$(stat -c %s "$file")
  for after in 0 $((bytes / 3)) $((RANDOM % bytes)) $((bytes - 1)); do
    echo "denoise: $file, EIO from byte $after on"
    unreadable 3 "/$file" "$after" "$PELLUCID" denoise "$file" --quiet -o out/a.wav
    [ -z "$(ls -A out)" ] || fail "left behind: $(ls -A out)"
  done
done
cp "$SOURCE/models/nano.safetensors" .
unreadable 5 /nano.safetensors 40000 "$PELLUCID" denoise in/a.wav --model ./nano.safetensors --quiet -o out/a.wav
unreadable 3 /groups.csv 20 "${prepare[@]}" --out corpus

# A recording that cannot be read is left out, and said to be.
works faulty READ=/wind.opus AFTER=5000 -- "${prepare[@]}" --out out/some
grep -q 'skipped.*wind.opus.*cannot be read' said || fail "prepare did not say what it left out"
works "${prepare[@]}" --out corpus

# A ledger that cannot be read is not one that is empty: what it says is finished is not thrown away.
operations=30
faulty KILL=$operations -- "${prepare[@]}" --out resumed >said 2>&1 || true
[ -s resumed/.partial/files.jsonl ] || fail "there is no ledger to resume from"
cp resumed/.partial/files.jsonl ledger
unreadable 8 /files.jsonl 100 "${prepare[@]}" --out resumed
cmp -s ledger resumed/.partial/files.jsonl || fail "the ledger was harmed"
works "${prepare[@]}" --out resumed
diff -r --exclude=.lock corpus resumed >said || fail "another corpus"

if has_trainer; then
  recipe
  unreadable 6 /tiny.toml 50 "${train[@]}" --out run
  works "${train[@]}" --out run
  cp run/last.ckpt run/curve.csv .
  unreadable 9 /last.ckpt 5000 "${train[@]}" --out run --resume
  unreadable 9 /curve.csv 100 "${train[@]}" --out run --resume
  cmp -s last.ckpt run/last.ckpt && cmp -s curve.csv run/curve.csv || fail "the training was harmed"
fi
echo "read errors: good"
