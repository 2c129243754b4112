// Processing calls nothing that could wait: no heap, lock, file, sleep, and no system call at all.
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "forbidden_calls.hpp"
#include "session.hpp"

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder

struct NamedModel {
  std::string name;
  Model bytes;
};

/// Every mixer, and every model that ships.
std::vector<NamedModel> models() {
  std::vector<NamedModel> all;
  for (const nn::Architecture& a : nn::test::every_combination())
    all.push_back({nn::test::combination_name(a), make_random_model(a, 1)});
  for (const auto& entry : std::filesystem::directory_iterator(PELLUCID_SOURCE_DIR "/models")) {
    if (entry.path().extension() != ".safetensors") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    all.push_back({entry.path().stem(), Model((std::istreambuf_iterator<char>(file)), {})});
  }
  return all;
}

/// Everything that an audio callback may do with a denoiser; false when a call fails.
bool use(pellucid_denoiser* denoiser, const Samples& in, Samples& out, std::size_t channels, std::size_t block) {
  const std::size_t frames = in.size() / channels;
  std::array<const float*, PELLUCID_MAX_CHANNELS> from = {};
  std::array<float*, PELLUCID_MAX_CHANNELS> to = {};
  std::array<std::int16_t, 1024> pcm = {};
  bool fine = true;
  for (std::size_t done = 0; done < frames; done += block) {
    const std::size_t n = std::min(block, frames - done);
    fine &= pellucid_set_strength(denoiser, done % 3 == 0 ? 1.0f : 0.5f) == PELLUCID_OK;
    fine &= pellucid_set_attenuation_limit_db(denoiser, done % 5 == 0 ? 12.0f : 100.0f) == PELLUCID_OK;
    fine &= pellucid_process_interleaved(denoiser, in.data() + done * channels, out.data(), n) == PELLUCID_OK;
    for (std::size_t c = 0; c < channels; ++c) {
      from[c] = in.data() + c * frames + done;
      to[c] = out.data() + c * n;
    }
    fine &= pellucid_process(denoiser, from.data(), to.data(), n) == PELLUCID_OK;
    fine &= pellucid_set_post_filter(denoiser, done % 7 == 0 ? 1.0f : 0.0f) == PELLUCID_OK;
    fine &= pellucid_set_bypass(denoiser, done % 11 == 0) == PELLUCID_OK;
    fine &= pellucid_process_interleaved_int16(denoiser, pcm.data(), pcm.data(), std::min(n, pcm.size() / channels)) ==
            PELLUCID_OK;
    pellucid_status status;
    status.struct_size = sizeof status;
    fine &= pellucid_get_status(denoiser, &status) == PELLUCID_OK;
    fine &= pellucid_latency_samples(denoiser) > 0;
  }
  return fine && pellucid_reset(denoiser) == PELLUCID_OK;
}

/// Sound, silence, numbers that are none, and more than full scale.
Samples all_kinds_of_sound(std::size_t count) {
  Samples samples = noise(count, 3);
  for (std::size_t i = count / 4; i < count / 2; ++i) samples[i] = 0.0f;
  for (std::size_t i = count / 2; i < count; i += 97) samples[i] = std::nanf("");
  for (std::size_t i = 3 * count / 4; i < count; ++i) samples[i] *= 1e8f;
  return samples;
}

TEST(Realtime, ProcessingCallsNothingForbidden) {
  for (const NamedModel& model : models()) {
    for (const std::uint32_t rate : kRates) {
      for (const std::uint32_t channels : {1u, 2u, 8u}) {
        pellucid_config config = config_for(model.bytes, rate, channels);
        if (channels == 2) config.channel_link = PELLUCID_CHANNELS_LINKED;
        const Session session(config);
        const Samples in = all_kinds_of_sound(std::size_t{rate} / 8 * channels);
        Samples out(in.size());
        for (const std::size_t block : {std::size_t{1}, std::size_t{160}, std::size_t{rate}}) {
          const std::size_t length = block == 1 ? in.size() / 8 / channels * channels : in.size();
          const Samples part(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(length));
          const ForbiddenCalls watch;
          const bool fine = use(session.get(), part, out, channels, block);
          const std::string first = watch.first();
          ASSERT_TRUE(fine);
          ASSERT_EQ(first, "") << model.name << ", " << rate << " Hz, " << channels << " channels, blocks of " << block;
        }
      }
    }
  }
}

TEST(Realtime, ProcessingNeverCallsTheSystem) {
  for (const NamedModel& model : models()) {
    for (const std::uint32_t rate : {8000u, 16000u, 44100u, 384000u}) {
      const Session session(config_for(model.bytes, rate, 2));
      const Samples in = all_kinds_of_sound(std::size_t{rate} / 4);
      Samples out(in.size());
      const Outcome outcome = run_without_system([&] { return use(session.get(), in, out, 2, 441); });
      if (outcome == Outcome::kNoFilter) GTEST_SKIP() << "this kernel cannot filter system calls";
      EXPECT_EQ(outcome, Outcome::kQuiet) << model.name << ", " << rate << " Hz";
    }
  }
}

// Whether the watchers see what they are for.
TEST(Realtime, TheWatchersSeeHeapLockAndSystem) {
  const auto seen = [](const std::function<void()>& act) {
    const ForbiddenCalls watch;
    act();
    return watch.first();
  };
  EXPECT_EQ(seen([] {}), "");
  char* volatile heap = nullptr;  // volatile: so that the compiler does not leave both calls out
  EXPECT_EQ(seen([&] { heap = new char[100]; }), "malloc");
  EXPECT_EQ(seen([&] { delete[] heap; }), "free");
  EXPECT_EQ(seen([] { usleep(1); }), "usleep");
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  EXPECT_EQ(seen([] {
              pthread_mutex_lock(&mutex);
              pthread_mutex_unlock(&mutex);
            }),
            "pthread_mutex_lock");
  const Outcome called = run_without_system([] { return getppid() > 0; });
  if (called == Outcome::kNoFilter) GTEST_SKIP() << "this kernel cannot filter system calls";
  EXPECT_EQ(called, Outcome::kCalledTheSystem);
  EXPECT_EQ(run_without_system([] { return true; }), Outcome::kQuiet);
  EXPECT_EQ(run_without_system([] { return false; }), Outcome::kFailed);
}

}  // namespace
}  // namespace pellucid::engine
