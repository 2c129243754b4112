// The firmware: reads a WAV file from the emulator's host, denoises it with the component, writes a WAV file.
//
//   denoise.elf IN.wav OUT.wav
//
// OUT has as many samples as IN, aligned with them. Codes: 0 done, 1 a file, 2 the arguments, 3 the component refused
// its memory, 99 a fault (start-up code).
#include "firmware/print.hpp"
#include "firmware/stack.hpp"
#include "firmware/wav.hpp"
#include "pellucid_chip.h"

extern "C" {
// What the plugin counts lies between them.
[[gnu::noinline, gnu::used]] void count_begin() { asm volatile("" ::: "memory"); }
[[gnu::noinline, gnu::used]] void count_end() { asm volatile("" ::: "memory"); }
}

namespace {

using namespace pellucid::chip;

alignas(PELLUCID_CHIP_ALIGNMENT) uint8_t state[PELLUCID_CHIP_STATE_BYTES], scratch[PELLUCID_CHIP_SCRATCH_BYTES];
int16_t samples[PELLUCID_CHIP_HOP_SAMPLES];

int fail(const char* file, const char* problem, int code) {
  print(file);
  print(": ");
  print(problem);
  print("\n");
  return code;
}

}  // namespace

int chip_main() {
  const char* files[2];
  if (arguments(files, 2) != 2) return fail("denoise", "expected IN.wav OUT.wav", 2);

  pellucid_chip* denoiser = nullptr;
  const pellucid_chip_result result = pellucid_chip_init(state, sizeof state, scratch, sizeof scratch, &denoiser);
  if (result != PELLUCID_CHIP_OK) return fail("pellucid_chip_init", pellucid_chip_result_text(result), 3);

  WavReader in;
  WavWriter out;
  const char* problem = in.open(files[0], PELLUCID_CHIP_SAMPLE_RATE_HZ);
  if (problem != nullptr) return fail(files[0], problem, 1);
  problem = out.open(files[1], PELLUCID_CHIP_SAMPLE_RATE_HZ, in.samples());
  if (problem != nullptr) return fail(files[1], problem, 1);

  uint32_t deepest = 0;
  // What a hop gives belongs to the hop before: the first is dropped, and one more goes in at the end.
  uint32_t left = in.samples();
  for (bool first = true; left > 0; first = false) {
    in.read(samples, PELLUCID_CHIP_HOP_SAMPLES);
    paint_stack();
    count_begin();
    pellucid_chip_process(denoiser, samples, samples);
    count_end();
    const uint32_t depth = stack_used();
    if (depth > deepest) deepest = depth;
    if (first) continue;
    const uint32_t part = left < PELLUCID_CHIP_HOP_SAMPLES ? left : PELLUCID_CHIP_HOP_SAMPLES;
    problem = out.write(samples, part);
    if (problem != nullptr) return fail(files[1], problem, 1);
    left -= part;
  }
  in.close();
  out.close();
  report("stack", deepest);
  report("memory", sizeof state + sizeof scratch);
  return 0;
}
