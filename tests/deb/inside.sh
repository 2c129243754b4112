#!/usr/bin/env bash
# Runs in a fresh Debian with the packages in /opt/pellucid; scripts/test-deb.sh starts it.
set -euo pipefail
cd /opt/pellucid
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

say() { echo "test-deb: $*"; }
fail() {
  say "FAILED: $*" >&2
  exit 1
}
install() { apt-get install -q -y --no-install-recommends "$@"; }
package() { echo ./"$1"_*.deb; }
# Everything that is installed now, but what programs keep of their own running.
everything() { find / -xdev \( -path /opt/pellucid -o -path /proc -o -path /sys -o -path /tmp -o -path /var \) -prune -o -print | sort; }

apt-get update -q
everything >/tmp/before

install $(package pellucid) $(package pellucid-models)
pellucid --version
pellucid denoise examples/audio/noisy/office.flac -o /tmp/clean.flac
noisy_bytes=$(stat -c %s examples/audio/noisy/office.flac)
[ "$(stat -c %s /tmp/clean.flac)" -gt $((noisy_bytes / 10)) ] || fail "denoise wrote next to nothing"
mkdir /tmp/noisy /tmp/reference
cp examples/audio/noisy/office.flac /tmp/noisy/
cp examples/audio/clean/office.flac /tmp/reference/
pellucid eval --clean /tmp/reference --noisy /tmp/noisy --model small --csv /tmp/scores.csv --brief
of() { awk -F, -v name="$1" 'NR == 1 {for (i = 1; i <= NF; ++i) if ($i == name) column = i} END {print $column}' /tmp/scores.csv; }
before=$(of si_sdr_db_noisy) after=$(of si_sdr_db_enhanced)
awk -v a="$before" -v b="$after" 'BEGIN {exit !(b > a + 3)}' || fail "SI-SDR went from $before to $after dB only"
say "installed; the recording went from $before to $after dB SI-SDR"
for file in man/man1/pellucid-denoise.1.gz bash-completion/completions/pellucid fish/vendor_completions.d/pellucid.fish zsh/vendor-completions/_pellucid; do
  [ -s /usr/share/$file ] || fail "/usr/share/$file is not there"
done
! ldd /usr/bin/pellucid | grep torch >/dev/null || fail "pellucid loads LibTorch"
code=0
pellucid train recipe.toml 2>/tmp/said || code=$?
[ $code = 9 ] && grep -q 'pellucid-train' /tmp/said || fail "without the trainer: $(cat /tmp/said)"

install $(package libpellucid1) $(package libpellucid-dev) gcc g++ make cmake pkg-config
cc -Wall -Werror examples/c/denoise_wav.c $(pkg-config --cflags --libs pellucid) -o /tmp/denoise_wav
ldd /tmp/denoise_wav | grep libpellucid.so.1 >/dev/null || fail "the example does not use the shared library"
models=$(pkg-config --variable=modelsdir pellucid)
printf 'RIFF\x24\x77\x01\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x00\x77\x01\x00' >/tmp/silence.wav
head -c 96000 /dev/zero >>/tmp/silence.wav
/tmp/denoise_wav "$models"/small.safetensors /tmp/silence.wav /tmp/silence.out.wav
cmp -i 44 /tmp/silence.wav /tmp/silence.out.wav || fail "silence did not stay silence"
cmake -S tests/install/consumer -B /tmp/consumer -DCMAKE_BUILD_TYPE=Release
cmake --build /tmp/consumer
/tmp/consumer/wrapper "$models"/small.safetensors
bytes=$(head -c 48000 /dev/zero | /tmp/consumer/example_static "$models"/small.safetensors | wc -c)
[ "$bytes" = 48000 ] || fail "the manual's example made $bytes bytes of 48000"
say "built against libpellucid-dev by pkg-config and by CMake"

install $(package pellucid-plugins) ladspa-sdk lilv-utils
analyseplugin /usr/lib/ladspa/pellucid.so | grep pellucid_mono >/dev/null || fail "the LADSPA plugin does not load"
lv2info urn:pellucid:mono | grep -i strength >/dev/null || fail "the LV2 plugin does not load"
printf '#include <dlfcn.h>\nint main(int c, char** v) { void* m = dlopen(v[1], 2); return c != 3 || !m || !dlsym(m, v[2]); }\n' | cc -x c - -o /tmp/loads
/tmp/loads /usr/lib/vst3/pellucid.vst3/Contents/*/pellucid.so GetPluginFactory || fail "the VST3 plugin does not load"
/tmp/loads /usr/lib/clap/pellucid.clap clap_entry || fail "the CLAP plugins do not load"
say "the plugins load"

for file in pellucid/README.md pellucid/docs/measuring.md pellucid-plugins/docs/plugins.md libpellucid-dev/docs/measuring.md \
  libpellucid-dev/examples/c/denoise_wav.c libpellucid-dev/examples/cpp/stream.cpp; do
  [ -s /usr/share/doc/$file ] || fail "/usr/share/doc/$file is not there"
done
for document in $(find /usr/share/doc/pellucid /usr/share/pellucid/models -name '*.md'); do
  for link in $(grep -o '\]([./A-Za-z][A-Za-z0-9_./-]*' "$document" | sed 's/^](//' | grep -vE '^(https?|mailto)'); do
    [ -e "$(dirname "$document")/$link" ] || fail "$document links to $link, which is not there"
  done
done
say "the documents are there, and what they link to"

dpkg-query -W -f '${Package}\n' '*pellucid*' | xargs apt-get purge -q -y
left=$(everything | comm -13 /tmp/before - | grep -i pellucid || true)
[ -z "$left" ] || fail "purging left behind: $left"
! dpkg-query -W -f '${db:Status-Status}\n' '*pellucid*' 2>/dev/null | grep -E '^(installed|config-files)$' || fail "packages are still there"
[ ! -e /var/lib/pellucid ] && [ ! -e /etc/pellucid ] || fail "purging left folders behind"
say "purged without a trace"
