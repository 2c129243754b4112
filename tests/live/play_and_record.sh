#!/usr/bin/env bash
# Plays IN to the virtual microphone and records SOURCE, a node or a NODE:PORT, into OUT meanwhile and half a second
# longer.
#
#   play_and_record.sh SOURCE IN OUT
set -euo pipefail
source=$1 in=$2 out=$3

# pw-play and pw-record read and write their files in a thread like any other, which another program's work delays. That
# is not what is tested.
ahead=()
if chrt -f 50 true 2>/dev/null; then ahead=(chrt -f 50); fi

# Tries a command for ten seconds.
until_true() {
  for _ in $(seq 100); do
    if "$@" 2>/dev/null; then return 0; fi
    sleep 0.1
  done
  echo "in vain: $*" >&2
  pw-link -l >&2
  return 1
}
first() { grep -m 1 "$1" <<<"$2"; }
link() {  # a port, or the first whose name begins so
  local from to
  from=$(first "^$1" "$(pw-link -o)") && to=$(first "^$2" "$(pw-link -i)") && pw-link "$from" "$to"
}
records() { first "pw-record" "$(pw-link -l)" >/dev/null; }

node=$source
if [[ $source = *:* ]]; then node=0; fi
"${ahead[@]}" pw-record --target "$node" --rate 48000 --channels 1 --format f32 "$out" &
recorder=$!
if [ "$node" = 0 ]; then until_true link "$source" pw-record:; fi
until_true records
sleep 0.5
"${ahead[@]}" pw-play --target 0 "$in" &
player=$!
until_true link pw-play: virtual_microphone:
wait $player
sleep 0.5
kill -INT $recorder
wait $recorder || true
