#!/usr/bin/env bash
# Cleans whatever ffmpeg reads, a film's sound track for example, through the LADSPA plugin: the picture is copied, the
# sound stays in time and as long as it was.
#
#   denoise.sh IN OUT [STRENGTH]             AUDIO_CODEC names another codec than the one that suits OUT
#
# LADSPA_PATH names the folder of pellucid.so where that is not /usr/lib/ladspa or /usr/local/lib/ladspa.
set -euo pipefail
if [ $# -lt 2 ]; then
  echo "usage: denoise.sh IN OUT [STRENGTH]" >&2
  exit 2
fi
export LADSPA_PATH=${LADSPA_PATH:-/usr/local/lib/ladspa:/usr/lib/ladspa}
out=$2
# What a container holds: FLAC fits into Matroska, the containers of phones and cameras take AAC.
case ${out,,} in
  *.mp4 | *.m4a | *.m4v | *.mov) codec=aac ;;
  *.mp3) codec=libmp3lame ;;
  *.wav) codec=pcm_s16le ;;
  *.webm | *.opus) codec=libopus ;;
  *) codec=flac ;;
esac
# Beside OUT until it is whole: what was there stays where something fails.
part=$(mktemp -d "$(dirname "$out")/.denoise-XXXXXX")
trap 'rm -rf "$part"' EXIT
# -dn: what cameras write beside picture and sound (time code, telemetry) fits into few containers.
# A mono plugin becomes one instance a channel in ffmpeg; latency=1 takes its delay away.
ffmpeg -nostdin -hide_banner -loglevel warning -y -i "$1" -map 0 -dn -c:v copy -c:s copy -c:a "${AUDIO_CODEC:-$codec}" \
  -af "ladspa=file=pellucid:plugin=pellucid_mono:latency=1:controls=c0=${3:-1}" "$part/$(basename "$out")"
mv "$part/$(basename "$out")" "$out"
