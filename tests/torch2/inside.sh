#!/usr/bin/env bash
# Runs in a Debian 13 with the project's sources in /opt/pellucid; scripts/test-torch2.sh starts it.
#
#   tests/torch2/inside.sh JOBS
set -euo pipefail
cd /opt/pellucid
export LC_ALL=C.UTF-8

say() { echo "test-torch2: $*"; }
fail() {
  say "FAILED: $*" >&2
  exit 1
}

cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DPELLUCID_TRAINING=ON -DPELLUCID_TESTS=ON -DPELLUCID_CROSS_TESTS=OFF \
  -DPELLUCID_PYTHON=OFF
cmake --build build -j "$1" --target pellucid_cli pellucid_train test_training
export PATH=$PWD/build:$PATH
say "built by g++ $(g++ -dumpfullversion) with LibTorch $(dpkg-query -W -f '${Version}' libtorch-dev)"

test_training | tee /tmp/tests
! grep 'no Gloo' /tmp/tests || fail "several processes were not tested"
say "$(grep 'tests ran' /tmp/tests); $(grep -c '^\[  SKIPPED \] .*)$' /tmp/tests || true) skipped"

pellucid prepare --speech recipes/speech --noise recipes/noise --out /tmp/corpus
pellucid train recipes/nano.toml --corpus /tmp/corpus --out /tmp/out --set train.steps=20 --set train.valid_pairs=4
pellucid info /tmp/out/nano.safetensors
pellucid denoise examples/audio/noisy/office.flac -o /tmp/clean.wav --model /tmp/out/nano.safetensors
say "a model trained here denoises: $(pellucid info /tmp/clean.wav || true)"
