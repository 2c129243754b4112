#!/usr/bin/env bash
# Makes a manual page of every command from its own --help.
#
#   scripts/man.sh PROGRAM FOLDER      PROGRAM is pellucid; pages go to FOLDER, whose pages of before are removed
set -euo pipefail
if [ $# -ne 2 ] || ! command -v help2man >/dev/null; then
  echo "man: expected PROGRAM and FOLDER, and the program help2man (package help2man)." >&2
  exit 2
fi
program=$(realpath "$1")
mkdir -p "$2"
rm -f "$2"/pellucid*.1
pages=$(realpath "$2")
version=$("$program" --version)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# page NAME SUMMARY COMMAND...: help2man names a page after the program that it runs.
page() {
  local name=$1 summary=$2
  shift 2
  printf '#!/bin/sh\nexec %s "$@"\n' "$(printf '%q ' "$@")" >"$scratch/$name"
  chmod +x "$scratch/$name"
  printf '[see also]\n%s\n' "${see_also[$name]}" >"$scratch/include"
  help2man --no-info --section=1 --manual=Pellucid --source="$version" --version-string="${version#* }" \
    --name="${summary,}" --include="$scratch/include" --output="$pages/$name.1" "$scratch/$name"
}

declare -A summaries see_also
while IFS=$'\t' read -r command summary; do
  if [ -n "$summary" ]; then summaries[$command]=$summary; fi
done < <("$program" complete -- '')
mapfile -t commands < <(printf '%s\n' "${!summaries[@]}" | sort)
see_also[pellucid]=$(printf '.BR pellucid-%s (1),\n' "${commands[@]}" | sed '$s/,$//')
for command in "${commands[@]}"; do see_also[pellucid-$command]='.BR pellucid (1)'; done
page pellucid 'remove noise from speech' "$program"
for command in "${commands[@]}"; do page "pellucid-$command" "${summaries[$command]}" "$program" "$command"; done
