// Block-sparse models: their files, and that they sound as the whole models with the same zeros.
#include "sparse_model.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "owned_network.hpp"

namespace pellucid::nn {
namespace {

using test::in_blocks;
using test::make_random_model;
using test::make_sparse_model;
using test::OwnedNetwork;
using test::Random;
using test::zero_blocks;

/// Layers of whole blocks: also of one block, and of an odd number below one another.
Architecture blocky(TimeMixer time = TimeMixer::kGru, FreqMixer freq = FreqMixer::kDense,
                    Output output = Output::kComplexMask) {
  Architecture a = test::small_architecture(time, freq, output);
  a.channels = 16, a.width = 24, a.hidden = 40, a.freq_hidden = 8, a.heads = 2;
  return a;
}

ModelError parse(const std::vector<std::uint8_t>& bytes) {
  const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), exact.get());
  const auto file = std::make_unique<ModelFile>();
  return file->parse(exact.get(), bytes.size());
}

TEST(SparseModel, GivesBackWhatWasPacked) {
  const Architecture a = blocky();
  const auto whole = make_random_model(a, 1, 1.0, {}, zero_blocks(a, 1, 0.5)), packed = in_blocks(whole);
  ModelFile one, other;
  ASSERT_EQ(one.parse(whole.data(), whole.size()).status, ModelStatus::kOk);
  const ModelError error = other.parse(packed.data(), packed.size());
  ASSERT_EQ(error.status, ModelStatus::kOk) << error.detail;
  EXPECT_FALSE(one.sparse());
  EXPECT_TRUE(other.sparse());
  EXPECT_LT(packed.size(), 0.75 * static_cast<double>(whole.size()));
  TensorSpec spec;
  std::uint64_t weights = 0, uses = 0, layers = 0;
  int in_blocks = 0;
  for (std::uint32_t i = 0; tensor_spec(a, i, &spec); ++i) {
    std::vector<float> x(spec.count()), y(spec.count());
    one.read(i, x.data());
    other.read(i, y.data());
    EXPECT_EQ(x, y) << spec.name;
    EXPECT_EQ(one.kept(i), nullptr);
    in_blocks += other.kept(i) != nullptr;
    // Blocks that are left, counted by hand.
    BlockGrid grid;
    std::uint64_t left = spec.count();
    if (grid.of(spec)) {
      const std::size_t inputs = spec.shape[1] * spec.shape[2];
      left = 0;
      for (std::size_t o = 0; o < spec.shape[0]; o += 8) {
        for (std::size_t c = 0; c < inputs; c += 4) {
          bool any = false;
          for (std::size_t j = 0; j < 32; ++j) any = any || x[(o + j / 4) * inputs + c + j % 4] != 0;
          left += any ? 32 : 0;
        }
      }
    }
    weights += left;
    uses += left * spec.uses;
    layers += spec.count() * spec.uses;
  }
  EXPECT_GE(in_blocks, 14);
  EXPECT_EQ(parameter_count(other), weights);
  EXPECT_EQ(parameter_count(one), parameter_count(a));
  EXPECT_EQ(multiply_adds_per_frame(one), multiply_adds_per_frame(a));
  EXPECT_EQ(multiply_adds_per_frame(other), multiply_adds_per_frame(a) - layers + uses);
}

TEST(SparseModel, AWholeModelStaysWhole) {
  const auto packed = in_blocks(make_random_model(blocky(), 1));
  ModelFile file;
  ASSERT_EQ(file.parse(packed.data(), packed.size()).status, ModelStatus::kOk);
  TensorSpec spec;
  for (std::uint32_t i = 0; tensor_spec(file.architecture(), i, &spec); ++i) EXPECT_EQ(file.kept(i), nullptr);
}

/// Layers alone, and the two that mix bands: what multiply_adds_per_frame says.
TEST(SparseModel, UsesOfWeightsAreTheMultiplyAdds) {
  for (const Architecture& a : test::every_combination()) {
    TensorSpec spec;
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; tensor_spec(a, i, &spec); ++i) {
      const std::string name = spec.name;
      sum += spec.count() * spec.uses;
      if (name == "reduce.weight") sum += spec.count() * a.channels;
      if (name == "expand.weight") sum += spec.count() * (a.output == Output::kBandGains ? 1 : a.channels);
      if (name.ends_with("mix.weight")) sum += spec.count();
      if (name.ends_with("time.position")) sum += 2ull * a.bands * a.context_frames * a.hidden;
      if (name.ends_with("freq.position")) sum += 2ull * a.bands * a.bands * a.freq_hidden;
    }
    EXPECT_EQ(sum, multiply_adds_per_frame(a)) << test::combination_name(a);
  }
}

/// The same numbers in the same order, but for products with zero: to the bit in every set.
TEST(SparseModel, SoundsAsTheWholeOne) {
  std::vector<Architecture> all;
  for (const TimeMixer time : {TimeMixer::kGru, TimeMixer::kConv, TimeMixer::kAttention}) {
    for (const FreqMixer freq : {FreqMixer::kDense, FreqMixer::kConv, FreqMixer::kGru, FreqMixer::kAttention}) {
      all.push_back(blocky(time, freq, Output::kComplexMask));
      all.push_back(blocky(time, freq, Output::kBandGains));
    }
  }
  for (std::uint64_t seed = 0; const Kernels* kernels = kernels_at(seed); ++seed) {
    for (const Architecture& a : all) {
      for (const double share : {0.0, 0.25, 0.9}) {
        SCOPED_TRACE(testing::Message() << kernels->name << " " << test::combination_name(a) << " " << share);
        OwnedNetwork whole(make_random_model(a, 5, 1.0, {}, zero_blocks(a, 5, share)), *kernels);
        OwnedNetwork sparse(make_sparse_model(a, 5, share), *kernels);
        ASSERT_TRUE(whole.ok && sparse.ok) << sparse.error.detail;
        Random random(7);
        for (int frame = 0; frame < 5; ++frame) {
          std::vector<float> x(2 * a.bins() + 2), y(x.size()), z(x.size());
          for (float& value : x) value = static_cast<float>(random.uniform());
          whole.network.process_frame(whole.state, x.data(), y.data());
          sparse.network.process_frame(sparse.state, x.data(), z.data());
          ASSERT_EQ(y, z);
        }
      }
    }
  }
}

class HostileSparseModel : public testing::Test {
 protected:
  HostileSparseModel() : bytes_(make_sparse_model(blocky(), 1, 0.5)) {
    const std::size_t size = bytes_[0] + 256u * bytes_[1];
    header_.assign(bytes_.begin() + 8, bytes_.begin() + 8 + static_cast<std::ptrdiff_t>(size));
    header_.replace(header_.find("crc32:") + 6, 8, "00000000");
    data_.assign(bytes_.begin() + 8 + static_cast<std::ptrdiff_t>(size), bytes_.end());
  }
  ModelError with(const std::string& from, const std::string& to) const {
    std::string header = header_;
    const std::size_t at = header.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    header.replace(at, from.size(), to);
    return parse(test::assemble_bytes(header, data_));
  }
  /// Where the map of a tensor begins and how long it is.
  std::pair<std::size_t, std::size_t> map_of(const std::string& name) const {
    const std::size_t entry = header_.find("\"" + name + ".kept\""), at = header_.find("offsets\":[", entry) + 10;
    const std::size_t begin = std::stoul(header_.substr(at));
    return {begin, std::stoul(header_.substr(header_.find(',', at) + 1)) - begin};
  }
  ModelError with_byte(std::size_t at, std::uint8_t change) const {
    auto data = data_;
    data[at] = static_cast<std::uint8_t>(data[at] ^ change);
    return parse(test::assemble_bytes(header_, data));
  }
  std::vector<std::uint8_t> bytes_, data_;
  std::string header_;
};

TEST_F(HostileSparseModel, IsRefused) {
  ASSERT_EQ(parse(test::assemble_bytes(header_, data_)).status, ModelStatus::kOk);
  EXPECT_EQ(with("blocks-8x4", "blocks-4x4").status, ModelStatus::kUnsupported);
  EXPECT_EQ(with("\"sparsity\":", "\"sparsitx\":").status, ModelStatus::kDamaged) << "blocks where it is not sparse";
  EXPECT_EQ(with("\"U8\"", "\"I8\"").status, ModelStatus::kDamaged);
  EXPECT_EQ(with("\"U8\",\"shape\":[", "\"U8\",\"shape\":[1,").status, ModelStatus::kDamaged);
  EXPECT_EQ(with("\"in.weight.kept\"", "\"in.bias.kept\"").status, ModelStatus::kDamaged);
  EXPECT_EQ(with("\"in.weight.kept\"", "\"encoder.1.weight.kept\"").status, ModelStatus::kDamaged) << "twice";
  EXPECT_EQ(with("\"in.weight.kept\"", "\".kept\"").status, ModelStatus::kDamaged);
  EXPECT_EQ(with("\"in.weight.kept\"", "\"in.weight.kepx\"").status, ModelStatus::kDamaged);
  for (const char* shape : {"[0,4,8]", "[4294967296,4,8]", "[18446744073709551615,4,8]", "[1000000,4,8]"}) {
    std::string name = R"("in.weight":{"dtype":"F32","shape":)";
    const std::size_t at = header_.find(name) + name.size();
    EXPECT_EQ(with(name + header_.substr(at, header_.find(']', at) + 1 - at), name + shape).status,
              ModelStatus::kDamaged)
        << shape;
  }
}

TEST_F(HostileSparseModel, IsRefusedForItsMap) {
  for (const char* name : {"in.weight", "blocks.0.time.weight_hh", "blocks.1.freq.out.weight", "out.weight"}) {
    const auto [at, size] = map_of(name);
    for (std::size_t i = at; i < at + size; ++i) {
      EXPECT_EQ(with_byte(i, 1).status, ModelStatus::kDamaged) << "one block more or less than there are weights";
    }
    // As many as there are, but elsewhere: that is another model, and a good one.
    auto data = data_;
    std::reverse(data.begin() + static_cast<std::ptrdiff_t>(at), data.begin() + static_cast<std::ptrdiff_t>(at + size));
    const ModelStatus status = parse(test::assemble_bytes(header_, data)).status;
    EXPECT_TRUE(status == ModelStatus::kOk || status == ModelStatus::kDamaged);
  }
  // The 3 * 2 blocks of a map of a byte: bits 6 and 7 are spare.
  const Architecture a = [] {
    Architecture small = blocky();
    small.width = 24, small.channels = 8;  // reduce.proj: 3 blocks below, 2 beside one another
    return small;
  }();
  bytes_ = make_sparse_model(a, 3, 0.5);
  const std::size_t header = bytes_[0] + 256u * bytes_[1];
  header_.assign(bytes_.begin() + 8, bytes_.begin() + 8 + static_cast<std::ptrdiff_t>(header));
  header_.replace(header_.find("crc32:") + 6, 8, "00000000");
  data_.assign(bytes_.begin() + 8 + static_cast<std::ptrdiff_t>(header), bytes_.end());
  const auto [at, size] = map_of("reduce.proj.weight");
  ASSERT_EQ(size, 1u);
  ASSERT_NE(data_[at] & 0x3f, 0);
  const auto lowest = static_cast<std::uint8_t>(data_[at] & -data_[at]);
  EXPECT_EQ(with_byte(at, 0x40).status, ModelStatus::kDamaged);
  EXPECT_EQ(with_byte(at, 0x40 | lowest).status, ModelStatus::kDamaged) << "a block beyond the last";
}

TEST_F(HostileSparseModel, SurvivesRandomDamageBehindTheChecksum) {
  Random random(9);
  for (int round = 0; round < 400; ++round) {
    std::string header = header_;
    auto data = data_;
    for (std::uint32_t i = 0; i <= random.below(3); ++i) {
      if (random.below(2) == 0)
        header[random.below(static_cast<std::uint32_t>(header.size()))] = "0123456789[],:\"{}"[random.below(17)];
      else
        data[random.below(static_cast<std::uint32_t>(data.size()))] ^= static_cast<std::uint8_t>(1 + random.below(255));
    }
    if (header.find("crc32:00000000") == std::string::npos) continue;
    OwnedNetwork owned(test::assemble_bytes(header, data));
    if (owned.error.status != ModelStatus::kOk) continue;
    ASSERT_TRUE(owned.ok);
    std::vector<float> x(2 * owned.network.architecture().bins() + 2, 0.5f);
    owned.network.process_frame(owned.state, x.data(), x.data());
  }
}

}  // namespace
}  // namespace pellucid::nn
