// One libFuzzer program for each function of targets.hpp: PELLUCID_FUZZ_TARGET names it.
#include "targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  pellucid::fuzz::PELLUCID_FUZZ_TARGET(bytes, size);
  return 0;
}
