#include "pellucid_chip.h"

#include "engine/integer_denoiser.hpp"
#include "pellucid_chip_model.hpp"

using pellucid::engine::IntegerDenoiser;

struct pellucid_chip {
  pellucid::nn::IntegerKernels kernels;
  IntegerDenoiser denoiser;
};

static_assert(sizeof(pellucid_chip) <= PELLUCID_CHIP_OBJECT_BYTES, "PELLUCID_CHIP_OBJECT_BYTES");
static_assert(PELLUCID_CHIP_OBJECT_BYTES % PELLUCID_CHIP_ALIGNMENT == 0, "what follows is aligned");
static_assert(IntegerDenoiser::state_bytes(pellucid::chip::kArchitecture) == PELLUCID_CHIP_MODEL_STATE_BYTES,
              "the model's numbers belong to these sources");
static_assert(IntegerDenoiser::scratch_bytes(pellucid::chip::kArchitecture) == PELLUCID_CHIP_MODEL_SCRATCH_BYTES,
              "the model's numbers belong to these sources");

// Placement without <new>, which a freestanding compiler may not have.
struct PellucidPlace {};
inline void* operator new(size_t, PellucidPlace, void* memory) noexcept { return memory; }

namespace {

bool aligned(const void* memory) { return reinterpret_cast<uintptr_t>(memory) % PELLUCID_CHIP_ALIGNMENT == 0; }

}  // namespace

extern "C" {

pellucid_chip_result pellucid_chip_init(void* state, size_t state_bytes, void* scratch, size_t scratch_bytes,
                                        pellucid_chip** denoiser) {
  if (denoiser == nullptr) return PELLUCID_CHIP_ERROR_NULL;
  *denoiser = nullptr;
  if (state == nullptr || scratch == nullptr) return PELLUCID_CHIP_ERROR_NULL;
  if (!aligned(state) || !aligned(scratch)) return PELLUCID_CHIP_ERROR_ALIGNMENT;
  if (state_bytes < PELLUCID_CHIP_STATE_BYTES || scratch_bytes < PELLUCID_CHIP_SCRATCH_BYTES) {
    return PELLUCID_CHIP_ERROR_SIZE;
  }
  auto* made = new (PellucidPlace{}, state) pellucid_chip{pellucid::chip::make_kernels(), {}};
  made->denoiser.init(pellucid::chip::kModel, made->kernels, static_cast<uint8_t*>(state) + PELLUCID_CHIP_OBJECT_BYTES,
                      scratch);
  *denoiser = made;
  return PELLUCID_CHIP_OK;
}

pellucid_chip_result pellucid_chip_process(pellucid_chip* denoiser, const int16_t* in, int16_t* out) {
  if (denoiser == nullptr || in == nullptr || out == nullptr) return PELLUCID_CHIP_ERROR_NULL;
  denoiser->denoiser.process(in, out);
  return PELLUCID_CHIP_OK;
}

pellucid_chip_result pellucid_chip_reset(pellucid_chip* denoiser) {
  if (denoiser == nullptr) return PELLUCID_CHIP_ERROR_NULL;
  denoiser->denoiser.reset();
  return PELLUCID_CHIP_OK;
}

pellucid_chip_result pellucid_chip_set_strength(pellucid_chip* denoiser, int percent) {
  if (denoiser == nullptr) return PELLUCID_CHIP_ERROR_NULL;
  if (percent < 0 || percent > 100) return PELLUCID_CHIP_ERROR_RANGE;
  denoiser->denoiser.set_strength((IntegerDenoiser::kFullStrength * percent + 50) / 100);
  return PELLUCID_CHIP_OK;
}

pellucid_chip_result pellucid_chip_set_attenuation_limit(pellucid_chip* denoiser, int decibels) {
  if (denoiser == nullptr) return PELLUCID_CHIP_ERROR_NULL;
  if (decibels < 0) return PELLUCID_CHIP_ERROR_RANGE;
  const int most = IntegerDenoiser::kNoLimitDb;
  denoiser->denoiser.set_attenuation_limit_q8(256 * (decibels < most ? decibels : most));
  return PELLUCID_CHIP_OK;
}

const char* pellucid_chip_result_text(pellucid_chip_result result) {
  switch (result) {
    case PELLUCID_CHIP_OK:
      return "no error";
    case PELLUCID_CHIP_ERROR_NULL:
      return "a pointer that must not be null is";
    case PELLUCID_CHIP_ERROR_ALIGNMENT:
      return "memory does not start at a multiple of PELLUCID_CHIP_ALIGNMENT";
    case PELLUCID_CHIP_ERROR_SIZE:
      return "the memory is smaller than PELLUCID_CHIP_STATE_BYTES or PELLUCID_CHIP_SCRATCH_BYTES";
    case PELLUCID_CHIP_ERROR_RANGE:
      return "a setting is outside its range";
  }
  return "no result of Pellucid's";
}
}
