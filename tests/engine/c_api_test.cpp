// The C API's edges: wrong arguments, memory, versions, models.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <memory>
#include <pellucid/pellucid.hpp>
#include <set>
#include <string>

#include "session.hpp"

namespace pellucid::engine {
namespace {

using namespace test;  // NOLINT: helpers of this folder
using Limits = std::numeric_limits<float>;

pellucid_result create_result(const pellucid_config& config) {
  pellucid_denoiser* denoiser = nullptr;
  std::size_t bytes = 1;
  const pellucid_result result = pellucid_create(&config, &denoiser);
  EXPECT_EQ(denoiser != nullptr, result == PELLUCID_OK);
  pellucid_destroy(denoiser);
  EXPECT_EQ(pellucid_size(&config, &bytes), result);
  EXPECT_EQ(bytes > 0, result == PELLUCID_OK);
  return result;
}

TEST(CApi, ConfigHasDefaultsAndKnowsItsVersion) {
  pellucid_config config;
  ASSERT_EQ(pellucid_config_init(&config), PELLUCID_OK);
  EXPECT_EQ(config.struct_size, sizeof config);
  EXPECT_EQ(config.model, nullptr);
  EXPECT_EQ(config.sample_rate_hz, 16000u);
  EXPECT_EQ(config.channels, 1u);
  EXPECT_EQ(config.strength, 1.0f);
  EXPECT_EQ(config.attenuation_limit_db, PELLUCID_NO_ATTENUATION_LIMIT_DB);
  EXPECT_EQ(config.channel_link, static_cast<std::uint32_t>(PELLUCID_CHANNELS_INDEPENDENT));
  EXPECT_EQ(config.post_filter, 0.0f);
  EXPECT_EQ(config.adaptive, 0u);
  EXPECT_EQ(pellucid_config_init(nullptr), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_config_init_abi(&config, sizeof config, PELLUCID_ABI_VERSION + 1), PELLUCID_ERROR_ABI_VERSION);
  EXPECT_EQ(pellucid_config_init_abi(&config, sizeof config - 1, PELLUCID_ABI_VERSION), PELLUCID_ERROR_STRUCT_SIZE);
  EXPECT_EQ(pellucid_abi_version(), static_cast<std::uint32_t>(PELLUCID_ABI_VERSION));
  EXPECT_STREQ(pellucid_version(), "0.1.0");
}

/// pellucid_config as it was in its first form; what stands behind belongs to others.
struct FirstConfig {
  std::size_t struct_size;
  const void* model;
  std::size_t model_size;
  std::uint32_t sample_rate_hz, channels;
  float strength, attenuation_limit_db;
};

TEST(CApi, ProgramsBuiltWithTheFirstConfigKeepWorking) {
  const Model model = random_model();
  struct {
    FirstConfig config;
    std::uint32_t others[8];
  } program;
  for (std::uint32_t& word : program.others) word = 0xffffffffu;  // no channel link, and not a number
  auto* config = reinterpret_cast<pellucid_config*>(&program.config);
  ASSERT_EQ(pellucid_config_init_abi(config, sizeof program.config, PELLUCID_ABI_VERSION), PELLUCID_OK);
  EXPECT_EQ(program.config.struct_size, sizeof program.config);
  EXPECT_EQ(program.config.sample_rate_hz, 16000u);
  EXPECT_EQ(program.config.attenuation_limit_db, PELLUCID_NO_ATTENUATION_LIMIT_DB);
  for (const std::uint32_t word : program.others) EXPECT_EQ(word, 0xffffffffu);
  program.config.model = model.data();
  program.config.model_size = model.size();
  program.config.channels = 2;
  pellucid_denoiser* denoiser = nullptr;
  ASSERT_EQ(pellucid_create(config, &denoiser), PELLUCID_OK);
  const Samples in = noise(2 * 4800, 1);
  Samples out(in.size());
  EXPECT_EQ(pellucid_process_interleaved(denoiser, in.data(), out.data(), in.size() / 2), PELLUCID_OK);
  EXPECT_EQ(out, Session(config_for(model, 16000, 2)).run(in));
  pellucid_destroy(denoiser);
}

TEST(CApi, RefusesWhatIsOutOfRange) {
  const Model model = random_model();
  const auto with = [&](auto change) {
    pellucid_config config = config_for(model, 16000);
    change(config);
    return create_result(config);
  };
  EXPECT_EQ(with([](auto&) {}), PELLUCID_OK);
  EXPECT_EQ(with([](auto& c) { c.struct_size = 0; }), PELLUCID_ERROR_STRUCT_SIZE);
  EXPECT_EQ(with([](auto& c) { c.struct_size += 8; }), PELLUCID_ERROR_STRUCT_SIZE);
  EXPECT_EQ(with([](auto& c) { c.model = nullptr; }), PELLUCID_ERROR_NULL_POINTER);
  for (const std::uint32_t rate : {0u, 7999u, 384001u, 0xffffffffu}) {
    EXPECT_EQ(with([&](auto& c) { c.sample_rate_hz = rate; }), PELLUCID_ERROR_SAMPLE_RATE);
  }
  for (const std::uint32_t channels : {0u, 33u, 0xffffffffu}) {
    EXPECT_EQ(with([&](auto& c) { c.channels = channels; }), PELLUCID_ERROR_CHANNELS);
  }
  for (const float strength : {-0.01f, 1.01f, Limits::quiet_NaN(), Limits::infinity()}) {
    EXPECT_EQ(with([&](auto& c) { c.strength = strength; }), PELLUCID_ERROR_STRENGTH);
  }
  for (const float limit : {-1.0f, -Limits::infinity(), Limits::quiet_NaN()}) {
    EXPECT_EQ(with([&](auto& c) { c.attenuation_limit_db = limit; }), PELLUCID_ERROR_ATTENUATION_LIMIT);
  }
  EXPECT_EQ(with([](auto& c) { c.attenuation_limit_db = Limits::infinity(); }), PELLUCID_OK);
  for (std::uint32_t rate = 8000; rate <= 384000; rate += 4177) {
    EXPECT_EQ(with([&](auto& c) { c.sample_rate_hz = rate; }), PELLUCID_OK) << rate;
  }
}

TEST(CApi, RefusesModelsWithTheRightWord) {
  const Model model = random_model();
  const auto with = [&](const Model& bytes) { return create_result(config_for(bytes, 16000)); };
  EXPECT_EQ(with(Model(100, 'x')), PELLUCID_ERROR_MODEL_FORMAT);
  EXPECT_EQ(with(Model(3, 'x')), PELLUCID_ERROR_MODEL_TRUNCATED);
  EXPECT_EQ(with(Model(model.begin(), model.end() - 1)), PELLUCID_ERROR_MODEL_TRUNCATED);
  Model flipped = model;
  flipped[flipped.size() / 2] ^= 4;
  EXPECT_EQ(with(flipped), PELLUCID_ERROR_MODEL_DAMAGED);
  EXPECT_EQ(with(make_random_model(small_architecture(), 1, 1.0, {{"format", "pellucid-9"}})),
            PELLUCID_ERROR_MODEL_VERSION);
  EXPECT_EQ(with(make_random_model(small_architecture(), 1, 1.0, {{"time_mixer", "lstm"}})),
            PELLUCID_ERROR_MODEL_UNSUPPORTED);
  nn::Architecture large = small_architecture();
  large.window_samples = 8192;
  large.hop_samples = 4096;
  const Model window = make_random_model(large, 1);
  EXPECT_EQ(create_result(config_for(window, 384000)), PELLUCID_ERROR_MODEL_UNSUPPORTED) << "window of 196608 samples";
  EXPECT_EQ(create_result(config_for(window, 48000)), PELLUCID_OK);
}

TEST(CApi, WorksInTheCallersMemory) {
  const Model model = random_model();
  const pellucid_config config = config_for(model, 48000, 2);
  std::size_t bytes = 0;
  ASSERT_EQ(pellucid_size(&config, &bytes), PELLUCID_OK);
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  const std::unique_ptr<void, Free> memory(std::aligned_alloc(PELLUCID_ALIGNMENT, bytes));
  pellucid_denoiser* denoiser = nullptr;
  EXPECT_EQ(pellucid_init(&config, nullptr, bytes, &denoiser), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_init(&config, memory.get(), bytes, nullptr), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_init(nullptr, memory.get(), bytes, &denoiser), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_init(&config, static_cast<char*>(memory.get()) + 4, bytes - 4, &denoiser),
            PELLUCID_ERROR_MEMORY_ALIGNMENT);
  for (std::size_t less = 0; less < bytes; less += 1 + bytes / 61) {
    ASSERT_EQ(pellucid_init(&config, memory.get(), less, &denoiser), PELLUCID_ERROR_MEMORY_SIZE) << less;
    ASSERT_EQ(denoiser, nullptr);
  }
  EXPECT_EQ(pellucid_init(&config, memory.get(), bytes - 1, &denoiser), PELLUCID_ERROR_MEMORY_SIZE);
  ASSERT_EQ(pellucid_init(&config, memory.get(), bytes, &denoiser), PELLUCID_OK);
  const Samples in = noise(2 * 9600, 1);
  Samples out(in.size());
  ASSERT_EQ(pellucid_process_interleaved(denoiser, in.data(), out.data(), 9600), PELLUCID_OK);
  EXPECT_EQ(out, Session(config).run(in));
  pellucid_destroy(denoiser);  // not asked for, and harmless
}

TEST(CApi, DoesNotNeedTheModelAfterwards) {
  Model model = random_model();
  const Samples in = noise(8000, 1);
  const Samples expected = Session(config_for(model, 16000)).run(in);
  Session session(config_for(model, 16000));
  std::fill(model.begin(), model.end(), std::uint8_t{0xff});
  model.clear();
  model.shrink_to_fit();
  EXPECT_EQ(session.run(in), expected);
}

TEST(CApi, TakesNullPointersForWhatTheyAre) {
  const Model model = random_model();
  Session session(config_for(model, 16000, 2));
  float buffer[64] = {};
  float* plane[2] = {buffer, buffer + 32};
  float* broken[2] = {buffer, nullptr};
  EXPECT_EQ(pellucid_process(nullptr, plane, plane, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process(session.get(), nullptr, plane, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process(session.get(), plane, nullptr, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process(session.get(), broken, plane, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process(session.get(), plane, broken, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process(session.get(), plane, plane, 8), PELLUCID_OK);
  EXPECT_EQ(pellucid_process(session.get(), nullptr, nullptr, 0), PELLUCID_OK);
  EXPECT_EQ(pellucid_process_interleaved(nullptr, buffer, buffer, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process_interleaved(session.get(), nullptr, buffer, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process_interleaved(session.get(), buffer, nullptr, 8), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_process_interleaved(session.get(), nullptr, nullptr, 0), PELLUCID_OK);
  EXPECT_EQ(pellucid_reset(nullptr), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_set_strength(nullptr, 1.0f), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_set_strength(session.get(), 2.0f), PELLUCID_ERROR_STRENGTH);
  EXPECT_EQ(pellucid_set_attenuation_limit_db(nullptr, 1.0f), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_set_attenuation_limit_db(session.get(), -1.0f), PELLUCID_ERROR_ATTENUATION_LIMIT);
  EXPECT_EQ(pellucid_latency_samples(nullptr), 0u);
  EXPECT_EQ(pellucid_hop_samples(nullptr), 0u);
  EXPECT_EQ(pellucid_size(nullptr, nullptr), PELLUCID_ERROR_NULL_POINTER);
  EXPECT_EQ(pellucid_create(nullptr, nullptr), PELLUCID_ERROR_NULL_POINTER);
  pellucid_denoiser* denoiser = nullptr;
  EXPECT_EQ(pellucid_create(nullptr, &denoiser), PELLUCID_ERROR_NULL_POINTER);
  pellucid_destroy(nullptr);
}

TEST(CApi, HasASentenceForEveryResult) {
  std::set<std::string> sentences;
  for (int result = 0; result <= PELLUCID_ERROR_POST_FILTER; ++result) {
    const std::string sentence = pellucid_result_text(static_cast<pellucid_result>(result));
    EXPECT_EQ(sentence.back(), '.') << sentence;
    EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
  }
  for (const int result : {-1, 18, 31}) {
    EXPECT_STREQ(pellucid_result_text(static_cast<pellucid_result>(result)), "This number is no result of Pellucid.");
  }
}

TEST(Wrapper, DoesWhatTheCApiDoes) {
  const Model model = random_model();
  const Samples in = noise(8000, 1);
  Denoiser first(model.data(), model.size(), 16000);
  Denoiser denoiser = std::move(first);
  Samples out(in.size());
  denoiser.process_interleaved(in.data(), out.data(), in.size());
  EXPECT_EQ(out, Session(config_for(model, 16000)).run(in));
  EXPECT_EQ(denoiser.latency_samples(), 511u);
  EXPECT_EQ(denoiser.hop_samples(), 256u);
  denoiser.reset();
  const float* from = in.data();
  float* to = out.data();
  denoiser.process(&from, &to, in.size());
  EXPECT_EQ(out, Session(config_for(model, 16000)).run(in));
  denoiser.set_attenuation_limit_db(12.0f);
  denoiser.set_post_filter(0.5f);
  EXPECT_THROW(denoiser.set_post_filter(2.0f), DenoiserError);
  EXPECT_NEAR(denoiser.status().input_dbfs, -14.0f, 2.0f);
  denoiser.set_bypass(true);
  denoiser.reset();
  const std::vector<std::int16_t> pcm(1000, 4711);
  std::vector<std::int16_t> pcm_out(1000), planar_out(1000);
  denoiser.process_interleaved(pcm.data(), pcm_out.data(), pcm.size());
  EXPECT_EQ(pcm_out.back(), 4711);
  denoiser.reset();
  const std::int16_t* pcm_from = pcm.data();
  std::int16_t* pcm_to = planar_out.data();
  denoiser.process(&pcm_from, &pcm_to, pcm.size());
  EXPECT_EQ(pcm_out, planar_out);
  EXPECT_THROW(denoiser.set_strength(-1.0f), DenoiserError);
  try {
    Denoiser broken(model.data(), model.size() - 1, 16000);
    FAIL() << "a truncated model was taken";
  } catch (const DenoiserError& error) {
    EXPECT_EQ(error.result(), PELLUCID_ERROR_MODEL_TRUNCATED);
    EXPECT_STREQ(error.what(), pellucid_result_text(PELLUCID_ERROR_MODEL_TRUNCATED));
  }
}

}  // namespace
}  // namespace pellucid::engine
