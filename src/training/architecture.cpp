#include "training/architecture.hpp"

#include <algorithm>

#include "dsp/fft.hpp"
#include "support/error.hpp"

namespace pellucid::training {

Architecture default_architecture() {
  Architecture a;
  a.sample_rate_hz = 16000;
  a.window_samples = 512;
  a.hop_samples = 256;
  a.compression = 0.3;
  a.fold = 4;
  a.channels = 16;
  a.kernel = 3;
  a.encoder_layers = 1;
  a.bands = 20;
  a.width = 32;
  a.blocks = 2;
  a.hidden = 32;
  a.time_kernel = 3;
  a.time_layers = 3;
  a.context_frames = 32;
  a.freq_hidden = 16;
  a.heads = 4;
  return a;
}

void check(const Architecture& a) {
  const auto expect = [](const char* key, std::uint32_t value, std::uint32_t least, std::uint32_t most) {
    if (value < least || value > most)
      throw Error(ExitCode::kRecipe, "[model] {}: found {}, expected {} to {}", key, value, least, most);
  };
  for (std::uint32_t i = 0; const nn::NumberField* number = nn::number_field(i); ++i)
    if (number->used(a)) expect(number->key, a.*number->value, number->least, number->most);
  if (const char* problem = nn::unsupported(a)) throw Error(ExitCode::kRecipe, "[model] {}", problem);
  expect("sample_rate_hz", a.sample_rate_hz, 8000, 48000);
  expect("bands", a.bands, 1, a.positions());
  expect("kernel", a.kernel, 1, 15);  // what kernels::Taps holds
  if (a.time_mixer == TimeMixer::kConv) expect("time_kernel", a.time_kernel, 1, 15);
  if (!dsp::RealFft::supports(a.window_samples))
    throw Error(ExitCode::kRecipe, "[model] window_samples: found {}, which cannot be transformed; the nearest is {}",
                a.window_samples, dsp::RealFft::nearest_size(a.window_samples));
}

std::vector<std::pair<std::string, std::string>> metadata_of(const Architecture& a) {
  std::vector<std::pair<std::string, std::string>> all;
  for (std::uint32_t i = 0; const nn::NumberField* number = nn::number_field(i); ++i)
    if (number->used(a)) all.emplace_back(number->key, std::to_string(a.*number->value));
  all.emplace_back("compression", fmt::format("{}", a.compression));
  for (std::uint32_t i = 0; const nn::ChoiceField* choice = nn::choice_field(i); ++i)
    all.emplace_back(choice->key, choice->name(a));
  return all;
}

std::optional<Difference> first_difference(const Architecture& found, const Architecture& expected,
                                           std::string_view but_for) {
  const auto a = metadata_of(found), b = metadata_of(expected);
  const auto tell = [](const auto& all, std::size_t i) {
    return i < all.size() ? all[i].first + " = " + all[i].second : "nothing";
  };
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
    if (tell(a, i) != tell(b, i) && (i >= a.size() || a[i].first != but_for)) return Difference{tell(a, i), tell(b, i)};
  return std::nullopt;
}

}  // namespace pellucid::training
