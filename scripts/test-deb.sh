#!/usr/bin/env bash
# Installs packages of `make deb` in a fresh Debian 12 (mmdebstrap, minbase), uses them there and purges them.
#
#   scripts/test-deb.sh FOLDER      of .deb files; DEBIAN_MIRROR=http://... in place of deb.debian.org
set -euo pipefail
debs=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ls "$debs"/*.deb >/dev/null

work=build/test-deb
log=$work/log
rm -rf $work
mkdir -p $work/pellucid
tar -c examples tests/install/consumer tests/deb | tar -x -C $work/pellucid
cp "$debs"/*.deb $work/pellucid/
trap 'rm -rf $work/pellucid' EXIT

# The system is made, used and thrown away by mmdebstrap: as root in a folder, as anybody else in a user namespace.
echo "test-deb: a fresh Debian 12 (log: $log)"
if ! mmdebstrap --variant=minbase --components=main \
  --customize-hook="copy-in $work/pellucid /opt" \
  --customize-hook='chroot "$1" bash /opt/pellucid/tests/deb/inside.sh >&2' \
  bookworm /dev/null "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >$log 2>&1; then
  tail -n 30 $log >&2
  echo "test-deb: failed; see $log." >&2
  exit 1
fi
grep '^test-deb: ' $log
