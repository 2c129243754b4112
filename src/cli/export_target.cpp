#include "cli/export_target.hpp"

#include <fmt/format.h>

#include "engine/integer_denoiser.hpp"
#include "nn/integer_model.hpp"
#include "support/error.hpp"

namespace pellucid::cli {
namespace {

// A headset's processor, which has Bluetooth and codecs to run beside, and one that has more to spare
// (docs/embedded.md).
constexpr ChipLimits kHeadset{100'000, 20'000, 12'000'000};
constexpr ChipLimits kRoomy{250'000, 64'000, 48'000'000};

using Files = std::array<const char*, 6>;
constexpr const char* kHeader = "embedded/kernels/chip_kernels.hpp";
constexpr Files kScalar{"src/nn/integer_multiply.cpp"};
constexpr Files kByFour{kHeader, "embedded/kernels/products_by_four.cpp", "src/nn/integer_multiply.cpp"};
constexpr Files kHelium{kHeader,
                        "embedded/kernels/helium.hpp",
                        "embedded/kernels/products_helium.cpp",
                        "embedded/kernels/helium_elementwise.cpp",
                        "embedded/kernels/helium_pass.cpp",
                        "src/nn/integer_multiply.cpp"};
constexpr Files kMac16{kHeader, "embedded/kernels/mac16_row.hpp", "embedded/kernels/products_mac16.cpp",
                       "embedded/kernels/mac16_row.S", "embedded/kernels/multiply_mac16.S"};

constexpr ChipTarget kTargets[] = {
    {"generic", "any 32-bit processor", ChipFamily::kAny, WeightOrder::kRows, false, kScalar, "", "", nullptr},
    {"esp32", "ESP32 (Xtensa LX6)", ChipFamily::kEspressif, WeightOrder::kMac16, true, kMac16, "240", "", &kHeadset},
    {"esp32s3", "ESP32-S3 (Xtensa LX7)", ChipFamily::kEspressif, WeightOrder::kMac16, true, kMac16, "240", "",
     &kHeadset},
    {"esp32c3", "ESP32-C3 (RV32IMC)", ChipFamily::kEspressif, WeightOrder::kColumns, true, kByFour, "160", "",
     &kHeadset},
    {"esp32c6", "ESP32-C6 (RV32IMAC)", ChipFamily::kEspressif, WeightOrder::kColumns, true, kByFour, "160", "",
     &kHeadset},
    {"esp32p4", "ESP32-P4 (RV32IMAFC)", ChipFamily::kEspressif, WeightOrder::kColumns, true, kByFour, "360", "",
     &kRoomy},
    {"cortex-m4", "Cortex-M4F", ChipFamily::kArm, WeightOrder::kPairs, true, kByFour, "", "Cortex-M4", &kHeadset},
    {"cortex-m7", "Cortex-M7", ChipFamily::kArm, WeightOrder::kPairs, true, kByFour, "", "Cortex-M7", &kRoomy},
    {"cortex-m33", "Cortex-M33", ChipFamily::kArm, WeightOrder::kPairs, true, kByFour, "", "Cortex-M33", &kHeadset},
    {"cortex-m55", "Cortex-M55 (Helium)", ChipFamily::kArm, WeightOrder::kEights, true, kHelium, "", "Cortex-M55",
     &kRoomy},
};

void add_excess(std::string& text, const char* of, std::uint64_t found, std::uint64_t limit, double unit,
                const char* unit_name) {
  if (found <= limit) return;
  const auto in_units = [&](std::uint64_t n) { return static_cast<double>(n) / unit; };
  text += fmt::format("{}{:.1f} {} too much {} ({:.1f} of {:.1f})", text.empty() ? "" : ", ", in_units(found - limit),
                      unit_name, of, in_units(found), in_units(limit));
}

}  // namespace

std::span<const ChipTarget> chip_targets() { return kTargets; }

const ChipTarget& chip_target(const std::string& name) {
  std::string names;
  for (const ChipTarget& target : kTargets) {
    if (name == target.name) return target;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", target.name);
  }
  throw Error(ExitCode::kUsage, "--target {}: there is no such target; expected one of {}.", name, names);
}

std::size_t ordered_count(WeightOrder order, std::uint32_t rows, std::uint32_t columns) {
  return std::size_t{rows} * (order == WeightOrder::kEights ? (columns + 7) / 8 * 8 : columns);
}

ChipCost chip_cost(const nn::ModelFile& file, WeightOrder order) {
  const nn::Architecture& a = file.architecture();
  ChipCost cost{};
  nn::TensorSpec spec;
  for (std::uint32_t i = 0; nn::integer_tensor_spec(a, i, &spec); ++i) {
    const bool weights = spec.type == nn::DataType::kI8;
    cost.flash_bytes += weights ? ordered_count(order, spec.shape[0], spec.shape[1]) : spec.bytes();
  }
  cost.flash_bytes += kCodeBytes;
  cost.state_bytes = kObjectBytes + engine::IntegerDenoiser::state_bytes(a);
  cost.scratch_bytes = engine::IntegerDenoiser::scratch_bytes(a);
  cost.multiply_adds_per_second = nn::multiply_adds_per_frame(a) * a.sample_rate_hz / a.hop_samples;
  return cost;
}

std::string does_not_fit(const ChipCost& cost, const ChipTarget& target) {
  std::string text;
  if (target.limits == nullptr) return text;
  add_excess(text, "flash", cost.flash_bytes, target.limits->flash_bytes, 1e3, "kB");
  add_excess(text, "memory", cost.state_bytes + cost.scratch_bytes, target.limits->ram_bytes, 1e3, "kB");
  add_excess(text, "work", cost.multiply_adds_per_second, target.limits->multiply_adds_per_second, 1e6,
             "M multiply-adds a second");
  return text;
}

}  // namespace pellucid::cli
