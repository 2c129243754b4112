// What the tests of all plugins begin with: models that they find, and sound through them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <tuple>

#include "../engine/session.hpp"
#include "../support/temp_folder.hpp"
#include "small_hosts.hpp"

namespace pellucid::plugin::test {

namespace fs = std::filesystem;
using engine::test::config_for;
using engine::test::noise;
using engine::test::Samples;
using engine::test::Session;
using Model = engine::test::Model;

inline void set_environment(const char* name, const std::string& value) {
#ifdef _WIN32
  ::_putenv_s(name, value.c_str());
#else
  ::setenv(name, value.c_str(), 1);
#endif
}

/// A folder of models that the plugins find: nano, small and base, all with weights of their own.
class PluginTest : public ::testing::TestWithParam<std::tuple<Format, std::uint32_t>> {
 protected:
  void SetUp() override {
    put("nano", engine::test::random_model(1));
    put("small", engine::test::random_model(2));
    put("base", engine::test::random_model(3));
    set_environment("PELLUCID_MODELS", folder_.string());
    set_environment("PELLUCID_MODEL", "");
  }

  void put(const std::string& name, const Model& model) const {
    std::ofstream(folder_ / (name + ".pellucid"), std::ios::binary)
        .write(reinterpret_cast<const char*>(model.data()), static_cast<std::streamsize>(model.size()));
  }
  Model model(const std::string& name) const {
    std::ifstream file(folder_ / (name + ".pellucid"), std::ios::binary);
    return Model(std::istreambuf_iterator<char>(file), {});
  }

  static std::uint32_t channels() { return std::get<1>(GetParam()); }
  static std::unique_ptr<Hosted> make(double rate_hz) { return load(std::get<0>(GetParam()), rate_hz, channels()); }

  /// The engine as the plugins set it up.
  static pellucid_config config(const Model& model, std::uint32_t rate_hz) {
    pellucid_config config = config_for(model, rate_hz, channels());
    config.channel_link = PELLUCID_CHANNELS_LINKED;
    return config;
  }

  /// Interleaved sound through a plugin, by blocks of the sizes that `block` tells.
  static Samples run(Hosted& plugin, const Samples& in, const std::function<std::size_t()>& block) {
    const std::size_t count = channels(), frames = in.size() / count;
    Samples out(in.size());
    std::vector<Samples> from(count), to(count);
    for (std::size_t done = 0; done < frames;) {
      const std::size_t n = std::min(block(), frames - done);
      const float* input[2] = {};
      float* output[2] = {};
      for (std::size_t c = 0; c < count; ++c) {
        from[c].resize(n);
        to[c].assign(n, 9.0f);
        for (std::size_t i = 0; i < n; ++i) from[c][i] = in[(done + i) * count + c];
        input[c] = from[c].data();
        output[c] = to[c].data();
      }
      plugin.run(input, output, static_cast<std::uint32_t>(n));
      for (std::size_t c = 0; c < count; ++c) {
        for (std::size_t i = 0; i < n; ++i) out[(done + i) * count + c] = to[c][i];
      }
      done += n;
    }
    return out;
  }
  static Samples run(Hosted& plugin, const Samples& in) {
    return run(plugin, in, [] { return std::size_t{512}; });
  }

  const pellucid::test::TempFolder temp_;
  const fs::path& folder_ = temp_.path();
};

}  // namespace pellucid::plugin::test
