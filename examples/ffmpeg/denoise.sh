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
# What a container holds: FLAC fits into Matroska, the containers of phones and cameras take AAC; and of a film only the
# first sound track fits into WAV, Opus and MP3, to the last with a cover.
streams=(-map 0)
case ${out,,} in
  *.mp4 | *.m4a | *.m4v | *.mov) codec=aac ;;
  *.mp3)
    codec=libmp3lame
    streams=(-map 0:a:0)
    while IFS=, read -r index cover; do
      if [ "$cover" = 1 ]; then streams+=(-map "0:$index"); fi
    done < <(ffprobe -v error -select_streams v -show_entries stream=index:stream_disposition=attached_pic -of csv=p=0 "$1")
    ;;
  *.wav) codec=pcm_s16le streams=(-map 0:a:0) ;;
  *.opus) codec=libopus streams=(-map 0:a:0) ;;
  *.webm) codec=libopus ;;
  *) codec=flac ;;
esac
# Beside OUT until it is whole: what was there stays where something fails.
part=$(mktemp -d "$(dirname "$out")/.denoise-XXXXXX")
trap 'rm -rf "$part"' EXIT
# -dn: what cameras write beside picture and sound (time code, telemetry) fits into few containers.
# A mono plugin becomes one instance a channel in ffmpeg; latency=1 takes its delay away.
ffmpeg -nostdin -hide_banner -loglevel warning -y -i "$1" "${streams[@]}" -dn -c:v copy -c:s copy -c:a "${AUDIO_CODEC:-$codec}" \
  -af "ladspa=file=pellucid:plugin=pellucid_mono:latency=1:controls=c0=${3:-1}" "$part/$(basename "$out")"
mv "$part/$(basename "$out")" "$out"
