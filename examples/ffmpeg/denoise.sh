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
in=$1 out=$2

# probe STREAMS ENTRIES: a line a stream, the entries in ffprobe's order.
probe() { ffprobe -v error -select_streams "$1" -show_entries "stream$2" -of csv=p=0 "$in"; }

# As many bits as the first sound track has where it is PCM or lossless, else 16: s16, s24, f32 ...
depth=s16
IFS=, read -r source _ raw_bits _ < <(probe a:0 "=codec_name,sample_fmt,bits_per_raw_sample" | tr '\n' ',') || true
case ${source:-} in
  pcm_[suf][0-9]*)
    depth=${source#pcm_}
    depth=${depth%%[lb]e*}
    depth=${depth%%_*}
    case $depth in u16 | u24 | u32) depth=s${depth#u} ;; esac
    ;;
  flac | alac | wavpack | tta) if [ "${raw_bits:-16}" -gt 16 ] 2>/dev/null; then depth=s24; fi ;;
esac

pcm() {  # PCM of that depth in byte order $1, or of 8 bits as $2
  case $depth in
    u8 | s8) echo "pcm_$2" ;;
    *) echo "pcm_$depth$1" ;;
  esac
}
covers() {  # pictures that are a song's cover, not a film
  local index cover
  while IFS=, read -r index cover; do
    if [ "$cover" = 1 ]; then streams+=(-map "0:$index"); fi
  done < <(probe v "=index:stream_disposition=attached_pic")
}
subtitles() {  # texts as CODEC; others, which are pictures, do not fit
  local index name count=0
  while IFS=, read -r index name; do
    case $name in
      subrip | ass | ssa | webvtt | mov_text | text)
        streams+=(-map "0:$index" "-c:s:$count" "$1")
        count=$((count + 1))
        ;;
      *) echo "denoise.sh: subtitles of kind $name do not fit into $out and are left out" >&2 ;;
    esac
  done < <(probe s "=index,codec_name")
}

# Of a film only the first sound track fits into what holds sound alone.
streams=(-map 0:a:0)
case ${out,,} in
  *.wav | *.w64) codec=$(pcm le u8) ;;
  *.aif | *.aiff | *.aifc | *.au) codec=$(pcm be s8) ;;
  *.flac)
    codec=flac
    covers
    ;;
  *.mp3)
    codec=libmp3lame
    covers
    ;;
  *.m4a)
    codec=aac
    covers
    ;;
  *.aac) codec=aac ;;
  *.ogg | *.oga) codec=libvorbis ;;
  *.opus) codec=libopus ;;
  *.mka) codec=flac ;;
  *.mp4 | *.m4v | *.mov)
    codec=aac streams=(-map "0:v?" -map 0:a)
    subtitles mov_text
    ;;
  *.webm)
    codec=libopus streams=(-map "0:V?" -map 0:a)
    subtitles webvtt
    ;;
  *.avi) codec=pcm_s16le streams=(-map "0:V?" -map 0:a) ;;
  *)
    codec=flac streams=(-map 0 -c:s copy)
    if probe s =codec_name | grep mov_text >/dev/null; then streams=(-map 0 -c:s srt); fi # Matroska has no mov_text
    ;;
esac
# FLAC has 16 bits or 24, whatever ffmpeg's filters count in.
if [ "$codec" = flac ]; then
  case $depth in
    u8 | s8 | s16) streams+=(-sample_fmt s16) ;;
    *) streams+=(-sample_fmt s32) ;;
  esac
fi
if [ -n "${AUDIO_CODEC:-}" ]; then codec=$AUDIO_CODEC; fi

# Beside OUT until it is whole: what was there stays where something fails.
part=$(mktemp -d "$(dirname "$out")/.denoise-XXXXXX")
trap 'rm -rf "$part"' EXIT
# -dn: what cameras write beside picture and sound (time code, telemetry) fits into few containers.
# A mono plugin becomes one instance a channel in ffmpeg; latency=1 takes its delay away.
ffmpeg -nostdin -hide_banner -loglevel warning -y -i "$in" "${streams[@]}" -dn -c:v copy -c:a "$codec" \
  -af "ladspa=file=pellucid:plugin=pellucid_mono:latency=1:controls=c0=${3:-1}" "$part/$(basename "$out")"
mv "$part/$(basename "$out")" "$out"
