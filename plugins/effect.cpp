#include "effect.hpp"

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "support/model_files.hpp"

namespace pellucid::plugin {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDefaultModel = "small";

// The folder of the shared object that this is compiled into: models lie at a place relative to it.
fs::path own_folder() {
  static const char here = 0;
#ifdef _WIN32
  HMODULE module = nullptr;
  wchar_t name[32768] = {};
  constexpr DWORD kByAddress = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  if (::GetModuleHandleExW(kByAddress, reinterpret_cast<const wchar_t*>(&here), &module) == 0 ||
      ::GetModuleFileNameW(module, name, std::size(name)) == 0)
    return ".";
#else
  Dl_info info{};
  if (::dladdr(&here, &info) == 0 || info.dli_fname == nullptr) return ".";
  const char* const name = info.dli_fname;
#endif
  std::error_code error;
  const fs::path real = fs::canonical(name, error);
  return (error ? fs::path(name) : real).parent_path();
}

void say_once(const Effect::Say& say, const std::string& sentence) {
  static std::mutex mutex;
  static std::set<std::string> said;
  const std::lock_guard lock(mutex);
  if (say && said.insert(sentence).second) say(sentence);
}

Effect::Denoiser load_or_explain(int model, std::uint32_t rate_hz, std::uint32_t channels, std::string& wrong) {
  const fs::path here = own_folder();
  const auto folders = model_folders(
      {(here / PELLUCID_INSTALLED_MODELS).lexically_normal(), (here / PELLUCID_SOURCE_MODELS).lexically_normal()});
  const std::string chosen = environment("PELLUCID_MODEL");
  const bool named = model > 0 && model < static_cast<int>(kModels.size());
  const bool from_environment = !named && !chosen.empty();
  const std::string name = named ? kModels[static_cast<std::size_t>(model)] : from_environment ? chosen : kDefaultModel;
  // Only the user's own variable may mean a file: whatever a host's working folder has is none of it.
  const auto path = from_environment ? find_model_file(name, folders) : find_named_model(name, folders);
  if (!path) {
    wrong = "there is no model '" + name + "' in ";
    for (std::size_t i = 0; i < folders.size(); ++i) wrong += (i == 0 ? "" : ", ") + folders[i].string();
    wrong += "; set PELLUCID_MODELS to a folder of models or PELLUCID_MODEL to a file";
    return nullptr;
  }
  std::vector<std::byte> bytes;
  if (const auto unread = read_model_file(*path, bytes)) {
    wrong = path->string() + ": " + *unread;
    return nullptr;
  }
  pellucid_config config;
  pellucid_result result = pellucid_config_init(&config);
  config.model = bytes.data();
  config.model_size = bytes.size();
  config.sample_rate_hz = rate_hz;
  config.channels = channels;
  config.channel_link = PELLUCID_CHANNELS_LINKED;
  pellucid_denoiser* denoiser = nullptr;
  if (result == PELLUCID_OK) result = pellucid_create(&config, &denoiser);
  if (result != PELLUCID_OK) {
    wrong = path->string() + " at " + std::to_string(rate_hz) + " Hz: " + pellucid_result_text(result);
  }
  return Effect::Denoiser(denoiser);
}

}  // namespace

float control(const float* port, float low, float high, float otherwise) noexcept {
  if (port == nullptr || std::isnan(*port)) return otherwise;
  return std::clamp(*port, low, high);
}

int model_control(const float* port) noexcept {
  return static_cast<int>(std::lround(control(port, 0, static_cast<float>(kModels.size() - 1), 0)));
}

void say_on_standard_error(const std::string& sentence) { std::fprintf(stderr, "%s\n", sentence.c_str()); }

Effect::Effect(double rate_hz, std::uint32_t channels, Say say) : say_(std::move(say)) {
  set_format(rate_hz, channels);
}

void Effect::set_format(double rate_hz, std::uint32_t channels) {
  const auto rate = rate_hz > 0 && rate_hz < 1e9 ? static_cast<std::uint32_t>(std::lround(rate_hz)) : 0;
  const auto count = std::clamp<std::uint32_t>(channels, 1, kMaxChannels);
  if (rate == rate_hz_ && count == channels_) return;
  rate_hz_ = rate;
  channels_ = count;
  denoiser_.reset();
}

void Effect::prepare(int model) {
  if (!denoiser_ || model != playing_) (void)replace(load(model), model);
  model_ = model;
  reset();
}

Effect::Denoiser Effect::load(int model) const {
  std::string wrong;
  try {
    Denoiser denoiser = load_or_explain(model, rate_hz_, channels_, wrong);
    if (!denoiser)
      say_once(say_, "pellucid: the model stays what it was, or the sound passes unchanged without one: " + wrong);
    return denoiser;
  } catch (const std::exception&) {  // memory has run out, a folder that cannot be read: never the host's end
    return nullptr;
  }
}

Effect::Denoiser Effect::replace(Denoiser next, int model) noexcept {
  model_ = model;
  if (!next) return nullptr;
  playing_ = model;
  return std::exchange(denoiser_, std::move(next));
}

// Whether writing one channel's output would spoil another's input.
bool Effect::crossed(const float* const* input, const float* const* output) const noexcept {
  return channels_ == 2 && (input[0] == output[1] || input[1] == output[0]);
}

void Effect::run(const float* const* input, float* const* output, std::size_t frames) noexcept {
  if (pellucid_process(denoiser_.get(), input, output, frames) == PELLUCID_OK) return;
  for (std::uint32_t c = 0; c < channels_; ++c) std::memmove(output[c], input[c], frames * sizeof(float));
}

void Effect::process(const float* const* input, float* const* output, std::size_t frames,
                     const Controls& controls) noexcept {
  for (std::uint32_t c = 0; c < channels_; ++c) {
    if (input[c] == nullptr || output[c] == nullptr) return;
  }
  if (denoiser_) {
    pellucid_set_strength(denoiser_.get(), controls.strength);
    pellucid_set_attenuation_limit_db(denoiser_.get(), controls.attenuation_limit_db);
    pellucid_set_post_filter(denoiser_.get(), controls.post_filter);
    pellucid_set_adaptive(denoiser_.get(), controls.adaptive ? 1 : 0);
    pellucid_set_bypass(denoiser_.get(), controls.bypass ? 1 : 0);
  }
  if (!crossed(input, output)) {
    run(input, output, frames);
    return;
  }
  for (std::size_t done = 0; done < frames;) {
    const std::size_t count = std::min(kChunkFrames, frames - done);
    const float* from[kMaxChannels] = {};
    float* to[kMaxChannels] = {};
    for (std::uint32_t c = 0; c < channels_; ++c) {
      std::memcpy(chunk_[c], input[c] + done, count * sizeof(float));
      from[c] = chunk_[c];
      to[c] = output[c] + done;
    }
    run(from, to, count);
    done += count;
  }
}

}  // namespace pellucid::plugin
