// What hosts keep of a plugin, and how another model comes to play: by state, by activation, by an LV2 worker.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "plugin_fixture.hpp"

namespace pellucid::plugin::test {
namespace {

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
  std::ofstream(folder_ / "large.pellucid") << "no model";
  plugin->set("model", 4);  // the one that plays goes on
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
