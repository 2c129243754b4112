// Every plugin against the engine that it is a shell of: the same samples, whatever a host does.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

#include "plugin_fixture.hpp"

namespace pellucid::plugin::test {
namespace {

TEST_P(PluginTest, GivesWhatTheEngineGivesAtAnyRateAndBlock) {
  for (const std::uint32_t rate : {8000u, 16000u, 22050u, 44100u, 48000u, 96000u, 192000u, 384000u}) {
    const auto plugin = make(rate);
    plugin->activate();
    const Model small = model("small");
    Session session(config(small, rate));
    const Samples in = noise(std::size_t{40000} * channels(), rate);
    engine::test::Random random(rate);
    const Samples out = run(*plugin, in, [&] { return 1 + random.below(random.below(3) == 0 ? 8192 : 300); });
    EXPECT_EQ(out, session.run(in)) << rate << " Hz";
    EXPECT_EQ(plugin->latency(), session.latency()) << rate << " Hz";
  }
}

TEST_P(PluginTest, ControlsReachTheEngine) {
  const Model small = model("small");
  const Samples loud = noise(std::size_t{20000} * channels(), 4), quiet = noise(loud.size(), 4, 1e-5);
  const auto both = [&](const char* name, float value, auto set, const Samples& in) {
    const auto plugin = make(48000);
    plugin->activate();
    plugin->set(name, value);
    Session session(config(small, 48000));
    set(session.get());
    const Samples out = run(*plugin, in);
    EXPECT_EQ(out, session.run(in)) << name;
    return out;
  };
  const auto nothing = [](pellucid_denoiser*) {};
  const Samples plain = both("strength", 1, nothing, loud), plain_quiet = both("strength", 1, nothing, quiet);
  EXPECT_NE(both(
                "strength", 0.4f, [](auto* d) { pellucid_set_strength(d, 0.4f); }, loud),
            plain);
  EXPECT_NE(both(
                "attenuation_limit", 3, [](auto* d) { pellucid_set_attenuation_limit_db(d, 3); }, loud),
            plain);
  EXPECT_NE(both(
                "post_filter", 0.7f, [](auto* d) { pellucid_set_post_filter(d, 0.7f); }, loud),
            plain);
  EXPECT_NE(both(
                "enabled", 0, [](auto* d) { pellucid_set_bypass(d, 1); }, loud),
            plain);
  EXPECT_NE(both(
                "adaptive", 1, [](auto* d) { pellucid_set_adaptive(d, 1); }, quiet),
            plain_quiet);
}

TEST_P(PluginTest, BypassIsTheInputDelayedByTheLatency) {
  const auto plugin = make(44100);
  plugin->set("enabled", 0);
  plugin->activate();
  const Samples in = noise(std::size_t{20000} * channels(), 4);
  const Samples out = run(*plugin, in);
  const std::size_t late = plugin->latency() * channels(), fade = std::size_t{2048} * channels();
  ASSERT_GT(late, 0u);
  for (std::size_t i = late + fade; i < out.size(); ++i) ASSERT_EQ(out[i], in[i - late]) << i;
}

TEST_P(PluginTest, ActivationForgetsTheSound) {
  const auto plugin = make(16000);
  plugin->activate();
  const Samples in = noise(std::size_t{9000} * channels(), 4);
  const Samples first = run(*plugin, in);
  EXPECT_NE(run(*plugin, in), first);
  plugin->activate();
  EXPECT_EQ(run(*plugin, in), first);
}

TEST_P(PluginTest, TheModelIsChosenByNumberOrEnvironment) {
  const Samples in = noise(std::size_t{9000} * channels(), 4);
  const auto of = [&](float number) {
    const auto plugin = make(16000);
    plugin->set("model", number);
    plugin->activate();
    return run(*plugin, in);
  };
  const auto expected = [&](const char* name) {
    const Model bytes = model(name);
    return Session(config(bytes, 16000)).run(in);
  };
  EXPECT_EQ(of(0), expected("small"));
  EXPECT_EQ(of(1), expected("nano"));
  EXPECT_EQ(of(3), expected("base"));
  // What lies where the host was started is no model.
  const fs::path before = fs::current_path();
  fs::create_directory(folder_ / "start");
  fs::current_path(folder_ / "start");
  std::ofstream("small") << "letters";
  EXPECT_EQ(of(0), expected("small"));
  EXPECT_EQ(of(2), expected("small"));
  fs::current_path(before);
  set_environment("PELLUCID_MODEL", "nano");
  EXPECT_EQ(of(0), expected("nano"));
  set_environment("PELLUCID_MODEL", (folder_ / "base.pellucid").string());
  EXPECT_EQ(of(0), expected("base"));
  EXPECT_EQ(of(2), expected("small"));
}

TEST_P(PluginTest, AModelThatCannotBeHadLeavesTheOneThatPlayed) {
  const auto plugin = make(16000);
  plugin->set("model", 1);
  plugin->activate();
  const Samples in = noise(std::size_t{9000} * channels(), 4);
  const Samples cleaned = run(*plugin, in);
  EXPECT_NE(cleaned, in);
  std::ofstream(folder_ / "large.pellucid") << "no model";
  plugin->set("model", 4);
  run(*plugin, in);  // where a port's value is read
  plugin->activate();
  EXPECT_EQ(run(*plugin, in), cleaned);
  // It is asked for again at the next activation.
  std::ofstream(folder_ / "large.pellucid", std::ios::binary)
      << std::ifstream(folder_ / "base.pellucid", std::ios::binary).rdbuf();
  plugin->activate();
  const Model large = model("base");
  EXPECT_EQ(run(*plugin, in), Session(config(large, 16000)).run(in));
}

TEST_P(PluginTest, ControlPortsAreLeftAloneOutsideRun) {
  const Samples in = noise(std::size_t{9000} * channels(), 4);
  const auto plugin = make(16000);
  plugin->set("model", 1);
  plugin->activate();
  const Samples first = run(*plugin, in);
  plugin->activate_without_ports();
  EXPECT_EQ(run(*plugin, in), first) << "with the model of the last run";
}

TEST_P(PluginTest, BuffersMayBeTheSameEvenCrosswise) {
  const Samples in = noise(std::size_t{6000} * channels(), 4);
  const std::size_t frames = 6000;
  const auto straight = make(16000);
  straight->activate();
  const Samples expected = run(*straight, in, [] { return frames; });
  for (const bool cross : {false, true}) {
    if (cross && channels() == 1) continue;
    const auto plugin = make(16000);
    plugin->activate();
    std::vector<Samples> buffers(channels(), Samples(frames));
    for (std::size_t i = 0; i < in.size(); ++i) buffers[i % channels()][i / channels()] = in[i];
    const float* input[2] = {buffers[0].data(), buffers.back().data()};
    float* output[2] = {buffers[0].data(), buffers.back().data()};
    if (cross) std::swap(output[0], output[1]);
    plugin->run(input, output, frames);
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::size_t c = cross ? 1 - i % 2 : i % channels();
      ASSERT_EQ(buffers[c][i / channels()], expected[i]) << i;
    }
  }
}

TEST_P(PluginTest, WithoutAModelTheSoundPassesAndOneSentenceSaysWhy) {
  const Samples in = noise(std::size_t{3000} * channels(), 4);
  std::ofstream(folder_ / "large.pellucid") << "no model";
  fs::create_directory(folder_ / "folder");
  // A VST3 plugin is asked for its latency before it hears of a model, and has loaded the default one then.
  const Model small = model("small");
  const auto passes = [&](std::uint32_t rate_hz, float number, const std::string& why) {
    const bool kept = number > 0 && std::get<0>(GetParam()) == Format::kVst3;
    for (const bool first : {true, false}) {
      ::testing::internal::CaptureStderr();
      const auto plugin = make(rate_hz);
      plugin->set("model", number);
      plugin->activate();
      const Samples out = run(*plugin, in);
      const std::string said = ::testing::internal::GetCapturedStderr();
      EXPECT_EQ(out, kept ? Session(config(small, rate_hz)).run(in) : in) << why;
      EXPECT_EQ(plugin->latency() > 0, kept) << why;
      EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), first ? 1 : 0) << said;
      EXPECT_EQ(said.find(why) != std::string::npos, first) << said;
    }
  };
  passes(16000, 4, "large.pellucid");
  passes(4000, 0, "4000 Hz");
  passes(1000000, 0, "1000000 Hz");
  set_environment("PELLUCID_MODEL", "nowhere");
  passes(16000, 0, "there is no model 'nowhere'");
  set_environment("PELLUCID_MODEL", (folder_ / "folder").string());
  passes(16000, 0, "is a folder");
  set_environment("PELLUCID_MODEL", (folder_ / "gone.pellucid").string());
  passes(16000, 0, "cannot be opened");
}

TEST_P(PluginTest, ControlsThatAreNoNumbersOrOutOfRangeAreTamed) {
  const Samples in = noise(std::size_t{5000} * channels(), 4);
  const auto plain = make(16000);
  plain->activate();
  const Samples expected = run(*plain, in);
  for (const bool infinite : {false, true}) {
    const auto plugin = make(16000);
    for (const char* name : {"strength", "attenuation_limit"}) plugin->set(name, infinite ? INFINITY : NAN);
    for (const char* name : {"post_filter", "model"}) plugin->set(name, infinite ? -INFINITY : NAN);
    if (!infinite) plugin->set("enabled", NAN);
    plugin->activate();
    EXPECT_EQ(run(*plugin, in), expected) << infinite;
  }
  const auto loose = make(16000);
  loose->disconnect_controls();
  loose->activate();
  EXPECT_EQ(run(*loose, in), expected);
}

TEST_P(PluginTest, OverloadsAndBlocksOfNothingDoNoHarm) {
  const auto plugin = make(16000);
  plugin->activate();
  Samples in = noise(std::size_t{20000} * channels(), 4);
  for (std::size_t i = 0; i < in.size() / 2; ++i) in[i] = i % 7 == 0 ? NAN : i % 5 == 0 ? INFINITY : in[i] * 1e8f;
  for (const float sample : run(*plugin, in)) ASSERT_TRUE(std::isfinite(sample));
  const float* input[2] = {in.data(), in.data()};
  float* output[2] = {in.data(), in.data() + 10};
  plugin->run(input, output, 0);
  const float* nothing[2] = {};
  float* nowhere[2] = {};
  plugin->run(nothing, nowhere, 64);
}

INSTANTIATE_TEST_SUITE_P(Formats, PluginTest,
                         ::testing::Combine(::testing::ValuesIn(formats()), ::testing::Values(1, 2)),
                         [](const auto& both) {
                           return name_of(std::get<0>(both.param)) +
                                  std::string(std::get<1>(both.param) == 1 ? "Mono" : "Stereo");
                         });

}  // namespace
}  // namespace pellucid::plugin::test
