// pellucid_create and pellucid_destroy: the only part of the engine that knows a heap.
#define PELLUCID_BUILDING
#include <stdlib.h>

#include "engine/c_api.hpp"

pellucid_result pellucid_create(const pellucid_config* config, pellucid_denoiser** denoiser) {
  if (denoiser == nullptr) return PELLUCID_ERROR_NULL_POINTER;
  *denoiser = nullptr;
  size_t bytes = 0;
  pellucid_result result = pellucid_size(config, &bytes);
  if (result != PELLUCID_OK) return result;
  void* heap = bytes <= SIZE_MAX - PELLUCID_ALIGNMENT ? malloc(bytes + PELLUCID_ALIGNMENT) : nullptr;
  if (heap == nullptr) return PELLUCID_ERROR_OUT_OF_MEMORY;
  const uintptr_t start = (reinterpret_cast<uintptr_t>(heap) + PELLUCID_ALIGNMENT - 1) / PELLUCID_ALIGNMENT;
  result = pellucid_init(config, reinterpret_cast<void*>(start * PELLUCID_ALIGNMENT), bytes, denoiser);
  if (result != PELLUCID_OK) {
    free(heap);
    return result;
  }
  *pellucid::engine::heap_of(*denoiser) = heap;
  return PELLUCID_OK;
}

void pellucid_destroy(pellucid_denoiser* denoiser) {
  if (denoiser != nullptr) free(*pellucid::engine::heap_of(denoiser));
}
