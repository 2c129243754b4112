#!/usr/bin/env bash
# Cleans whatever ffmpeg reads, a film's sound track for example, through the LADSPA plugin: the picture is copied, the
# sound stays in time and as long as it was.
#
#   denoise.sh IN OUT [STRENGTH]
#
# LADSPA_PATH names the folder of pellucid.so where that is not /usr/lib/ladspa or /usr/local/lib/ladspa.
set -euo pipefail
if [ $# -lt 2 ]; then
  echo "usage: denoise.sh IN OUT [STRENGTH]" >&2
  exit 2
fi
export LADSPA_PATH=${LADSPA_PATH:-/usr/local/lib/ladspa:/usr/lib/ladspa}
# A mono plugin becomes one instance a channel in ffmpeg; latency=1 takes its delay away.
exec ffmpeg -hide_banner -loglevel warning -y -i "$1" -map 0 -c:v copy -c:s copy -c:a "${AUDIO_CODEC:-flac}" \
  -af "ladspa=file=pellucid:plugin=pellucid_mono:latency=1:controls=c0=${3:-1}" "$2"
