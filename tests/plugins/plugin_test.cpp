// Every plugin against the engine that it is a shell of: the same samples, whatever a host does.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <tuple>

#include "../engine/session.hpp"
#include "../support/temp_folder.hpp"
#include "small_hosts.hpp"

namespace pellucid::plugin::test {
namespace {

namespace fs = std::filesystem;
using engine::test::config_for;
using engine::test::noise;
using engine::test::Samples;
using engine::test::Session;
using Model = engine::test::Model;

void set_environment(const char* name, const std::string& value) {
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
  const auto differs = [&](const char* name, float value, auto set, const Samples& in) {
    const Samples plain = both(
        "strength", 1, [](pellucid_denoiser*) {}, in);
    EXPECT_NE(both(name, value, set, in), plain) << name;
  };
  differs(
      "strength", 0.4f, [](auto* d) { pellucid_set_strength(d, 0.4f); }, loud);
  differs(
      "attenuation_limit", 3, [](auto* d) { pellucid_set_attenuation_limit_db(d, 3); }, loud);
  differs(
      "post_filter", 0.7f, [](auto* d) { pellucid_set_post_filter(d, 0.7f); }, loud);
  differs(
      "enabled", 0, [](auto* d) { pellucid_set_bypass(d, 1); }, loud);
  differs(
      "adaptive", 1, [](auto* d) { pellucid_set_adaptive(d, 1); }, quiet);
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
  const bool has_default = std::get<0>(GetParam()) == Format::kVst3;
  const Model small = model("small");
  const auto passes = [&](std::uint32_t rate_hz, float number, const std::string& why) {
    const bool kept = number > 0 && has_default;
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

class StateTest : public PluginTest {
 protected:
  static std::unique_ptr<HostedWithState> make(double rate_hz) {
    return load_with_state(std::get<0>(GetParam()), rate_hz, channels());
  }
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StateTest);

TEST_P(StateTest, AStateComesBackInAnotherInstance) {
  const auto first = make(48000);
  const std::map<std::string, float> values = {{"strength", 0.4375f},  {"attenuation_limit", 12.5f},
                                               {"post_filter", 0.25f}, {"enabled", 0},
                                               {"model", 3},           {"adaptive", 1}};
  for (const auto& [name, value] : values) first->set(name, value);
  first->activate();
  const Samples in = noise(std::size_t{6000} * channels(), 4);
  const Samples expected = run(*first, in);
  const std::string state = first->save();
  ASSERT_FALSE(state.empty());
  const auto second = make(48000);
  second->disconnect_controls();
  ASSERT_TRUE(second->load(state));
  for (const auto& [name, value] : values) EXPECT_EQ(second->get(name), value) << name;
  second->activate();
  EXPECT_EQ(run(*second, in), expected);
  // Something else is refused and changes nothing; a newer version's further lines are left out.
  EXPECT_FALSE(second->load("strength 1"));
  EXPECT_FALSE(second->load(""));
  EXPECT_FALSE(second->load(std::string(1 << 20, 'x')));
  EXPECT_EQ(second->get("strength"), 0.4375);
  EXPECT_TRUE(second->load("pellucid-plugin 1\nwarmth 3\n\nstrength\npost_filter seven\nstrength 7\nmodel 1"));
  EXPECT_EQ(second->get("strength"), 1);
  EXPECT_EQ(second->get("post_filter"), 0.25);
  EXPECT_EQ(second->get("model"), 1);
}

TEST_P(StateTest, AnotherModelIsLoadedByTheActivationThatThePluginAsksFor) {
  const auto plugin = make(16000);
  plugin->activate();
  const Samples in = noise(std::size_t{9000} * channels(), 4);
  const Model small = model("small"), nano = model("nano");
  Session old(config(small, 16000));
  EXPECT_EQ(run(*plugin, in), old.run(in));
  EXPECT_EQ(plugin->restarts(), 0);
  plugin->set("model", 1);
  EXPECT_EQ(run(*plugin, in), old.run(in)) << "the old one plays on";
  EXPECT_EQ(plugin->restarts(), 1) << "asked once";
  plugin->activate();
  Session fresh(config(nano, 16000));
  EXPECT_EQ(run(*plugin, in), fresh.run(in));
  EXPECT_EQ(plugin->restarts(), 1);
}

TEST_P(StateTest, AStateWithAnotherModelAsksForAnActivation) {
  const auto plugin = make(16000);
  plugin->activate();
  const Samples in = noise(std::size_t{2000} * channels(), 4);
  run(*plugin, in);
  EXPECT_TRUE(plugin->load("pellucid-plugin 1\nstrength 0.5"));
  run(*plugin, in);
  EXPECT_EQ(plugin->restarts(), 0);
  EXPECT_TRUE(plugin->load("pellucid-plugin 1\nmodel 1"));
  run(*plugin, in);
  EXPECT_GE(plugin->restarts(), 1);
}

TEST_P(StateTest, TextsSayWhatValuesMean) {
  const auto plugin = make(16000);
  EXPECT_EQ(plugin->text("strength", 0.8), "0.80");
  EXPECT_EQ(plugin->text("attenuation_limit", 12), "12.0 dB");
  EXPECT_EQ(plugin->text("enabled", 0), "on") << "bypass";
  EXPECT_EQ(plugin->text("model", 2), "small");
  EXPECT_EQ(plugin->text("adaptive", 1), "on");
  EXPECT_EQ(plugin->value("strength", "0.8"), 0.8f);
  EXPECT_EQ(plugin->value("strength", " +0.8 "), 0.8f);
  EXPECT_EQ(plugin->value("strength", "80 %"), 0.8f);
  EXPECT_EQ(plugin->value("post_filter", "25%"), 0.25f);
  EXPECT_EQ(plugin->value("attenuation_limit", "12 db"), 12);
  EXPECT_EQ(plugin->value("attenuation_limit", "50%"), -1);
  EXPECT_EQ(plugin->value("strength", "6 dB"), -1);
  EXPECT_EQ(plugin->value("enabled", "On"), 0);
  EXPECT_EQ(plugin->value("adaptive", "on"), 1);
  EXPECT_EQ(plugin->value("model", "Small"), 2);
  EXPECT_EQ(plugin->value("attenuation_limit", "12.0 dB"), 12);
  EXPECT_EQ(plugin->value("enabled", "on"), 0);
  EXPECT_EQ(plugin->value("model", "base"), 3);
  EXPECT_EQ(plugin->value("model", "4"), 4);
  EXPECT_EQ(plugin->value("model", "huge"), -1);
  EXPECT_EQ(plugin->value("strength", ""), -1);
}

INSTANTIATE_TEST_SUITE_P(Formats, StateTest,
                         ::testing::Combine(::testing::ValuesIn(formats_with_state()), ::testing::Values(1, 2)),
                         [](const auto& both) {
                           return name_of(std::get<0>(both.param)) +
                                  std::string(std::get<1>(both.param) == 1 ? "Mono" : "Stereo");
                         });

#ifndef _WIN32
class WorkerTest : public PluginTest {};

// While the worker loads, the old model plays on; then the new one does, and the old one is given back to the worker.
TEST_P(WorkerTest, AnotherModelIsLoadedWhileThisOnePlays) {
  Worker* worker = nullptr;
  const auto plugin = load_with_worker(16000, channels(), worker);
  plugin->activate();
  const Samples in = noise(std::size_t{9000} * channels(), 4);
  const Model small = model("small"), nano = model("nano");
  Session old(config(small, 16000));
  EXPECT_EQ(run(*plugin, in), old.run(in));
  EXPECT_EQ(worker->waiting(), 0u);
  plugin->set("model", 1);
  EXPECT_EQ(run(*plugin, in), old.run(in));
  EXPECT_EQ(worker->waiting(), 1u);
  worker->work();
  Session fresh(config(nano, 16000));
  EXPECT_EQ(run(*plugin, in), fresh.run(in));
  EXPECT_EQ(worker->waiting(), 1u);  // the old model, to be destroyed
  worker->work();
  EXPECT_EQ(run(*plugin, in), fresh.run(in));
  EXPECT_EQ(worker->waiting(), 0u);
  plugin->set("model", 4);  // there is none: the one that plays goes on
  EXPECT_EQ(run(*plugin, in), fresh.run(in));
  worker->work();
  EXPECT_EQ(run(*plugin, in), fresh.run(in));
  EXPECT_EQ(worker->waiting(), 0u) << "asked once";
  EXPECT_GT(plugin->latency(), 0u);
}

TEST_P(WorkerTest, AWorkerMayAnswerAtOnce) {
  Worker* worker = nullptr;
  const auto plugin = load_with_worker(16000, channels(), worker);
  worker->work_at_once();
  plugin->activate();
  const Samples in = noise(std::size_t{9000} * channels(), 4);
  run(*plugin, in);
  for (const auto& [number, name] : {std::pair{1.0f, "nano"}, {3.0f, "base"}, {2.0f, "small"}}) {
    plugin->set("model", number);
    const Model bytes = model(name);
    EXPECT_EQ(run(*plugin, in), Session(config(bytes, 16000)).run(in)) << name;
  }
}

// A host that stops drops what waits: nothing is lost with it, and the next start begins anew.
TEST_P(WorkerTest, WhatAHostDropsIsNotMissed) {
  Worker* worker = nullptr;
  const auto plugin = load_with_worker(16000, channels(), worker);
  plugin->activate();
  const Samples in = noise(std::size_t{9000} * channels(), 4);
  const Model nano = model("nano"), base = model("base");
  plugin->set("model", 1);
  run(*plugin, in);
  worker->drop();  // the order to load
  plugin->activate();
  EXPECT_EQ(run(*plugin, in), Session(config(nano, 16000)).run(in));
  plugin->set("model", 3);
  run(*plugin, in);
  worker->work();
  run(*plugin, in);
  worker->drop();  // the order to destroy
  plugin->activate();
  EXPECT_EQ(run(*plugin, in), Session(config(base, 16000)).run(in));
  plugin->set("model", 1);
  run(*plugin, in);
  EXPECT_EQ(worker->waiting(), 1u);
  worker->work();
  EXPECT_EQ(run(*plugin, in), Session(config(nano, 16000)).run(in));
}

// One that is activated again while its worker still loads: the answer to before is nobody's.
TEST_P(WorkerTest, AnOrderFromBeforeAnActivationIsForgotten) {
  Worker* worker = nullptr;
  const auto plugin = load_with_worker(16000, channels(), worker);
  plugin->activate();
  const Samples in = noise(std::size_t{2000} * channels(), 4);
  plugin->set("model", 1);
  run(*plugin, in);
  plugin->activate();
  plugin->set("model", 3);
  run(*plugin, in);
  EXPECT_EQ(worker->waiting(), 2u);
  worker->work();
  const Model base = model("base");
  EXPECT_EQ(run(*plugin, in), Session(config(base, 16000)).run(in));
}

INSTANTIATE_TEST_SUITE_P(Lv2, WorkerTest, ::testing::Combine(::testing::Values(Format::kLv2), ::testing::Values(1, 2)));
#endif

}  // namespace
}  // namespace pellucid::plugin::test
