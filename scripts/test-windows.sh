#!/usr/bin/env bash
# Builds the library and the VST3 and CLAP plugins for 64-bit Windows (MinGW-w64) and tests them under Wine: what the DLLs
# show and want, the kernels, a project against the installed tree, a recording through every shipped model, to the byte as
# the library here gives it, and the plugins by the tests that those for Linux pass.
#
#   scripts/test-windows.sh BUILD_FOLDER       of the release build, whose library is compared with
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
here=$1
build=build/windows work=$PWD/build/windows/test prefix=$PWD/build/windows/test/prefix
toolchain=$PWD/cmake/windows.cmake
cc=x86_64-w64-mingw32-gcc-posix cxx=x86_64-w64-mingw32-g++-posix objdump=x86_64-w64-mingw32-objdump
export WINEPREFIX=$work/wine WINEDEBUG=-all
wine() { /usr/lib/wine/wine64 "$@"; }

say() { echo "test-windows: $*"; }
fail() {
  say "FAILED: $*"
  exit 1
}
quiet() { "$@" >"$work/log" 2>&1 || { tail -n 30 "$work/log"; fail "$*"; }; }

rm -rf "$work"
mkdir -p "$work"
quiet cmake --preset windows
quiet cmake --build --preset windows
quiet cmake --install $build --prefix "$prefix"

# shows FILE: the names that a DLL exports.
shows() { $objdump -p "$1" | sed -n 's/^\s*\[ *[0-9]*\] *\([^+]*\)$/\1/p' | sort; }
vst3=$prefix/lib/vst3/pellucid.vst3/Contents/x86_64-win/pellucid.vst3 clap=$prefix/lib/clap/pellucid.clap
for file in "$prefix/bin/pellucid.dll" "$vst3" "$clap"; do
  wants=$($objdump -p "$file" | sed -n 's/.*DLL Name: //p' | sort | tr '\n' ' ')
  [ "$wants" = "KERNEL32.dll msvcrt.dll " ] || fail "$file wants $wants"
done
nm -D --defined-only "$here/src/engine/libpellucid.so" | awk '{print $3}' | sort >"$work/here"
shows "$prefix/bin/pellucid.dll" | diff "$work/here" - || fail "pellucid.dll shows other functions than libpellucid.so"
[ "$(shows "$vst3" | tr '\n' ' ')" = "ExitDll GetPluginFactory InitDll " ] || fail "the VST3 plugin shows $(shows "$vst3")"
[ "$(shows "$clap")" = clap_entry ] || fail "the CLAP plugin shows $(shows "$clap")"
say "pellucid.dll: $(wc -l <"$work/here") functions; it and the plugins want KERNEL32.dll and msvcrt.dll alone"

# Aligned stores of vectors wider than 16 bytes into the stack, which Windows aligns to 16 (GCC bug 54412).
if $objdump -d "$prefix/bin/pellucid.dll" "$vst3" "$clap" | grep -qE 'vmov(ap[sd]|dqa(32|64)?) .*(%[yz]mm[0-9]+,.*\(%r[sb]p|\(%r[sb]p.*%[yz]mm)'; then
  fail "the compiler takes the stack for more aligned than it is"
fi

quiet $cxx -std=c++17 -O2 -static -Isrc -Iinclude tests/nn/kernel_checks_main.cpp tests/nn/kernel_checks.cpp \
  tests/nn/integer_kernel_checks.cpp "$prefix/lib/libpellucid.a" -o "$work/kernels.exe"
kernels=(portable)
grep -q avx2 /proc/cpuinfo && kernels+=(avx2)
grep -q avx512_vnni /proc/cpuinfo && kernels+=(avx512)
quiet wine "$work/kernels.exe" "${kernels[@]}"
say "kernels: $(grep -c ': ok' "$work/log") checks of ${kernels[*]}"

quiet cmake -S tests/install/consumer -B "$work/consumer" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_EXE_LINKER_FLAGS=-static
quiet cmake --build "$work/consumer"
cp "$prefix/bin/pellucid.dll" "$work/consumer"
for program in example_shared example_static wrapper; do
  $objdump -p "$work/consumer/$program.exe" | grep -c 'DLL Name: pellucid.dll' || true
done >"$work/linked"
[ "$(tr '\n' ' ' <"$work/linked")" = "1 0 1 " ] || fail "the examples are not linked as they ask for"
quiet wine "$work/consumer/wrapper.exe" models/base.safetensors
grep -q 'cut short' "$work/log" || fail "the C++ program said: $(cat "$work/log")"
say "a CMake project links pellucid.dll and libpellucid.a"

quiet $cc -O2 -I"$prefix/include" -DPELLUCID_SHARED examples/c/denoise_wav.c "$prefix/lib/libpellucid.dll.a" -o "$work/consumer/denoise_wav.exe"
quiet gcc -O2 -Iinclude examples/c/denoise_wav.c "$here/src/engine/libpellucid.a" -o "$work/denoise_wav"
"$here/pellucid" denoise examples/audio/noisy/office.flac --strength 0 -o "$work/noisy.wav" --force --quiet
for model in models/*.safetensors; do
  quiet wine "$work/consumer/denoise_wav.exe" "$model" "$work/noisy.wav" "$work/there.wav"
  "$work/denoise_wav" "$model" "$work/noisy.wav" "$work/here.wav"
  cmp "$work/there.wav" "$work/here.wav" || fail "$model: other bytes than here"
  cmp -s "$work/there.wav" "$work/noisy.wav" && fail "$model: changes nothing"
done
say "$(ls models/*.safetensors | wc -l) models give the bytes that they give here"

gtest=/usr/src/googletest/googletest
plugins=(-std=gnu++20 -O1 -static -Isrc -Iinclude -I$gtest/include -I$gtest -isystem /usr/share/dpf/distrho/src
  -DPELLUCID_VST3_PLUGIN="\"pellucid.vst3\"" -DPELLUCID_CLAP_PLUGIN="\"pellucid.clap\"")
hosts=(tests/plugins/small_hosts.cpp tests/plugins/vst3_host.cpp tests/plugins/clap_host.cpp)
quiet $cxx "${plugins[@]}" tests/plugins/plugin_test.cpp tests/plugins/state_test.cpp "${hosts[@]}" $gtest/src/gtest-all.cc $gtest/src/gtest_main.cc \
  "$prefix/lib/libpellucid.a" -o "$work/plugins.exe"
quiet $cxx "${plugins[@]}" tests/plugins/installed.cpp "${hosts[@]}" -o "$work/installed.exe"
export WINEPATH="$(dirname "$vst3");$(dirname "$clap")"  # where names without a folder are looked up
quiet wine "$work/plugins.exe"
say "plugins: $(sed -n 's/^\[==========\] \([0-9]* tests\).* ran.*/\1/p' "$work/log")"
unset PELLUCID_MODELS PELLUCID_MODEL
quiet wine "$work/installed.exe"
for models in "$prefix/lib/vst3/pellucid.vst3/Contents/Resources" "$prefix/lib/clap/pellucid"; do
  for model in models/*.safetensors; do
    [ -s "$models/$(basename "${model%.safetensors}").md" ] || fail "$models has $(basename "$model") without its card"
  done
  cmp LICENSE "$models/LICENSE" || fail "$models has no LICENSE"
  ! grep -l '](\.\./' "$models"/*.md || fail "$models has cards that link to what is not there"
done
say "plugins find their models: $(tr -d '\r' <"$work/log" | paste -sd ' ')"
