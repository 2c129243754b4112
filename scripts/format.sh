#!/usr/bin/env bash
# Applies .clang-format to every C and C++ file; with --check only names the files that differ (ends with 1).
# Ends with 77, which ctest reads as "skipped", where clang-format is not the version the project is formatted with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

wanted_major=14
formatter=$(command -v clang-format-$wanted_major || command -v clang-format || true)
if [ -z "$formatter" ]; then
  echo "format: clang-format $wanted_major is not installed; run scripts/setup.sh all."
  exit 77
fi
major=$("$formatter" --version | sed -E 's/.*version ([0-9]+).*/\1/')
if [ "$major" != $wanted_major ]; then
  echo "format: found clang-format $major, expected $wanted_major (other versions format differently)."
  exit 77
fi

folders=()
for folder in include src plugins tests bench examples; do
  if [ -d $folder ]; then folders+=("$folder"); fi
done
mapfile -d '' files < <(find "${folders[@]}" -type f \( -name '*.cpp' -o -name '*.hpp' -o -name '*.h' -o -name '*.c' \) -print0)

if [ "${1:-}" = --check ]; then
  "$formatter" --dry-run --Werror --ferror-limit=1 "${files[@]}" || {
    echo "format: run 'make format'." >&2
    exit 1
  }
else
  "$formatter" -i "${files[@]}"
fi
