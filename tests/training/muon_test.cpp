#include "training/muon.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "training/network.hpp"
#include "training/optimizer.hpp"
#include "training/replica.hpp"

namespace pellucid::training {
namespace {

using Floats = std::vector<float>;

Floats random_floats(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Floats out(n);
  for (float& v : out) v = normal(random);
  return out;
}

TEST(MuonTest, OrthogonalizingBringsSingularValuesNearOneAndKeepsTheirVectors) {
  for (const auto& [rows, columns] : {std::pair<long, long>{16, 16}, {8, 36}, {144, 48}, {5, 3}, {2, 31}}) {
    Floats x = random_floats(std::size_t(rows * columns), 7);
    const auto before = torch::from_blob(x.data(), {rows, columns}).clone();
    orthogonalize(rows, columns, x);
    const auto after = torch::from_blob(x.data(), {rows, columns});
    const auto values = torch::linalg_svdvals(after);
    EXPECT_LT(values.max().item<float>(), 1.3f) << rows << " x " << columns;
    if (rows != columns) {  // far from singular
      EXPECT_GT(values.min().item<float>(), 0.6f) << rows << " x " << columns;
    }
    // U V' of the original: the trace of its product with the original is the sum of the singular values.
    const float sum = torch::linalg_svdvals(before).sum().item<float>();
    EXPECT_NEAR((after * before).sum().item<float>() / sum, 1.0f, 0.25f) << rows << " x " << columns;
  }
}

TEST(MuonTest, ZeroStaysZero) {
  Floats x(24, 0.0f);
  orthogonalize(4, 6, x);
  for (const float v : x) EXPECT_EQ(v, 0.0f);
}

TEST(MuonTest, MatricesOfEveryMixerLieWithinTheirParameters) {
  for (const auto time : {TimeMixer::kGru, TimeMixer::kConv, TimeMixer::kAttention})
    for (const auto freq : {FreqMixer::kDense, FreqMixer::kConv, FreqMixer::kGru, FreqMixer::kAttention}) {
      Architecture a = default_architecture();
      a.time_mixer = time;
      a.freq_mixer = freq;
      const Network network(a);
      const std::size_t total = flat_parameters(network).size();
      std::set<std::size_t> seen;
      std::size_t end = 0;
      for (const Matrices& m : matrices_of(network)) {
        EXPECT_GE(m.offset, end);
        end = m.offset + m.size;
        EXPECT_EQ(std::size_t(m.count * m.rows * m.columns), m.size);
        for (long n = 0; n < m.count; ++n)
          for (long r = 0; r < m.rows; ++r)
            for (long c = 0; c < m.columns; ++c)
              EXPECT_TRUE(seen.insert(m.offset + std::size_t(n * m.step + r * m.row_step + c * m.column_step)).second);
        EXPECT_EQ(*seen.rbegin() + 1, end);
      }
      EXPECT_LE(end, total);
      EXPECT_GT(seen.size(), total * 7 / 10);  // most of a network is matrices
    }
}

TEST(MuonTest, ThreadsChangeNothingAndWhatIsNoMatrixMovesAsByAdamW) {
  const Network network(default_architecture());
  const auto matrices = matrices_of(network);
  const std::size_t n = flat_parameters(network).size();
  TrainOptions o;
  o.weight_decay = 0;
  Optimizer plain, one, three;
  for (Optimizer* optimizer : {&plain, &one, &three}) optimizer->start(random_floats(n, 1));
  for (long step = 0; step < 3; ++step) {
    const Floats gradient = random_floats(n, unsigned(step) + 2);
    Floats g = gradient;
    plain.update(g, o, step, 1e-2);
    o.replicas = 1;
    g = gradient;
    one.update(g, o, step, 1e-2, matrices);
    o.replicas = 3;
    g = gradient;
    three.update(g, o, step, 1e-2, matrices);
  }
  EXPECT_EQ(one.weights, three.weights);
  EXPECT_EQ(one.mean, three.mean);
  std::vector<bool> in_matrix(n);
  for (const Matrices& m : matrices)
    for (std::size_t i = 0; i < m.size; ++i) in_matrix[m.offset + i] = true;
  std::size_t same = 0, others = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (in_matrix[i]) {
      same += one.weights[i] == plain.weights[i];
      continue;
    }
    ++others;
    EXPECT_EQ(one.weights[i], plain.weights[i]);
  }
  EXPECT_GT(others, 0u);
  EXPECT_LT(same, n / 100);
}

TEST(MuonTest, StepsOfAllShapesHaveAboutTheSizeOfStepsOfAdamW) {
  const Network network(default_architecture());
  const auto matrices = matrices_of(network);
  const std::size_t n = flat_parameters(network).size();
  TrainOptions o;
  o.weight_decay = 0;
  Optimizer muon;
  muon.start(Floats(n));
  Floats gradient = random_floats(n, 3);
  muon.update(gradient, o, 0, 1.0, matrices);
  double squares = 0, count = 0;
  for (const Matrices& m : matrices)
    for (std::size_t i = m.offset; i < m.offset + m.size; ++i, ++count)
      squares += double(muon.weights[i]) * muon.weights[i];
  const double rms = std::sqrt(squares / count);
  EXPECT_GT(rms, 0.2);
  EXPECT_LT(rms, 0.6);
}

TEST(MuonTest, DecayTakesFromMatricesOnly) {
  TrainOptions o;
  o.weight_decay = 0.5;
  Matrices m;
  m.offset = 1;
  m.size = 4;
  m.rows = m.columns = m.row_step = 2;
  Optimizer muon;
  muon.start({1, 1, 1, 1, 1, 1});
  Floats gradient(6);
  muon.update(gradient, o, 0, 0.1, {m});
  EXPECT_EQ(muon.weights, (Floats{1, 0.95f, 0.95f, 0.95f, 0.95f, 1}));
}

TEST(MuonTest, FindsTheMinimumOfAnUnevenValley) {
  TrainOptions o;
  o.steps = 1000;
  o.warmup_steps = 10;
  o.learning_rate = 0.05;
  o.weight_decay = 0;
  Matrices m;
  m.size = 6;
  m.rows = 2;
  m.columns = 3;
  m.row_step = 3;
  const Floats goal{1, -2, 3, 0.5f, 0, -1}, steep{1, 10, 100, 1, 10, 100};
  Optimizer muon;
  muon.start(Floats(6));
  for (long step = 0; step < o.steps; ++step) {
    Floats gradient(6);
    for (std::size_t i = 0; i < 6; ++i) gradient[i] = steep[i] * (muon.weights[i] - goal[i]);
    muon.update(gradient, o, step, learning_rate(o, step), {m});
  }
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(muon.weights[i], goal[i], 2e-2) << i;
}

}  // namespace
}  // namespace pellucid::training
