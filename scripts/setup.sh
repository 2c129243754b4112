#!/usr/bin/env bash
# Installs the Debian packages that Pellucid is built with, only those that are missing.
#
#   scripts/setup.sh [--check|--list] [tools|trainer|all|fuzz|coverage|peers|python|deb|windows]
#
# tools   what the command line tool needs (`make demo`)
# trainer also what the trainer is built with
# all     also what the tests need (`make test`); the default. From npm it gets ONNX Runtime (86 MB) into
#         build/npm, and what drives a browser (37 MB unpacked); from Debian a browser without windows (100 MB) and Ardour
#         (112 MB), the VST3 host. Where those cannot be had, the rest goes on and the tests that need them are skipped
# fuzz    also what one rarely needed target does: `make fuzz`
# coverage  the same for `make coverage`
# peers   the same for `make bench-peers`, from Debian and npm
# python  the same for `make bench-python`: what the loader and the trainer are compared with (PyTorch, scipy, soundfile)
# deb     what `make deb`, `make test-deb` and `make test-torch2` need, without the tests of `make test`
# windows  also what `make test-windows` needs: a compiler for Windows, and Wine
# --check changes nothing: lists what is missing and ends with 1 when that is anything
# --list  changes nothing: lists Debian's packages, installed or not
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# `a|b`: either will do; the first is what gets installed.
tools_packages=(g++ cmake ninja-build pkg-config libsndfile1-dev libsoxr-dev libcli11-dev nlohmann-json3-dev
                libfmt-dev libpng-dev libtomlplusplus-dev portaudio19-dev)
# LibTorch is fast on the CPU only with OpenBLAS beside it.
trainer_packages=(libtorch-dev libgloo-dev 'libopenblas0-pthread|libopenblas0-openmp')
test_packages=(libgtest-dev libonnx-dev libprotobuf-dev clang-format libbenchmark-dev)
# Manual pages, and the shells whose completions are tested.
shell_packages=(help2man bash fish zsh)
# Other compilers, processors and WebAssembly, for the tests of PELLUCID_CROSS_TESTS.
cross_packages=(clang lld g++-aarch64-linux-gnu qemu-user wasi-libc libc++-dev-wasm32 libclang-rt-dev-wasm32)
python_packages=(python3 python3-dev pybind11-dev python3-numpy python3-pytest python3-pip python3-wheel)
# The plugins' headers, hosts to test them in, and a sound server that needs no hardware.
plugin_packages=(ladspa-sdk lv2-dev dpf-source lilv-utils sordi jalv ffmpeg libasound2-dev
                 pipewire pipewire-bin pipewire-alsa pipewire-jack wireplumber dbus)
# The microcontrollers of tests/chips: one LLVM for all of them, a linker for Xtensa, and the emulators.
chip_packages=(clang-22 llvm-22 lld-22 binutils-xtensa-lx106 gcc-arm-none-eabi qemu-system-arm qemu-system-misc)
fuzz_packages=(clang-14 libclang-rt-14-dev)
coverage_packages=(gcovr)
pytorch_packages=(python3 python3-torch python3-scipy python3-soundfile)
deb_packages=(build-essential debhelper fakeroot lintian mmdebstrap uidmap ladspa-sdk lv2-dev dpf-source help2man)
peers_packages=(libspeexdsp-dev libwebrtc-audio-processing-dev)
windows_packages=(g++-mingw-w64-x86-64-posix wine64)

fail() {
  echo "setup: $*" >&2
  exit 1
}

mode=install
scope=all
for argument in "$@"; do
  case $argument in
    --check | --list) mode=${argument#--} ;;
    tools | trainer | all | fuzz | coverage | peers | python | deb | windows) scope=$argument ;;
    *) fail "unknown argument '$argument'; expected [--check|--list] [tools|trainer|all|fuzz|coverage|peers|python|deb|windows]." ;;
  esac
done

packages=("${tools_packages[@]}")
with_tests=yes
if [ "$scope" = tools ] || [ "$scope" = trainer ] || [ "$scope" = deb ]; then with_tests=no; fi
if [ $with_tests = yes ] || [ "$scope" = trainer ]; then packages+=("${trainer_packages[@]}"); fi
if [ $with_tests = yes ]; then
  packages+=("${test_packages[@]}" "${cross_packages[@]}" "${python_packages[@]}" "${plugin_packages[@]}"
             "${shell_packages[@]}" "${chip_packages[@]}")
  # Not by their packages' names: Node.js often comes from elsewhere, with an npm of its own.
  for program in node:nodejs npm:npm; do
    command -v "${program%:*}" >/dev/null || packages+=("${program#*:}")
  done
fi
if [ "$scope" = fuzz ]; then packages+=("${fuzz_packages[@]}"); fi
if [ "$scope" = coverage ]; then packages+=("${coverage_packages[@]}"); fi
if [ "$scope" = python ]; then packages+=("${pytorch_packages[@]}"); fi
if [ "$scope" = deb ]; then packages+=("${deb_packages[@]}"); fi
if [ "$scope" = peers ]; then packages+=("${peers_packages[@]}"); fi
if [ "$scope" = windows ]; then packages+=("${windows_packages[@]}"); fi

if [ $mode = list ]; then
  printf '%s\n' "${packages[@]%%|*}"
  exit 0
fi

if ! command -v dpkg-query >/dev/null; then
  fail "this is not a Debian system (no dpkg-query); install the counterparts of ${packages[*]} and run make with SETUP=no."
fi

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for choices in "${packages[@]}"; do
  found=no
  for package in ${choices//|/ }; do
    if installed "$package"; then found=yes; fi
  done
  if [ $found = no ]; then missing+=("${choices%%|*}"); fi
done

browser_installed() { installed chromium-headless-shell || installed chromium; }
npm_installed() { cmp -s "$1/package-lock.json" "build/npm/$2/installed.json"; }

if [ $mode = check ]; then
  if [ $with_tests = yes ]; then
    npm_installed tests/onnx onnx || missing+=("npm: tests/onnx")
    npm_installed tests/web web || missing+=("npm: tests/web")
    browser_installed || missing+=(chromium-headless-shell)
    installed ardour || missing+=(ardour)
  fi
  if [ "$scope" = peers ] && ! npm_installed bench/peers peers; then missing+=("npm: bench/peers"); fi
  if [ ${#missing[@]} -eq 0 ]; then
    echo "setup: nothing is missing for '$scope'."
    exit 0
  fi
  echo "setup: missing for '$scope': ${missing[*]}"
  exit 1
fi

# Installs packages; what apt-get says goes to the log.
log=build/setup.log
apt_install() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "E: not root, and no sudo" >"$log"
      return 1
    fi
    as_root=(sudo)
    if [ ! -t 0 ]; then as_root+=(-n); fi
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
  echo "setup: installing $* (log: $log)"
  { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "$@"; } >"$log" 2>&1
}

mkdir -p build
if [ ${#missing[@]} -gt 0 ]; then
  if ! apt_install "${missing[@]}"; then
    reason=$(grep -E '^(E:|W: Failed|sudo:)' "$log" | head -n 1 || true)
    fail "apt-get could not install ${missing[*]} (${reason:-see $log}); install them by hand and run make again."
  fi
fi

# A folder's package.json, installed into build/npm/NAME once, exactly as locked; no script of a package runs.
npm_install() {
  local place=build/npm/$2
  if npm_installed "$1" "$2"; then return 0; fi
  echo "setup: installing the packages of $1/package.json (log: build/npm-$2.log)"
  rm -rf "$place"
  mkdir -p "$place"
  cp "$1/package.json" "$1/package-lock.json" "$place/"
  (cd "$place" && npm ci --ignore-scripts --no-audit --no-fund) >"build/npm-$2.log" 2>&1 || return 1
  cp "$1/package-lock.json" "$place/installed.json"
}

touch build/.setup-tools
if [ "$scope" = deb ]; then touch build/.setup-deb; fi
if [ $with_tests = yes ]; then
  npm_install tests/onnx onnx || [ "$scope" = peers ] ||
    echo "setup: npm could not install ONNX Runtime; the tests onnx.Runtime.* will be skipped (see build/npm-onnx.log;" \
      "'scripts/setup.sh' tries again)." >&2
  npm_install tests/web web || [ "$scope" = peers ] ||
    echo "setup: npm could not install Playwright and TypeScript; most tests web.* will be skipped (see build/npm-web.log;" \
      "'scripts/setup.sh' tries again)." >&2
  browser_installed || apt_install chromium-headless-shell || [ "$scope" = peers ] ||
    echo "setup: apt-get could not install chromium-headless-shell; the tests web.package and web.demo will be skipped (see" \
      "$log; 'scripts/setup.sh' tries again)." >&2
  installed ardour || apt_install ardour || [ "$scope" = peers ] ||
    echo "setup: apt-get could not install ardour; the test plugins.HostsTest.ArdourRunsTheVst3Plugin will be skipped (see" \
      "$log; 'scripts/setup.sh' tries again)." >&2
  if [ "$scope" = peers ]; then
    npm_installed tests/onnx onnx && npm_install bench/peers peers ||
      fail "npm could not install what bench-peers compares with (see build/npm-onnx.log and build/npm-peers.log)."
  fi
  touch build/.setup-all build/.setup-"$scope"
fi
