#include "nn/model_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "random_model.hpp"

namespace pellucid::nn {
namespace {

using test::assemble;
using test::make_random_model;
using test::Random;

/// Parses a copy of exactly that size, so that a sanitizer sees a read beyond it.
ModelError parse(const std::vector<std::uint8_t>& bytes) {
  const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), exact.get());
  const auto file = std::make_unique<ModelFile>();
  return file->parse(exact.get(), bytes.size());
}

ModelStatus status_with(const test::Metadata& changes) {
  return parse(make_random_model(test::small_architecture(), 1, 1.0, changes)).status;
}

Architecture tiny() {
  Architecture a = test::small_architecture();
  a.window_samples = 32;
  a.hop_samples = 16;
  a.fold = 4;
  a.channels = a.bands = a.width = a.hidden = 2;
  a.blocks = 1;
  return a;
}

TEST(ModelFile, ReadsArchitectureAndTensors) {
  const Architecture a = test::small_architecture(TimeMixer::kConv, FreqMixer::kConv);
  const auto bytes = make_random_model(a, 1);
  ModelFile file;
  const ModelError error = file.parse(bytes.data(), bytes.size());
  ASSERT_EQ(error.status, ModelStatus::kOk) << error.detail;
  const Architecture& b = file.architecture();
  EXPECT_STREQ(b.name, "random");
  EXPECT_EQ(b.sample_rate_hz, 16000u);
  EXPECT_EQ(b.window_samples, 512u);
  EXPECT_EQ(b.compression, 0.3);
  EXPECT_EQ(b.fold, 4u);
  EXPECT_EQ(b.time_layers, 2u);
  EXPECT_EQ(b.time_mixer, TimeMixer::kConv);
  EXPECT_EQ(b.freq_mixer, FreqMixer::kConv);
  EXPECT_TRUE(file.metadata("output").equals("complex_mask"));
  EXPECT_EQ(file.metadata("nothing").size, 0u);
  // The first weights of the first tensor are the generator's first numbers.
  Random random(1);
  const double scale = 1.2 / std::sqrt(3.0 * 12.0);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(file.values(0)[i], static_cast<float>(scale * random.uniform()));
  }
}

TEST(ModelFile, TakesTensorsInAnyOrderAndAtAnyAddress) {
  const Architecture a = tiny();
  const std::uint32_t count = tensor_count(a);
  std::string header = "{";
  std::vector<float> data(parameter_count(a), 0.5f);
  std::size_t at = 0;
  for (std::uint32_t i = count; i-- > 0;) {
    TensorSpec spec;
    ASSERT_TRUE(tensor_spec(a, i, &spec));
    header += test::tensor_json(spec, at, at + 4 * spec.count());
    header += " ,\n";
    at += 4 * spec.count();
  }
  auto bytes = assemble(header + test::metadata_json(test::metadata_of(a)) + "}", data);
  EXPECT_EQ(parse(bytes).status, ModelStatus::kOk);
  bytes.insert(bytes.begin(), 1);
  ModelFile file;
  EXPECT_EQ(file.parse(bytes.data() + 1, bytes.size() - 1).status, ModelStatus::kOk);
}

TEST(ModelFile, RefusesEveryTruncation) {
  const auto bytes = make_random_model(tiny(), 1);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const ModelError error = parse({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
    ASSERT_EQ(error.status, ModelStatus::kTruncated) << size << ": " << error.detail;
  }
  auto longer = bytes;
  longer.resize(longer.size() + 4);
  EXPECT_EQ(parse(longer).status, ModelStatus::kTruncated);
}

TEST(ModelFile, RefusesEveryFlippedBit) {
  auto bytes = make_random_model(tiny(), 1);
  ASSERT_EQ(parse(bytes).status, ModelStatus::kOk);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[i] ^= static_cast<std::uint8_t>(1 << bit);
      ASSERT_NE(parse(bytes).status, ModelStatus::kOk) << "byte " << i << " bit " << bit;
      bytes[i] ^= static_cast<std::uint8_t>(1 << bit);
    }
  }
}

/// Damage with the checksum made right again, so that what lies behind it is reached.
TEST(ModelFile, SurvivesRandomDamageBehindTheChecksum) {
  const auto bytes = make_random_model(tiny(), 1);
  std::size_t header_size = bytes[0] + 256u * bytes[1];
  const std::string header(bytes.begin() + 8, bytes.begin() + 8 + static_cast<std::ptrdiff_t>(header_size));
  std::vector<float> data((bytes.size() - 8 - header_size) / 4);
  std::memcpy(data.data(), bytes.data() + 8 + header_size, 4 * data.size());
  Random random(11);
  const std::string alphabet = "\"{}[],:\\0123456789aeu .-\n";
  int accepted = 0, refused[6] = {};
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = header;
    const std::size_t crc = damaged.find("crc32:");
    damaged.replace(crc + 6, 8, "00000000");
    for (std::uint32_t change = random.below(3) + 1; change > 0; --change) {
      const std::size_t at = random.below(static_cast<std::uint32_t>(damaged.size()));
      const std::size_t length = random.below(12);
      switch (random.below(4)) {
        case 0:
          damaged[at] = alphabet[random.below(static_cast<std::uint32_t>(alphabet.size()))];
          break;
        case 1:
          damaged.erase(at, length);
          break;
        case 2:
          damaged.insert(at, damaged.substr(random.below(static_cast<std::uint32_t>(at + 1)), length));
          break;
        default:
          damaged[at] = static_cast<char>(random.below(256));
          break;
      }
    }
    const ModelStatus status = parse(assemble(damaged, data)).status;
    status == ModelStatus::kOk ? ++accepted : ++refused[static_cast<int>(status)];
  }
  EXPECT_LT(accepted, 6000);  // changes of names, spaces and provenance do no harm
  EXPECT_GT(refused[static_cast<int>(ModelStatus::kDamaged)], 1000);
  EXPECT_GT(refused[static_cast<int>(ModelStatus::kUnsupported)], 100);
}

TEST(ModelFile, SurvivesRandomBytes) {
  Random random(12);
  for (int round = 0; round < 5000; ++round) {
    std::vector<std::uint8_t> bytes(random.below(300));
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random.bits());
    if (bytes.size() > 8 && round % 2 == 0) {
      std::fill(bytes.begin(), bytes.begin() + 8, std::uint8_t{0});
      bytes[0] = static_cast<std::uint8_t>(bytes.size() - 8);
      bytes[8] = '{';
    }
    ASSERT_NE(parse(bytes).status, ModelStatus::kOk);
  }
}

TEST(ModelFile, TellsWhatIsNoModel) {
  EXPECT_EQ(parse(assemble("{}", {})).status, ModelStatus::kDamaged);
  EXPECT_EQ(parse(assemble(R"({"__metadata__":{"format":"pt"}})", {})).status, ModelStatus::kNotAModel);
  EXPECT_EQ(parse(assemble(R"({"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})", {1.0f})).status,
            ModelStatus::kNotAModel);
  std::vector<std::uint8_t> wave(100, 'x');
  std::memcpy(wave.data(), "RIFF\x24\x00\x00\x00WAVEfmt ", 16);
  EXPECT_EQ(parse(wave).status, ModelStatus::kNotAModel);
  EXPECT_EQ(status_with({{"format", "pellucid-2"}}), ModelStatus::kVersion);
  EXPECT_EQ(status_with({{"checksum", "crc32:0000000"}}), ModelStatus::kDamaged);
  EXPECT_EQ(status_with({{"checksum", "md5:00000000"}}), ModelStatus::kDamaged);
}

TEST(ModelFile, RefusesArchitecturesItCannotRun) {
  for (const auto& [key, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"time_mixer", "lstm"},  {"freq_mixer", "lstm"},    {"output", "gains"},
           {"sample_rate_hz", "0"}, {"window_samples", "513"}, {"window_samples", "4294967808"},
           {"hop_samples", "100"},  {"compression", "0"},      {"compression", "1.5"},
           {"compression", "nan"},  {"compression", "-0.3"},   {"fold", "0"},
           {"fold", "3"},           {"channels", "0"},         {"channels", "1000000000"},
           {"channels", "-1"},      {"channels", ""},          {"kernel", "2"},
           {"kernel", "99"},        {"encoder_layers", "17"},  {"bands", "0"},
           {"width", "1025"},       {"blocks", "0"},           {"blocks", "999"},
           {"hidden", "0"}}) {
    EXPECT_EQ(status_with({{key, value}}), ModelStatus::kUnsupported) << key << " " << value;
  }
  Architecture conv = test::small_architecture(TimeMixer::kConv);
  conv.time_kernel = 32;
  conv.time_layers = 8;
  conv.bands = 512;
  conv.width = 64;
  EXPECT_NE(unsupported(conv), nullptr) << "the state alone would take gigabytes";
}

TEST(ModelFile, RefusesTensorsThatDoNotFitTheArchitecture) {
  // The architecture says something else than the tensors.
  for (const auto& [key, value] : std::initializer_list<std::pair<const char*, const char*>>{{"channels", "13"},
                                                                                             {"fold", "8"},
                                                                                             {"bands", "15"},
                                                                                             {"width", "11"},
                                                                                             {"hidden", "8"},
                                                                                             {"blocks", "1"},
                                                                                             {"blocks", "3"},
                                                                                             {"encoder_layers", "2"},
                                                                                             {"encoder_layers", "0"},
                                                                                             {"time_mixer", "conv"},
                                                                                             {"freq_mixer", "conv"},
                                                                                             {"freq_mixer", "gru"},
                                                                                             {"output", "band_gains"},
                                                                                             {"kernel", "5"}}) {
    EXPECT_EQ(status_with({{key, value}}), ModelStatus::kDamaged) << key << " " << value;
  }
}

TEST(ModelFile, RefusesBadTensorEntries) {
  const Architecture a = tiny();
  const auto with = [&](const std::string& from, const std::string& to) {
    const auto bytes = make_random_model(a, 1);
    const std::size_t header_size = bytes[0] + 256u * bytes[1];
    std::string header(bytes.begin() + 8, bytes.begin() + 8 + static_cast<std::ptrdiff_t>(header_size));
    header.replace(header.find("crc32:") + 6, 8, "00000000");
    const std::size_t at = header.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    header.replace(at, from.size(), to);
    std::vector<float> data((bytes.size() - 8 - header_size) / 4);
    std::memcpy(data.data(), bytes.data() + 8 + header_size, 4 * data.size());
    return parse(assemble(header, data)).status;
  };
  EXPECT_EQ(with("random", "random"), ModelStatus::kOk);
  EXPECT_EQ(with("\"F32\"", "\"F16\""), ModelStatus::kDamaged);
  EXPECT_EQ(with("\"in.bias\"", "\"in.bios\""), ModelStatus::kDamaged);
  EXPECT_EQ(with("\"in.slope\"", "\"in.bias\""), ModelStatus::kDamaged);
  EXPECT_EQ(with("\"shape\":[2,3,12]", "\"shape\":[2,12,3]"), ModelStatus::kDamaged);
  EXPECT_EQ(with("\"shape\":[2,3,12]", "\"shape\":[2,3,12,1]"), ModelStatus::kDamaged);
  EXPECT_EQ(with("\"shape\":[2,3,12]", "\"shape\":[18446744073709551618,3,12]"), ModelStatus::kDamaged);
  EXPECT_EQ(with("\"data_offsets\":[0,", "\"data_offsets\":[4,"), ModelStatus::kDamaged);
  EXPECT_EQ(with("\"data_offsets\":[288,296]", "\"data_offsets\":[296,304]"), ModelStatus::kDamaged) << "overlap";
  EXPECT_EQ(with("\"data_offsets\":[288,296]", "\"data_offsets\":[296,288]"), ModelStatus::kDamaged);
  EXPECT_EQ(with("\"dtype\":\"F32\",", ""), ModelStatus::kDamaged);
  EXPECT_EQ(with("{\"__metadata__\":{", "{\"__metadata__\":{\"fold\":\"4\","), ModelStatus::kUnsupported) << "twice";
}

TEST(ModelFile, RefusesWeightsThatAreNotFinite) {
  const Architecture a = tiny();
  for (const float bad : {std::nanf(""), INFINITY, -INFINITY}) {
    std::string header = "{";
    header += test::metadata_json(test::metadata_of(a));
    std::vector<float> data(parameter_count(a), 0.5f);
    std::size_t at = 0;
    TensorSpec spec;
    for (std::uint32_t i = 0; tensor_spec(a, i, &spec); ++i) {
      header += ',';
      header += test::tensor_json(spec, at, at + 4 * spec.count());
      at += 4 * spec.count();
    }
    EXPECT_EQ(parse(assemble(header + "}", data)).status, ModelStatus::kOk);
    data[data.size() / 2] = bad;
    EXPECT_EQ(parse(assemble(header + "}", data)).status, ModelStatus::kDamaged);
  }
}

TEST(Crc32, EqualsZlib) {
  const std::uint8_t digits[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  EXPECT_EQ(crc32(0, digits, 9), 0xcbf43926u);  // the check value of the standard
  EXPECT_EQ(crc32(crc32(0, digits, 4), digits + 4, 5), 0xcbf43926u);
  EXPECT_EQ(crc32(0, digits, 0), 0u);
}

}  // namespace
}  // namespace pellucid::nn
