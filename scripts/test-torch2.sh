#!/usr/bin/env bash
# Builds the trainer in Debian 13, with LibTorch 2 and g++ 14, and tests it there. The system is downloaded once (mmdebstrap),
# and what was built is kept for the next run: remove build/test-torch2 to begin anew.
#
#   scripts/test-torch2.sh [JOBS]      DEBIAN_MIRROR=http://... in place of deb.debian.org
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=${1:-$(nproc)}
work=build/test-torch2
place=opt/pellucid  # in the system

fail() {
  tail -n 30 "$1" >&2
  echo "test-torch2: failed; see $1." >&2
  exit 1
}

mkdir -p $work
# ONNX is what configuring the tests asks for; nothing here is linked with it.
packages=$(scripts/setup.sh --list trainer)$'\n'$(printf '%s\n' libgtest-dev libonnx-dev libprotobuf-dev)
if [ "$packages" != "$(cat $work/packages 2>/dev/null)" ]; then
  rm -rf ${work:?}/*
  echo "test-torch2: downloading a Debian 13 (log: $work/system.log)"
  mmdebstrap --variant=minbase --components=main --dpkgopt=force-unsafe-io --include="${packages//$'\n'/,}" \
    trixie $work/system.tar "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >$work/system.log 2>&1 || fail $work/system.log
  echo "$packages" >$work/packages
fi

# The tracked files as they are now. Time stamps keep their fractions, so that what was built stays up to date.
git ls-files -z | tar -c --format=posix --null --ignore-failed-read --transform "s,^,$place/," -f $work/sources.tar -T - 2>/dev/null
built=()
if [ -e $work/build.tar ]; then built=(--customize-hook="tar-in $work/build.tar /$place"); fi

# Unpacked, used and thrown away by mmdebstrap: as root in a folder, as anybody else in a user namespace.
echo "test-torch2: building and testing there (log: $work/log)"
mmdebstrap --variant=custom --skip=setup,update,cleanup --setup-hook="tar-in $work/system.tar /" \
  --customize-hook="tar-in $work/sources.tar /" "${built[@]}" \
  --customize-hook="chroot \"\$1\" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp bash /$place/tests/torch2/inside.sh $jobs >&2 || touch \"\$1/failed\"" \
  --customize-hook="tar-out /$place/build $work/build.tar" \
  --customize-hook='test ! -e "$1/failed"' \
  trixie /dev/null >$work/log 2>&1 || fail $work/log
grep '^test-torch2: ' $work/log
