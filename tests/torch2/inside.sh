#!/usr/bin/env bash
# Runs in a Debian 13 with the project's sources in /opt/pellucid; scripts/test-torch2.sh starts it.
#
#   tests/torch2/inside.sh JOBS
set -euo pipefail
cd /opt/pellucid
export LC_ALL=C.UTF-8 PATH=$PWD/build/release:$PATH

say() { echo "test-torch2: $*"; }
fail() {
  say "FAILED: $*"
  exit 1
}

cmake --preset release -DPELLUCID_TRAINING=ON -DPELLUCID_TESTS=ON -DPELLUCID_CROSS_TESTS=OFF -DPELLUCID_PYTHON=OFF
cmake --build --preset release -j "$1" --target pellucid_cli pellucid_train test_training
say "built by g++ $(g++ -dumpfullversion) with LibTorch $(dpkg-query -W -f '${Version}' libtorch-dev)"

test_training 2>&1 | tee /tmp/tests
! grep 'no Gloo' /tmp/tests >/dev/null || fail "several processes were not tested"
say "$(sed -n 's/^\[==========\] \(.* ran\)/\1/p' /tmp/tests), $(grep -c '^\[  SKIPPED \] .* ms)$' /tmp/tests || true) skipped"

# From recordings to a model to a recording.
mkdir -p /tmp/run/noisy /tmp/run/clean /tmp/run/enhanced
cp examples/audio/noisy/office.flac /tmp/run/noisy/
cp examples/audio/clean/office.flac /tmp/run/clean/
printf 'kind,pattern,group,label\nnoise,*,{name},\nspeech,*/*,{1},\n' >/tmp/run/groups.csv
pellucid prepare --speech recipes/speech --noise recipes/noise --groups /tmp/run/groups.csv --valid 0.3 --test 0 --out /tmp/run/corpus
pellucid train recipes/nano.toml --corpus /tmp/run/corpus --out /tmp/run/out --set train.steps=200 --set train.warmup_steps=20 \
  --set train.valid_pairs=4
pellucid denoise /tmp/run/noisy/office.flac -o /tmp/run/enhanced/office.flac --model /tmp/run/out/nano.safetensors
pellucid eval --clean /tmp/run/clean --noisy /tmp/run/noisy --enhanced /tmp/run/enhanced --brief --csv /tmp/run/scores.csv
of() { awk -F, -v name="$1" 'NR == 1 {for (i = 1; i <= NF; ++i) if ($i == name) column = i} END {print $column}' /tmp/run/scores.csv; }
before=$(of si_sdr_db_noisy) after=$(of si_sdr_db_enhanced)
awk -v a="$before" -v b="$after" 'BEGIN {exit !(b > a + 1)}' || fail "SI-SDR went from $before to $after dB only"
say "a model of 200 steps brings a recording from $before to $after dB SI-SDR"
