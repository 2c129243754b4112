#!/usr/bin/env bash
# Builds the Debian packages of debian/control from this tree into build/deb, and holds them to lintian.
#
#   scripts/deb.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "deb: $*" >&2
  exit 1
}

for program in dpkg-buildpackage dh lintian; do
  command -v $program >/dev/null || fail "there is no $program; 'scripts/setup.sh deb' installs what packages are built with."
done
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
project=$(sed -n 's/^project(pellucid VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[ "$version" = "$project" ] || fail "debian/changelog is of version $version, CMakeLists.txt of $project; make them agree."

# A copy, so that nothing of a package build is left in the tree, and nothing of other builds gets into the packages.
out=build/deb
source=$out/pellucid-$version
rm -rf $out
mkdir -p "$source"
tar -c --exclude=./build --exclude=./.git --exclude=./.cache --exclude=__pycache__ --exclude=node_modules . | tar -x -C "$source"
log=$PWD/$out/build.log
echo "deb: building version $version (log: $out/build.log)"
if ! (cd "$source" && dpkg-buildpackage --build=binary --no-sign) >"$log" 2>&1; then
  grep -E -B 2 -A 8 'error|Error|Unmet' "$log" | head -n 40 >&2 || true
  fail "dpkg-buildpackage failed; see $out/build.log."
fi
rm -rf "$source"

lintian --fail-on error --suppress-tags bad-distribution-in-changes-file $out/*.changes
ls -l $out/*.deb
