#include "pellucid_chip_blocks.h"

namespace {

constexpr uint32_t kHop = PELLUCID_CHIP_HOP_SAMPLES, kRing = 2 * kHop;

uint32_t greatest_common_divisor(uint32_t a, uint32_t b) {
  while (b != 0) {
    const uint32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/// Silence for as long as the first hop can keep blocks waiting: after k blocks, k * block mod hop samples are inside,
/// at the most hop less the greatest common divisor.
void empty(pellucid_chip_blocks* blocks) {
  blocks->taken = 0;
  blocks->next = 0;
  blocks->waiting = blocks->delay;
  for (uint32_t i = 0; i < blocks->delay; ++i) blocks->out[i] = 0;
}

/// Denoises the hop that has come in and puts it behind what waits, around the ring's end.
pellucid_chip_result pass_hop(pellucid_chip_blocks* blocks) {
  const pellucid_chip_result result = pellucid_chip_process(blocks->denoiser, blocks->in, blocks->in);
  if (result != PELLUCID_CHIP_OK) return result;
  const uint32_t to = blocks->next + blocks->waiting;
  for (uint32_t i = 0; i < kHop; ++i) blocks->out[(to + i) % kRing] = blocks->in[i];
  blocks->waiting = static_cast<uint16_t>(blocks->waiting + kHop);
  blocks->taken = 0;
  return PELLUCID_CHIP_OK;
}

}  // namespace

extern "C" {

pellucid_chip_result pellucid_chip_blocks_init(pellucid_chip_blocks* blocks, pellucid_chip* denoiser,
                                               uint32_t block_samples) {
  if (blocks == nullptr || denoiser == nullptr) return PELLUCID_CHIP_ERROR_NULL;
  if (block_samples < 1 || block_samples > kHop) return PELLUCID_CHIP_ERROR_RANGE;
  blocks->denoiser = denoiser;
  blocks->block_samples = static_cast<uint16_t>(block_samples);
  blocks->delay = static_cast<uint16_t>(kHop - greatest_common_divisor(kHop, block_samples));
  empty(blocks);
  return PELLUCID_CHIP_OK;
}

pellucid_chip_result pellucid_chip_blocks_process(pellucid_chip_blocks* blocks, const int16_t* in, int16_t* out) {
  if (blocks == nullptr || in == nullptr || out == nullptr) return PELLUCID_CHIP_ERROR_NULL;
  const uint32_t count = blocks->block_samples;
  for (uint32_t i = 0; i < count; ++i) {
    blocks->in[blocks->taken++] = in[i];
    if (blocks->taken < kHop) continue;
    const pellucid_chip_result result = pass_hop(blocks);
    if (result != PELLUCID_CHIP_OK) return result;
  }
  for (uint32_t i = 0; i < count; ++i) out[i] = blocks->out[(blocks->next + i) % kRing];
  blocks->next = static_cast<uint16_t>((blocks->next + count) % kRing);
  blocks->waiting = static_cast<uint16_t>(blocks->waiting - count);
  return PELLUCID_CHIP_OK;
}

pellucid_chip_result pellucid_chip_blocks_reset(pellucid_chip_blocks* blocks) {
  if (blocks == nullptr) return PELLUCID_CHIP_ERROR_NULL;
  empty(blocks);
  return pellucid_chip_reset(blocks->denoiser);
}

uint32_t pellucid_chip_blocks_latency_samples(const pellucid_chip_blocks* blocks) {
  return blocks == nullptr ? 0 : PELLUCID_CHIP_LATENCY_SAMPLES + blocks->delay;
}
}
