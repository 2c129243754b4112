#include "training/distill.hpp"

#include "support/error.hpp"

namespace pellucid::training {
namespace {

using torch::Tensor;
constexpr long kPooledBands = 8;

std::string last_block(const Architecture& a) { return fmt::format("blocks.{}.freq", a.blocks - 1); }

Observer listener(const std::string& wanted, Tensor* to) {
  return [wanted, to](const std::string& name, const Tensor& activation) {
    if (name == wanted) *to = activation;
  };
}

// [sequences*frames, bands, width] -> [sequences, pooled bands, frames, frames]
Tensor likeness(const Tensor& hidden, long frames, long bands) {
  const Tensor pooled = torch::adaptive_avg_pool1d(hidden.transpose(1, 2), bands);
  const Tensor by_band = pooled.view({-1, frames, hidden.size(2), bands}).permute({0, 3, 1, 2});
  const Tensor centred = by_band - by_band.mean(2, true);
  const Tensor unit = centred / torch::sqrt(centred.square().sum(-1, true) + 1e-8);
  return torch::matmul(unit, unit.transpose(2, 3));
}

Tensor magnitude(const Tensor& mask) { return torch::sqrt(mask.square().sum(-1) + 1e-8); }

}  // namespace

Teacher::Teacher(const StoredModel& model, const Recipe& recipe, torch::Device device)
    : network_(make_network(model)),
      options_(recipe.distill),
      loss_(recipe.loss),
      last_of_student_(last_block(recipe.model)) {
  const Architecture &teacher = model.architecture, &student = recipe.model;
  const auto expect = [&](const char* key, double found, double expected) {
    if (found != expected)
      throw Error(ExitCode::kRecipe,
                  "distill.teacher: {} has {} = {:g}, the student {:g}; both must hear the same: set model.{}={:g}, or "
                  "name another teacher",
                  recipe.distill.teacher, key, found, expected, key, found);
  };
  expect("sample_rate_hz", teacher.sample_rate_hz, student.sample_rate_hz);
  expect("window_samples", teacher.window_samples, student.window_samples);
  expect("hop_samples", teacher.hop_samples, student.hop_samples);
  expect("compression", teacher.compression, student.compression);
  // Networks round to bfloat16 in training mode only; with fixed statistics that is the function that they evaluate to.
  network_->train();
  network_->set_fixed_statistics(true);
  network_->set_precision(kernels::precision_of(recipe.train.precision));
  network_->to(device);
}

Observer Teacher::listen(Tensor* hidden) const { return listener(last_of_student_, hidden); }

Tensor Teacher::distance(const Tensor& features, long frames, const Tensor& mask, const Tensor& hidden) const {
  const Architecture& a = network_->architecture();
  Tensor teacher_mask, teacher_hidden;
  {
    torch::NoGradGuard no_grad;
    // Bins are folded into positions without being moved, so another fold is another view.
    const Tensor seen = features.view({-1, a.positions(), 3 * a.fold});
    teacher_mask = network_->forward(seen, frames, listener(last_block(a), &teacher_hidden)).contiguous();
  }
  Tensor total = torch::zeros({}, mask.options());
  if (options_.output_weight > 0) {
    const long bins = a.bins();
    const Tensor power = features.view({-1, bins, 3}).select(2, 2).square();
    const Tensor mine = mask.view({-1, bins, 2}), right = teacher_mask.view({-1, bins, 2});
    const Tensor by_magnitude = (magnitude(mine) - magnitude(right)).square();
    const Tensor by_value = (mine - right).square().sum(-1);
    total =
        total + options_.output_weight * (power * (loss_.magnitude * by_magnitude + loss_.complex * by_value)).mean();
  }
  if (options_.feature_weight > 0) {
    const long bands = std::min({kPooledBands, hidden.size(1), teacher_hidden.size(1)});
    const Tensor difference = likeness(hidden, frames, bands) - likeness(teacher_hidden, frames, bands);
    total = total + options_.feature_weight * difference.square().mean();
  }
  return total;
}

}  // namespace pellucid::training
