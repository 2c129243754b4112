// Bypass and post-filter: what they do, and that nothing clicks when they change.
#include <gtest/gtest.h>

#include <algorithm>

#include "session.hpp"

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder

double steepest(const Samples& x) {
  double largest = 0;
  for (std::size_t i = 1; i < x.size(); ++i) largest = std::max(largest, std::abs(double{x[i]} - x[i - 1]));
  return largest;
}

TEST(Bypass, ReturnsTheDelayedInputToTheBitAndIsLeftAsIfItHadNotBeen) {
  const Model model = random_model();
  for (const std::uint32_t rate : kRates) {
    SCOPED_TRACE(rate);
    const Samples in = noise(rate / 2, rate);
    const Samples straight = Session(config_for(model, rate)).run(in);
    Session session(config_for(model, rate));
    const std::size_t late = session.latency(), hop = (late + 1) / 2;
    const std::size_t on = 5 * hop + 3, off = 11 * hop + 7;  // within a hop
    Samples out(in.size());
    const auto run = [&](std::size_t from, std::size_t to) {
      ASSERT_EQ(pellucid_process_interleaved(session.get(), &in[from], &out[from], to - from), PELLUCID_OK);
    };
    run(0, on);
    ASSERT_EQ(pellucid_set_bypass(session.get(), 1), PELLUCID_OK);
    run(on, off);
    ASSERT_EQ(pellucid_set_bypass(session.get(), 0), PELLUCID_OK);
    run(off, in.size());
    // A change begins with the hop that is completed next and takes as long as that.
    for (std::size_t i = 0; i + 1 < 6 * hop; ++i) ASSERT_EQ(out[i], straight[i]) << i;
    for (std::size_t i = 7 * hop; i + 1 < 12 * hop; ++i) ASSERT_EQ(out[i], in[i - late]) << i;
    for (std::size_t i = 13 * hop; i < in.size(); ++i) ASSERT_EQ(out[i], straight[i]) << i;
  }
}

TEST(Bypass, OutlivesAReset) {
  const Model model = mask_model(0.0f);
  Session session(config_for(model, 16000));
  ASSERT_EQ(pellucid_set_bypass(session.get(), -1), PELLUCID_OK);
  ASSERT_EQ(pellucid_reset(session.get()), PELLUCID_OK);
  const Samples in = noise(4000, 1), out = session.run(in);
  const std::size_t late = session.latency();
  for (std::size_t i = late; i < in.size(); ++i) ASSERT_EQ(out[i], in[i - late]) << i;
  EXPECT_EQ(pellucid_set_bypass(nullptr, 1), PELLUCID_ERROR_NULL_POINTER);
}

TEST(Adaptive, LeavesAQuietRoomAloneAndMeetsNoise) {
  const Model model = mask_model(0.5f);  // nothing of it is speech
  const auto with = [&](const Samples& in, bool adaptive) {
    pellucid_config config = config_for(model, 16000);
    config.adaptive = adaptive ? 1 : 0;
    return Session(config).run(in);
  };
  const Samples loud = noise(16000 * 2, 1, 0.1), quiet = noise(16000 * 8, 2, 1e-4);  // -25 and -85 dBFS
  EXPECT_EQ(with(loud, true), with(loud, false));
  const Samples out = with(quiet, true);
  EXPECT_NE(out, with(quiet, false));
  const std::size_t late = Session(config_for(model, 16000)).latency();
  for (std::size_t i = 16000 * 7; i < out.size(); ++i) ASSERT_EQ(out[i], quiet[i - late]) << i;
  Samples both = quiet;
  both.insert(both.end(), loud.begin(), loud.end());
  const Samples met = with(both, true), full = with(both, false);
  for (std::size_t i = quiet.size() + 16000; i < both.size(); ++i) ASSERT_NEAR(met[i], full[i], 0.002) << i;
}

TEST(Adaptive, ChangesAtAnyTimeAndOutlivesAReset) {
  const Model model = mask_model(0.5f);
  Session session(config_for(model, 16000));
  EXPECT_EQ(pellucid_set_adaptive(nullptr, 1), PELLUCID_ERROR_NULL_POINTER);
  ASSERT_EQ(pellucid_set_adaptive(session.get(), 1), PELLUCID_OK);
  const Samples quiet = noise(16000 * 8, 2, 1e-4);
  const Samples first = session.run(quiet);
  ASSERT_EQ(pellucid_reset(session.get()), PELLUCID_OK);
  EXPECT_EQ(session.run(quiet), first);
  ASSERT_EQ(pellucid_reset(session.get()), PELLUCID_OK);
  ASSERT_EQ(pellucid_set_adaptive(session.get(), 0), PELLUCID_OK);
  EXPECT_EQ(session.run(quiet), Session(config_for(model, 16000)).run(quiet));
}

TEST(Settings, ChangeWithoutAClick) {
  // The steepest step of the sine itself is 0.5 * 2 pi 250 / rate; switching makes one of up to 0.5.
  for (const std::uint32_t rate : {16000u, 44100u, 48000u}) {
    const Samples in = sine(rate, 250, rate, 0.5);
    const double own = steepest(in);
    const auto changing = [&](const Model& model, const std::function<pellucid_result(pellucid_denoiser*, bool)>& set) {
      Session session(config_for(model, rate));
      Samples out(in.size());
      for (std::size_t done = 0; done < in.size(); done += rate / 10) {
        EXPECT_EQ(set(session.get(), done / (rate / 10) % 2 == 1), PELLUCID_OK);
        EXPECT_EQ(pellucid_process_interleaved(session.get(), &in[done], &out[done], rate / 10), PELLUCID_OK);
      }
      return out;
    };
    const Samples bypassed = changing(mask_model(0.0f), &pellucid_set_bypass);
    EXPECT_LT(steepest(bypassed), 1.2 * own) << rate;
    EXPECT_GT(rms(bypassed, rate * 17 / 100, rate * 20 / 100), 0.3);
    EXPECT_LT(rms(bypassed, rate * 27 / 100, rate * 30 / 100), 1e-6);
    const Samples filtered = changing(mask_model(0.7f), [](pellucid_denoiser* denoiser, bool on) {
      return pellucid_set_post_filter(denoiser, on ? 1.0f : 0.0f);
    });
    EXPECT_LT(steepest(filtered), 0.4 * own) << rate;
    EXPECT_GT(rms(filtered, rate * 27 / 100, rate * 30 / 100), 1.1 * rms(filtered, rate * 17 / 100, rate * 20 / 100));
  }
}

TEST(PostFilter, IsTheOneOfThePaper) {
  for (const float mask : {0.5f, 0.7f, 0.9f, 1.0f}) {
    const Model model = mask_model(mask);
    const double gain = std::pow(double{mask}, 1 / 0.3);
    for (const std::uint32_t rate : {8000u, 16000u, 44100u, 48000u}) {
      for (const float amount : {0.25f, 1.0f}) {
        pellucid_config config = config_for(model, rate);
        config.post_filter = amount;
        Session session(config);
        const std::size_t late = session.latency();
        const Samples in = noise(6 * late, rate), out = session.run(in);
        const double warp = 1 - amount + amount * std::sin(M_PI / 2 * gain);
        const double ratio = 1 / (warp * warp);
        const double whole = gain * warp * std::sqrt(1.02 * ratio / (1 + 0.02 * ratio * ratio));
        double worst = 0;
        for (std::size_t i = 0; i + late < in.size(); ++i) {
          worst = std::max(worst, std::abs(out[i + late] - whole * in[i]));
        }
        EXPECT_LT(worst, 2e-5) << mask << " at " << rate << " Hz, " << amount;
      }
    }
  }
}

TEST(PostFilter, OfNothingChangesNothing) {
  const Model model = random_model();
  const Samples in = noise(16000, 3);
  const Samples plain = Session(config_for(model, 16000)).run(in);
  Session session(config_for(model, 16000));
  ASSERT_EQ(pellucid_set_post_filter(session.get(), 1.0f), PELLUCID_OK);
  EXPECT_NE(session.run(in), plain);
  ASSERT_EQ(pellucid_set_post_filter(session.get(), 0.0f), PELLUCID_OK);
  ASSERT_EQ(pellucid_reset(session.get()), PELLUCID_OK);
  EXPECT_EQ(session.run(in), plain);
}

TEST(PostFilter, KeepsToTheLimits) {
  const Samples in = noise(16000, 2);
  pellucid_config config;
  const Model quiet = mask_model(0.5f), loud = mask_model(20.0f);
  config = config_for(quiet, 16000);
  config.attenuation_limit_db = 12.0f;
  config.post_filter = 1.0f;
  Session session(config);
  const std::size_t late = session.latency();
  const Samples out = session.run(in);
  const double floor = std::pow(10.0, -12.0 / 20);
  for (std::size_t i = 0; i + late < in.size(); ++i) ASSERT_NEAR(out[i + late], floor * in[i], 2e-6) << i;
  config = config_for(loud, 16000);
  config.post_filter = 1.0f;
  const Samples tone = sine(16000, 1000, 16000, 0.1), louder = Session(config).run(tone);
  EXPECT_NEAR(rms(louder, 2000, 16000) / rms(tone, 2000, 16000), 4.0, 0.01);
  EXPECT_EQ(Session(config).run(Samples(8000)), Samples(8000));
}

TEST(PostFilter, RefusesWhatIsOutOfRange) {
  const Model model = random_model();
  Session session(config_for(model, 16000));
  for (const float amount : {-0.01f, 1.01f, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_EQ(pellucid_set_post_filter(session.get(), amount), PELLUCID_ERROR_POST_FILTER);
    pellucid_config config = config_for(model, 16000);
    config.post_filter = amount;
    std::size_t bytes = 0;
    EXPECT_EQ(pellucid_size(&config, &bytes), PELLUCID_ERROR_POST_FILTER);
  }
  EXPECT_EQ(pellucid_set_post_filter(nullptr, 0.5f), PELLUCID_ERROR_NULL_POINTER);
}

}  // namespace
}  // namespace pellucid::engine
