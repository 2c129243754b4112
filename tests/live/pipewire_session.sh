#!/usr/bin/env bash
# Runs a command beside a PipeWire of its own, which needs no sound hardware: what is linked to virtual_microphone's
# input comes out of that microphone, and there is a loudspeaker. The configuration in FOLDER/config is in force, and QUANTUM.
#
#   pipewire_session.sh FOLDER QUANTUM COMMAND [ARGUMENT...]
#
# Ends with the command's exit code, 124 after SESSION_SECONDS (default 60), 77 where PipeWire does not start.
set -euo pipefail
folder=$1 quantum=$2
if [ "${INSIDE_SESSION:-}" != "$folder" ]; then  # WirePlumber wants a bus
  INSIDE_SESSION=$folder exec dbus-run-session -- "$0" "$@" 2> >(grep -v 'Failed to set fd limit' >&2)
fi
shift 2

export XDG_RUNTIME_DIR=$folder/run XDG_CONFIG_HOME=$folder/config XDG_STATE_HOME=$folder/state HOME=$folder
unset PIPEWIRE_REMOTE PIPEWIRE_RUNTIME_DIR DISPLAY
mkdir -p -m 700 "$XDG_RUNTIME_DIR"
mkdir -p "$XDG_CONFIG_HOME/pipewire/pipewire.conf.d"

cat >"$XDG_CONFIG_HOME/pipewire/pipewire.conf.d/10-virtual.conf" <<'CONFIG'
context.objects = [
  { factory = adapter
    args = {
      factory.name = support.null-audio-sink
      node.name = virtual_microphone
      media.class = Audio/Source/Virtual
      audio.position = [ MONO ]
    }
  }
  { factory = adapter
    args = {
      factory.name = support.null-audio-sink
      node.name = virtual_speaker
      media.class = Audio/Sink
      audio.position = [ FL FR ]
    }
  }
]
CONFIG

pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null || true' EXIT
pipewire >"$folder/pipewire.log" 2>&1 & pids+=($!)
until_true() {
  for _ in $(seq 100); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  return 1
}
until_true pw-cli info 0 || exit 77
wireplumber >"$folder/wireplumber.log" 2>&1 & pids+=($!)
has_microphone() { pw-link -o | grep virtual_microphone >/dev/null; }
until_true has_microphone || exit 77
pw-metadata -n settings 0 clock.force-quantum "$quantum" >/dev/null
timeout "${SESSION_SECONDS:-60}" "$@"
