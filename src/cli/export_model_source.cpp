#include "cli/export_model_source.hpp"

#include <fmt/format.h>

#include <iterator>

#include "nn/integer_model.hpp"
#include "support/error.hpp"

namespace pellucid::cli {
namespace {

std::int32_t little_endian(const std::uint8_t* p, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value |= std::uint32_t{p[i]} << (8 * i);
  const std::size_t unused = 8 * (4 - bytes);
  return static_cast<std::int32_t>(value << unused) >> unused;
}

/// Numbers of `bytes` bytes each, one list after another separated by commas, in lines of no more than 120 columns.
template <typename At>
void append_numbers(std::string& text, std::size_t count, At at) {
  std::string line = "   ";
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = fmt::format(" {},", at(i));
    if (line.size() + number.size() > 120) {
      text += line + "\n";
      line = "   ";
    }
    line += number;
  }
  text += line + "\n};\n";
}

/// The place in [rows][columns] that place `i` of the order is filled from; kPadding for a zero.
constexpr std::size_t kPadding = static_cast<std::size_t>(-1);
std::size_t source_of(std::size_t i, std::uint32_t columns, WeightOrder order) {
  constexpr std::size_t kMac16[4] = {2, 0, 3, 1}, kPairs[4] = {0, 2, 1, 3};
  switch (order) {
    case WeightOrder::kMac16:
      return i / 4 * 4 + kMac16[i % 4];
    case WeightOrder::kPairs: {
      const std::size_t group = i / (4 * columns), rest = i % (4 * columns);
      return (4 * group + rest / 4 % 4) * columns + rest / 16 * 4 + kPairs[rest % 4];
    }
    case WeightOrder::kColumns: {
      const std::size_t group = i / (4 * columns), rest = i % (4 * columns);
      return (4 * group + rest % 4) * columns + rest / 4;
    }
    case WeightOrder::kEights: {
      const std::size_t four = ordered_count(order, 4, columns), group = i / four, rest = i % four;
      const std::size_t column = rest / 32 * 8 + rest % 8;
      return column < columns ? (4 * group + rest / 8 % 4) * columns + column : kPadding;
    }
    case WeightOrder::kRows:
      break;
  }
  return i;
}

}  // namespace

std::vector<std::int8_t> in_order(const std::vector<std::int8_t>& weights, std::uint32_t rows, std::uint32_t columns,
                                  WeightOrder order) {
  std::vector<std::int8_t> ordered(ordered_count(order, rows, columns));
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const std::size_t from = source_of(i, columns, order);
    if (from != kPadding) ordered[i] = weights[from];
  }
  return ordered;
}

std::string model_source(const nn::ModelFile& file, WeightOrder order) {
  const nn::Architecture& a = file.architecture();
  const std::uint32_t count = nn::product_count(a);
  std::string text =
      "// Made by pellucid export: the model, in flash.\n"
      "#include \"pellucid_chip_model.hpp\"\n\n"
      "namespace pellucid::chip {\nnamespace {\n\n";
  std::string products;
  auto out = std::back_inserter(text);
  nn::ProductSpec product;
  for (std::uint32_t i = 0; nn::product_spec(a, i, &product); ++i) {
    if (order != WeightOrder::kRows && (product.rows % 4 != 0 || product.columns % 4 != 0)) {
      throw Error(ExitCode::kModel,
                  "'{}': its product {} is {} by {}, and this target's kernels take multiples of 4 only; train with "
                  "channels, width, bands and hidden that are multiples of 4, or export for the target 'generic'.",
                  a.name, product.name, product.rows, product.columns);
    }
    const std::uint8_t *bias = file.tensor(i), *scale = file.tensor(count + i);
    const auto* weight = reinterpret_cast<const std::int8_t*>(file.tensor(2 * count + 1 + i));
    const std::vector<std::int8_t> ordered =
        in_order({weight, weight + std::size_t{product.rows} * product.columns}, product.rows, product.columns, order);
    fmt::format_to(out, "// {}\nalignas(16) constexpr int8_t kWeight{}[] = {{\n", product.name, i);
    append_numbers(text, ordered.size(), [&](std::size_t j) { return int{ordered[j]}; });
    fmt::format_to(out, "constexpr int32_t kBias{}[] = {{\n", i);
    append_numbers(text, product.rows, [&](std::size_t r) { return little_endian(bias + 4 * r, 4); });
    fmt::format_to(out, "constexpr nn::RowScale kScale{}[] = {{\n", i);
    append_numbers(text, product.rows, [&](std::size_t r) {
      const std::uint8_t* s = scale + 6 * r;
      return fmt::format("{{{}, {}, {}}}", little_endian(s, 2), little_endian(s + 2, 2), little_endian(s + 4, 2));
    });
    text += "\n";
    fmt::format_to(std::back_inserter(products), "    {{kWeight{0}, kBias{0}, kScale{0}, {1}, {2}, nullptr}},\n", i,
                   product.rows, product.columns);
  }
  text += "constexpr int16_t kEmbedding[] = {\n";
  append_numbers(text, std::size_t{a.bands} * a.width,
                 [&](std::size_t i) { return little_endian(file.tensor(2 * count) + 2 * i, 2); });
  fmt::format_to(out, "constexpr nn::IntegerProduct kProducts[] = {{\n{}}};\n\n}}  // namespace\n\n", products);
  fmt::format_to(out,
                 "extern const nn::IntegerModel kModel = {{kArchitecture, kProducts, kEmbedding, {}, {}, {}}};\n\n"
                 "}}  // namespace pellucid::chip\n",
                 file.features_q(), file.mask_q(), static_cast<std::uint32_t>(a.compression * 65536.0 + 0.5));
  return text;
}

std::string model_header(const nn::ModelFile& file, const ChipTarget& target) {
  const nn::Architecture& a = file.architecture();
  std::string text =
      "// Made by pellucid export: what the component's sources have to know of the model.\n"
      "#pragma once\n\n"
      "#include \"nn/integer_kernels.hpp\"\n"
      "#include \"nn/integer_model.hpp\"\n";
  if (target.own_kernels) text += "#include \"kernels/chip_kernels.hpp\"\n";
  text +=
      "\nnamespace pellucid::chip {\n\n"
      "constexpr nn::Architecture make_architecture() {\n  nn::Architecture a;\n";
  const auto set = [&](const char* name, std::uint32_t value) { text += fmt::format("  a.{} = {};\n", name, value); };
  set("sample_rate_hz", a.sample_rate_hz);
  set("window_samples", a.window_samples);
  set("hop_samples", a.hop_samples);
  set("fold", a.fold);
  set("channels", a.channels);
  set("kernel", a.kernel);
  set("encoder_layers", a.encoder_layers);
  set("bands", a.bands);
  set("width", a.width);
  set("blocks", a.blocks);
  set("hidden", a.hidden);
  set("time_kernel", a.time_kernel);
  set("time_layers", a.time_layers);
  text += fmt::format("  a.time_mixer = nn::TimeMixer::{};\n", a.time_mixer == nn::TimeMixer::kGru ? "kGru" : "kConv");
  text +=
      fmt::format("  a.freq_mixer = nn::FreqMixer::{};\n", a.freq_mixer == nn::FreqMixer::kDense ? "kDense" : "kConv");
  text += fmt::format(
      "  return a;\n}}\n\n"
      "inline constexpr nn::Architecture kArchitecture = make_architecture();\n"
      "extern const nn::IntegerModel kModel;\n"
      "inline nn::IntegerKernels make_kernels() {{ return {}; }}\n\n"
      "}}  // namespace pellucid::chip\n",
      target.own_kernels ? "chip_kernels()" : "nn::kScalarIntegerKernels");
  return text;
}

}  // namespace pellucid::cli
