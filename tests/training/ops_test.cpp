// Every operator's kernels against its plain LibTorch form: values and gradients.
#include "training/ops.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "training/vector.hpp"

namespace pellucid::training {
namespace {

using torch::Tensor;
using Run = std::function<Tensor(const std::vector<Tensor>& inputs)>;

// Relative distance; an empty gradient on both sides counts as equal.
void expect_close(const Tensor& a, const Tensor& b, const std::string& what, double tolerance = 1e-4) {
  ASSERT_EQ(a.defined(), b.defined()) << what;
  if (a.defined()) {
    EXPECT_LT((a - b).norm().item<double>(), tolerance * b.norm().item<double>() + tolerance) << what;
  }
}

void compare(const std::vector<Tensor>& inputs, const Run& run, double tolerance = 1e-4) {
  std::vector<Tensor> outputs;
  std::vector<std::vector<Tensor>> gradients;
  Tensor direction;
  for (const Form form : {Form::kPlain, Form::kKernels}) {
    set_form(form);
    std::vector<Tensor> leaves;
    for (const auto& i : inputs) leaves.push_back(i.detach().clone().requires_grad_(true));
    const Tensor y = run(leaves);
    if (!direction.defined()) direction = torch::randn_like(y);
    y.backward(direction);
    outputs.push_back(y.detach());
    gradients.emplace_back();
    for (const auto& l : leaves) gradients.back().push_back(l.grad());
  }
  set_form(Form::kKernels);
  expect_close(outputs[1], outputs[0], "value", tolerance);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    expect_close(gradients[1][i], gradients[0][i], "gradient " + std::to_string(i), tolerance);
}

kernels::Taps taps(int count, int frame_step, int position_step) {
  kernels::Taps t;
  t.count = count;
  for (int j = 0; j < count; ++j) {
    t.frame_step[j] = -(count - 1 - j) * frame_step;
    t.position_step[j] = (j - (count - 1) / 2) * position_step;
  }
  return t;
}

struct Shape {
  int in, out;
};
class OpsTest : public testing::TestWithParam<Shape> {
 protected:
  void SetUp() override { torch::manual_seed(11); }
};

TEST_P(OpsTest, Convolve) {
  const auto [in, out] = GetParam();
  constexpr int kSequences = 3, kSteps = 7, kPositions = 11;
  for (const auto& t : {taps(1, 0, 0), taps(3, 0, 1), taps(5, 0, 1), taps(3, 1, 0), taps(3, 2, 0)}) {
    for (const bool batch : {true, false}) {
      for (const bool normalise : {true, false}) {
        for (const bool activate : {true, false}) {
          const bool residual = in == out;
          // Running statistics are changed in place: every form starts from a fresh copy.
          const Tensor mean = torch::randn({out}) * 0.1, var = torch::rand({out}) + 0.5;
          std::vector<Tensor> after;
          compare({torch::randn({kSequences * kSteps, kPositions, in}), torch::randn({out, t.count, in}) * 0.3,
                   torch::randn({out}), torch::rand({out}) + 0.5, torch::rand({out}) * 0.5},
                  [&](const std::vector<Tensor>& v) {
                    Norm norm{normalise ? v[3] : Tensor(), v[2], mean.clone(), var.clone()};
                    const Tensor y = convolve(v[0], v[1], norm, activate ? v[4] : Tensor(), residual, t, kSteps, batch);
                    after.push_back(norm.running_mean);
                    after.push_back(norm.running_var);
                    return y;
                  });
          expect_close(after[2], after[0], "running mean");
          expect_close(after[3], after[1], "running variance");
        }
      }
    }
  }
}

TEST_P(OpsTest, Gru) {
  const auto [in, hidden] = GetParam();
  const int lanes = in % 7 + 1, sequences = 2, steps = 9;
  compare(
      {torch::randn({sequences * steps, lanes, in}), torch::randn({3 * hidden, 1, in}) / std::sqrt(in),
       torch::randn({3 * hidden}) * 0.2, torch::randn({3 * hidden, hidden}) * 0.4, torch::randn({3 * hidden}) * 0.2},
      [&](const std::vector<Tensor>& v) { return gru(v[0], v[1], v[2], v[3], v[4], steps); });
}

// A factor is within 2^-9 of itself; what a layer makes of that is a little more.
TEST_P(OpsTest, ProductsOfBfloat16) {
  constexpr double kTolerance = 1.5e-2;
  constexpr int kSteps = 7;
  const auto [in, out] = GetParam();
  for (const auto& t : {taps(1, 0, 0), taps(3, 0, 1), taps(3, 2, 0)})
    compare(
        {torch::randn({2 * kSteps, 11, in}), torch::randn({out, t.count, in}) * 0.3, torch::randn({out})},
        [&](const std::vector<Tensor>& v) {
          return convolve(v[0], v[1], {{}, v[2], {}, {}}, {}, false, t, kSteps, false, kernels::Precision::kBfloat16);
        },
        kTolerance);
  const int hidden = out, steps = 19;
  compare(
      {torch::randn({2 * steps, 5, in}), torch::randn({3 * hidden, 1, in}) / std::sqrt(in), torch::randn({3 * hidden}),
       torch::randn({3 * hidden, hidden}) * 0.2, torch::randn({3 * hidden})},
      [&](const std::vector<Tensor>& v) {
        return gru(v[0], v[1], v[2], v[3], v[4], steps, kernels::Precision::kBfloat16);
      },
      kTolerance);
}

TEST_P(OpsTest, Attention) {
  // In and out of the shapes are what they are: columns of a head, and steps.
  const auto [width, steps] = GetParam();
  for (const int heads : {1, 3}) {
    for (const int bands : {1, 5}) {
      const Tensor qkv = torch::randn({2 * steps, bands, 3 * heads * width});
      for (const int window : {1, 4, 21})
        compare({qkv, torch::randn({heads, window})},
                [&](const std::vector<Tensor>& v) { return attend(v[0], v[1], steps); });
      compare({qkv, torch::randn({heads, bands, bands})},
              [&](const std::vector<Tensor>& v) { return attend(v[0], v[1], steps); });
    }
  }
}

TEST_P(OpsTest, BandMixings) {
  const auto [in, out] = GetParam();
  for (const int channels : {1, 16, 20, 33}) {
    compare({torch::randn({37, in, channels}), torch::randn({out, in})},
            [](const std::vector<Tensor>& v) { return band_mix(v[0], v[1]); });
    compare({torch::randn({37, in, channels}), torch::randn({out, in, channels})},
            [](const std::vector<Tensor>& v) { return depthwise_mix(v[0], v[1]); });
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, OpsTest,
                         testing::Values(Shape{1, 1}, Shape{5, 3}, Shape{16, 16}, Shape{12, 16}, Shape{20, 33},
                                         Shape{32, 48}, Shape{24, 24}));

TEST(Threads, AreOneInLibTorchAndInItsBlas) {
  use_one_thread();
  EXPECT_EQ(at::get_num_threads(), 1);
  void* const threads = ::dlsym(RTLD_DEFAULT, "openblas_get_num_threads");
  if (threads == nullptr) GTEST_SKIP() << "this LibTorch has another BLAS";
  EXPECT_EQ(reinterpret_cast<int (*)()>(threads)(), 1);
}

TEST(KernelsTest, PowerIsAccurate) {
  for (const float exponent : {-0.35f, 0.15f, 0.3f, 1.1666667f}) {
    double worst = 0;
    for (float x = 1e-12f; x < 1e5f; x *= 1.0013f) {
      float y = 0;
      kernels::power(1, &x, exponent, &y);
      worst = std::max(worst, std::abs(y / std::pow(double(x), double(exponent)) - 1));
    }
    EXPECT_LT(worst, 3e-6) << exponent;
  }
  float zero = 0, y = 1;
  kernels::power(1, &zero, 0.3f, &y);
  EXPECT_EQ(y, 0);
}

}  // namespace
}  // namespace pellucid::training
