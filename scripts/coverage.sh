#!/usr/bin/env bash
# Runs the tests of a build with --coverage and prints which share of the lines of each layer they ran.
#
#   scripts/coverage.sh BUILD [JOBS] [CTEST OPTIONS..]
#
# Left out: tests that look at the compiled code itself, which counting changes (freestanding, reproducible, install,
# real time), and the trainer where it is not built. The table of every file is BUILD/files.csv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${1:?}
jobs=${2:-$(nproc)}
shift $(($# < 2 ? $# : 2))

find "$build" -name '*.gcda' -delete
failed=no
ctest --test-dir "$build" -j "$jobs" --output-on-failure -E 'freestanding|reproducible|install|[Rr]eal[Tt]ime' "$@" >"$build/tests.log" || failed=yes
tail -n 25 "$build/tests.log" | sed -n '/tests passed/,$p'
gcovr --root . --filter src/ --object-directory "$build" --gcov-ignore-parse-errors --csv "$build/files.csv" "$build"
awk -F, '
  NR > 1 { split($1, part, "/"); total[part[2]] += $2; ran[part[2]] += $3 }
  END {
    printf "%-14s %8s %8s %7s\n", "layer", "lines", "run", "share"
    for (layer in total) {
      printf "%-14s %8d %8d %6.1f %%\n", layer, total[layer], ran[layer], 100 * ran[layer] / total[layer] | "sort"
      all += total[layer]; all_ran += ran[layer]
    }
    close("sort")
    printf "%-14s %8d %8d %6.1f %%\n", "src", all, all_ran, 100 * all_ran / all
  }' "$build/files.csv"
[ $failed = no ] || echo "coverage: some tests failed; see $build/tests.log" >&2
