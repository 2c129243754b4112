// What the engine tells of the sound: levels, noise, voice.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <thread>

#include "../nn/random_integer_model.hpp"
#include "session.hpp"

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder

pellucid_status status_of(const Session& session) {
  pellucid_status status = {};
  status.struct_size = sizeof status;
  EXPECT_EQ(pellucid_get_status(session.get(), &status), PELLUCID_OK);
  return status;
}

double dbfs(double root_mean_square) { return 20 * std::log10(root_mean_square); }

void expect_silence(const pellucid_status& status) {
  EXPECT_LT(status.voice_probability, 0.5f);
  EXPECT_EQ(status.voice_active, 0u);
  EXPECT_EQ(status.snr_db, -20.0f);
  EXPECT_EQ(status.noise_dbfs, -120.0f);
  EXPECT_EQ(status.input_dbfs, -120.0f);
  EXPECT_EQ(status.output_dbfs, -120.0f);
}

TEST(Status, KnowsSilence) {
  const Model model = random_model();
  for (const std::uint32_t rate : {8000u, 16000u, 44100u}) {
    Session session(config_for(model, rate, 2));
    expect_silence(status_of(session));
    session.run(Samples(10 * rate));
    expect_silence(status_of(session));
    session.run(noise(rate, 1));
    EXPECT_GT(status_of(session).input_dbfs, -30.0f);
    ASSERT_EQ(pellucid_reset(session.get()), PELLUCID_OK);
    expect_silence(status_of(session));
  }
}

TEST(Status, LevelsAreThoseOfTheLastCompleteHop) {
  const Model model = random_model();
  for (const std::uint32_t channels : {1u, 3u}) {
    pellucid_config config = config_for(model, 48000, channels);
    config.strength = 0.6f;
    Session session(config);
    const std::size_t hop = std::size_t{pellucid_hop_samples(session.get())} * channels;
    const Samples in = noise(9 * hop + hop / 3 / channels * channels, 2), out = session.run(in);
    const pellucid_status status = status_of(session);
    EXPECT_NEAR(status.input_dbfs, dbfs(rms(in, 8 * hop, 9 * hop)), 0.001);
    // Its output starts with the sample that left last before it and goes on as the next hop comes in.
    Session again(config);
    Samples longer = in;
    longer.resize(11 * hop);
    const Samples all = again.run(longer);
    EXPECT_NEAR(status.output_dbfs, dbfs(rms(all, 9 * hop - channels, 10 * hop - channels)), 0.001);
  }
}

TEST(Status, NoiseIsWhatTheNetworkRemoves) {
  // Removes all but a thirtieth of white noise; where the network hears all of it, that is its level.
  const Model model = mask_model(static_cast<float>(std::pow(1.0 / 30, 0.3)));
  for (const std::uint32_t rate : {16000u, 48000u}) {
    for (const std::uint32_t channels : {1u, 2u}) {
      for (const double level : {0.3, 0.003}) {
        pellucid_config config = config_for(model, rate, channels);
        config.strength = 0.5f;  // status tells of the network, not of what is made of it
        Session session(config);
        const Samples in = noise(std::size_t{3} * rate * channels, rate, level);
        session.run(in);
        const double heard = dbfs(rms(in, 0, in.size())) + 10 * std::log10(16000.0 / rate);
        EXPECT_NEAR(status_of(session).noise_dbfs, heard + dbfs(29.0 / 30), 0.5) << rate;
      }
    }
  }
}

TEST(Status, VoiceIsWhatTheNetworkKeepsAfterAPause) {
  // A mask of one keeps all: sound that sets in after a second of much less is speech to it, with an SNR as high as
  // it goes, and the flag outlives it by 96 ms.
  const Model model = mask_model(1.0f);
  Session session(config_for(model, 16000));
  Samples quiet = noise(16000, 1, 1e-5);
  session.run(quiet);
  EXPECT_EQ(status_of(session).voice_active, 0u);
  session.run(noise(8192, 2, 0.2));
  pellucid_status status = status_of(session);
  EXPECT_GT(status.voice_probability, 0.95f);
  EXPECT_EQ(status.voice_active, 1u);
  EXPECT_GT(status.snr_db, 50.0f);
  int held = 0;
  Samples hop(256);
  for (int i = 0; i < 40; ++i) {
    session.run(noise(256, 3, 1e-5));
    status = status_of(session);
    if (status.voice_active != 0 && status.voice_probability < 0.5f) ++held;
  }
  EXPECT_EQ(held, 6);
  EXPECT_EQ(status.voice_active, 0u);
}

TEST(Status, TheNetworkIsHeardAlsoInBypassAndLinked) {
  const Model model = random_model();
  const Samples in = noise(16000, 4);
  Session plain(config_for(model, 16000, 2)), bypassed(config_for(model, 16000, 2));
  pellucid_config config = config_for(model, 16000, 2);
  config.channel_link = PELLUCID_CHANNELS_LINKED;
  config.post_filter = 1.0f;
  Session linked(config);
  ASSERT_EQ(pellucid_set_bypass(bypassed.get(), 1), PELLUCID_OK);
  plain.run(in);
  const pellucid_status expected = status_of(plain);
  for (Session* other : {&bypassed, &linked}) {
    other->run(in);
    const pellucid_status status = status_of(*other);
    EXPECT_EQ(status.voice_probability, expected.voice_probability);
    EXPECT_EQ(status.snr_db, expected.snr_db);
    EXPECT_EQ(status.noise_dbfs, expected.noise_dbfs);
    EXPECT_EQ(status.input_dbfs, expected.input_dbfs);
  }
  EXPECT_NEAR(status_of(bypassed).output_dbfs, status_of(bypassed).input_dbfs, 1.0);
}

TEST(Status, TheNetworkIsHeardWhateverTheLimit) {
  const Samples in = noise(16000, 7);
  for (const Model& model : {random_model(), nn::test::make_random_integer_model(small_architecture(), 1)}) {
    for (const float post : {0.0f, 1.0f}) {
      Session plain(config_for(model, 16000));
      pellucid_config config = config_for(model, 16000);
      config.attenuation_limit_db = 3.0f;
      config.post_filter = post;
      Session limited(config);
      EXPECT_NE(plain.run(in), limited.run(in));
      const pellucid_status expected = status_of(plain), status = status_of(limited);
      EXPECT_EQ(status.voice_probability, expected.voice_probability);
      EXPECT_EQ(status.snr_db, expected.snr_db);
      EXPECT_EQ(status.noise_dbfs, expected.noise_dbfs);
    }
  }
}

TEST(Status, StaysInRangeWhateverComesIn) {
  for (const Model& model :
       {random_model(2), mask_model(20.0f), make_random_model(small_architecture(nn::TimeMixer::kConv), 1, 1e30)}) {
    Session session(config_for(model, 16000));
    Samples in = noise(16000, 5, 1.0);
    for (const float scale : {1.0f, 1e20f, 1e-30f, 0.0f}) {
      for (std::size_t i = 0; i < in.size(); ++i) in[i] = i % 97 == 0 ? NAN : in[i] * scale;
      session.run(in);
      const pellucid_status status = status_of(session);
      EXPECT_TRUE(status.voice_probability >= 0.0f && status.voice_probability <= 1.0f);
      EXPECT_TRUE(status.snr_db >= -20.0f && status.snr_db <= 60.0f);
      for (const float level : {status.noise_dbfs, status.input_dbfs, status.output_dbfs}) {
        EXPECT_TRUE(level >= -120.0f && level < 301.0f) << level;
      }
      EXPECT_LE(status.noise_dbfs, 0.0f) << "nobody learns a level from what is out of all range";
    }
  }
}

TEST(Status, ReadByAnotherThreadIsAllOfOneHop) {
  const Model model = random_model(3);
  const Samples in = noise(256 * 600, 6, 0.5);
  using Values = std::array<float, 5>;
  const auto values_of = [](const pellucid_status& s) {
    return Values{s.voice_probability, s.snr_db, s.noise_dbfs, s.input_dbfs, s.output_dbfs};
  };
  Session session(config_for(model, 16000));
  std::set<Values> written = {values_of(status_of(session))};
  std::vector<Values> read;
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const Values values = values_of(status_of(session));
      if (read.empty() || read.back() != values) read.push_back(values);
    }
  });
  for (std::size_t at = 0; at < in.size(); at += 256) {
    session.run({in.begin() + static_cast<std::ptrdiff_t>(at), in.begin() + static_cast<std::ptrdiff_t>(at) + 256});
    written.insert(values_of(status_of(session)));
  }
  done = true;
  reader.join();
  EXPECT_GT(written.size(), 590u);
  EXPECT_FALSE(read.empty());
  for (const Values& values : read) EXPECT_EQ(written.count(values), 1u);
}

TEST(Status, ChecksItsArguments) {
  const Model model = random_model();
  Session session(config_for(model, 16000));
  pellucid_status status = {};
  EXPECT_EQ(pellucid_get_status(session.get(), &status), PELLUCID_ERROR_STRUCT_SIZE);
  status.struct_size = sizeof status;
  EXPECT_EQ(pellucid_get_status(nullptr, &status), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_get_status(session.get(), nullptr), PELLUCID_ERROR_NULL_POINTER);
}

}  // namespace
}  // namespace pellucid::engine
