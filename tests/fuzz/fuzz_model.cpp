#include <pellucid/pellucid.h>

#include <cmath>
#include <string>
#include <vector>

#include "../nn/random_model.hpp"
#include "targets.hpp"

namespace pellucid::fuzz {
namespace {

constexpr std::size_t kMostMemory = std::size_t{16} << 20;  // larger networks are valid, and slow

/// The file that a well-meaning writer would make of this header and data.
std::vector<std::uint8_t> repaired(const std::uint8_t* bytes, std::size_t size) {
  std::size_t header = size < 2 ? 0 : bytes[0] + 256u * bytes[1];
  bytes += size < 2 ? size : 2;
  size -= size < 2 ? size : 2;
  header = std::min(header, size);
  const std::vector<std::uint8_t> data(bytes + header, bytes + size);
  std::string text(reinterpret_cast<const char*>(bytes), header);
  const std::size_t checksum = text.find("crc32:");
  if (checksum != std::string::npos && checksum + 14 <= text.size()) text.replace(checksum + 6, 8, "00000000");
  return nn::test::assemble_bytes(text, data);
}

}  // namespace

void model(const uint8_t* bytes, size_t size) {
  if (size == 0) return;
  // A copy of exactly this size: a sanitizer sees every byte that is read beyond it.
  const std::vector<std::uint8_t> file =
      bytes[0] % 2 == 0 ? std::vector<std::uint8_t>(bytes + 1, bytes + size) : repaired(bytes + 1, size - 1);
  pellucid_config config;
  PELLUCID_PROMISE(pellucid_config_init(&config) == PELLUCID_OK);
  config.model = file.data();
  config.model_size = file.size();
  std::size_t memory = 0;
  const pellucid_result result = pellucid_size(&config, &memory);
  pellucid_denoiser* denoiser = nullptr;
  if (result != PELLUCID_OK || memory > kMostMemory) {
    // What one function refuses another does, too.
    if (result != PELLUCID_OK) PELLUCID_PROMISE(pellucid_create(&config, &denoiser) == result && denoiser == nullptr);
    return;
  }
  PELLUCID_PROMISE(pellucid_create(&config, &denoiser) == PELLUCID_OK);
  std::vector<float> sound(1024);
  for (std::size_t i = 0; i < sound.size(); ++i) sound[i] = i % 7 == 0 ? 0.9f : -0.1f;
  PELLUCID_PROMISE(pellucid_process_interleaved(denoiser, sound.data(), sound.data(), sound.size()) == PELLUCID_OK);
  for (const float x : sound) PELLUCID_PROMISE(std::isfinite(x));
  pellucid_destroy(denoiser);
}

}  // namespace pellucid::fuzz
