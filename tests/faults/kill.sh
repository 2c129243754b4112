#!/usr/bin/env bash
# kill -9 at random moments: no output is lost or half written, and going on ends with what an undisturbed run gives.
# Every second round at a random moment, the others in place of a random operation that changes a file (shim.c).
#
#   kill.sh denoise|prepare|update|train|quantize
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# killed COMMAND..: runs it until it is killed, or to its end; says when.
killed() {
  if [ $((round % 2)) = 0 ]; then
    local at=$((RANDOM % operations + 1))
    echo "$what, round $round: at operation $at of $operations"
    faulty KILL=$at -- "$@" >said 2>&1 </dev/null || true
  else
    local ms=$((RANDOM % (milliseconds + milliseconds / 10 + 1) + 1))
    echo "$what, round $round: after $ms ms of about $milliseconds"
    "$@" >said 2>&1 </dev/null &
    sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
    kill -KILL $! || true
    wait $! || true
  fi 2>/dev/null
}

# Runs a command undisturbed, for its result, its time and its number of operations.
measure() {
  local from
  from=$(date +%s%N)
  works faulty COUNT="$work/count" -- "$@"
  milliseconds=$((($(date +%s%N) - from) / 1000000))
  operations=$(cat count)
}

# A file that is replaced is the old one or the new one, whole; afterwards nothing lies beside it.
replace() {
  local name=$1
  shift
  mkdir good out
  measure "$@" "good/$name"
  for ((round = 0; round < rounds; ++round)); do
    echo "what was there before" >"out/$name"
    cp "out/$name" old
    killed "$@" "out/$name"
    cmp -s "out/$name" old || cmp -s "out/$name" "good/$name" || fail "round $round: out/$name is neither old nor new"
    works "$@" "out/$name"
    cmp -s "out/$name" "good/$name" || fail "round $round: out/$name is not what an undisturbed run gives"
    [ "$(ls -A out)" = "$name" ] || fail "round $round: left behind: $(ls -A out | tr '\n' ' ')"
  done
}

# same_corpus A B [DIFF'S OPTIONS]
same_corpus() { diff -r --exclude=.lock "${@:3}" "$1" "$2" >said || fail "round $round: $1 is not $2"; }

# Every shard that an index names is there, and is that of one of the undisturbed runs.
whole_corpus() {
  [ -f "$1/index.jsonl" ] || return 0
  local shard
  for shard in $(grep -o 'shard-[0-9a-f-]*\.pcm' "$1/index.jsonl"); do
    cmp -s "$1/$shard" "good/$shard" || cmp -s "$1/$shard" "old/$shard" || fail "round $round: $1/$shard is not whole"
  done
}

what=$1
echo "$what: $rounds rounds, seed $seed"
recordings
case $what in
  denoise)
    replace sound.wav "$PELLUCID" denoise speech/b/*.opus --force --quiet -o
    ;;
  quantize)
    works "${prepare[@]}" --out corpus
    replace model.safetensors "$PELLUCID" quantize nano --calibrate corpus --seconds 1 --force --out
    ;;
  prepare)
    measure "${prepare[@]}" --out good
    for ((round = 0; round < rounds; ++round)); do
      rm -rf corpus
      killed "${prepare[@]}" --out corpus
      # The work folder goes last of all: it may still be there.
      [ ! -f corpus/index.jsonl ] || same_corpus corpus good --exclude=.partial
      killed "${prepare[@]}" --out corpus
      works "${prepare[@]}" --out corpus
      same_corpus corpus good
    done
    ;;
  update)
    mv speech/c c
    works "${prepare[@]}" --out old
    mv c speech/c
    cp -r old good
    measure "${prepare[@]}" --update --out good
    for ((round = 0; round < rounds; ++round)); do
      rm -rf corpus
      cp -r old corpus
      killed "${prepare[@]}" --update --out corpus
      whole_corpus corpus
      [ -f corpus/index.jsonl ] || fail "round $round: the old corpus is gone"
      works "${prepare[@]}" --update --out corpus
      same_corpus corpus good
    done
    ;;
  train)
    works "${prepare[@]}" --out corpus
    recipe
    measure "${train[@]}" --out good
    for ((round = 0; round < rounds; ++round)); do
      rm -rf run
      killed "${train[@]}" --out run
      killed "${train[@]}" --out run --resume
      works "${train[@]}" --out run --resume
      same_tensors run/last.ckpt good/last.ckpt "round $round"
      same_tensors run/tiny.safetensors good/tiny.safetensors "round $round"
      [ "$(cut -d, -f1 run/curve.csv)" = "$(cut -d, -f1 good/curve.csv)" ] || fail "round $round: the curve has a gap"
      [ "$(ls -A run)" = "$(ls -A good)" ] || fail "round $round: left behind: $(ls -A run | tr '\n' ' ')"
    done
    ;;
  *)
    fail "unknown: $what"
    ;;
esac
echo "$what: good"
