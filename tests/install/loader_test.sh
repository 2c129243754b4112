#!/usr/bin/env bash
# `make install` tells the loader of the library where it may and where that is of use: as root, and not into a DESTDIR.
#   loader_test.sh SOURCE
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
printf '#!/bin/sh\nexit 0\n' >"$work/bin/cmake"
printf '#!/bin/sh\necho "$UNDER_TEST"\n' >"$work/bin/id"
printf '#!/bin/sh\necho called >>%s/called\n' "$work" >"$work/bin/ldconfig"
chmod +x "$work"/bin/*

# calls USER_ID WORD...: how often `make install` ran ldconfig.
calls() {
  rm -f "$work/called"
  UNDER_TEST=$1 PATH=$work/bin:$PATH make -s -C "$source" install SETUP=no "${@:2}" >"$work/log"
  if [ -e "$work/called" ]; then wc -l <"$work/called"; else echo 0; fi
}
expect() {
  local found
  found=$(calls "${@:2}")
  [ "$found" = "$1" ] || { echo "make install ${*:3} as user $2 ran ldconfig $found times, not $1"; exit 1; }
}
source=$1
unset DESTDIR MAKEFLAGS
expect 1 0
expect 1 0 PREFIX=/opt/pellucid
expect 0 0 DESTDIR="$work/root"
expect 0 1000
