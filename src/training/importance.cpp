#include "training/importance.hpp"

#include <cmath>
#include <functional>
#include <map>
#include <memory>

#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "training/objective.hpp"

namespace pellucid::training {
namespace {

using torch::Tensor;
constexpr std::uint64_t kSeed = 0x7072756e65;  // never a training's or the validation's seed

// The pairs, ready for the network.
class Pairs {
 public:
  Pairs(const Recipe& recipe, const corpus::Corpus& corpus, int count)
      : frames_(std::lround(recipe.train.chunk_s * recipe.model.sample_rate_hz / recipe.model.hop_samples)) {
    const Architecture& a = recipe.model;
    const int samples = int(frames_) * int(a.hop_samples);
    std::vector<float> noisy(static_cast<std::size_t>(samples)), clean(noisy.size());
    for (int i = 0; i < count; ++i) {
      corpus::make_pair(corpus, recipe.mix, corpus::Split::kTrain, kSeed, std::uint64_t(i), noisy, clean);
      features_.push_back(torch::empty({frames_, a.positions(), 3 * a.fold}));
      objectives_.push_back(std::make_unique<Objective>(a, recipe.loss));
      objectives_.back()->begin(1, samples, noisy.data(), clean.data(), features_.back().data_ptr<float>());
    }
  }
  std::size_t count() const { return features_.size(); }
  Tensor mask(Network& network, std::size_t i) const { return network.forward(features_[i], frames_).contiguous(); }
  /// The loss of a mask, and its gradient.
  double loss(const Tensor& mask, std::size_t i, Tensor* gradient) const {
    *gradient = torch::empty_like(mask);
    const double value = objectives_[i]->evaluate(mask.data_ptr<float>(), gradient->data_ptr<float>());
    if (!std::isfinite(value))
      throw Error(ExitCode::kTraining,
                  "The loss of the network is not a number, so that no unit's importance can be "
                  "told; its weights are damaged or out of range.");
    return value;
  }

 private:
  long frames_;
  std::vector<Tensor> features_;
  std::vector<std::unique_ptr<Objective>> objectives_;
};

// What reads one unit: parts of the network's own weights.
std::vector<Tensor> readers(const std::map<std::string, Tensor>& weights, const Architecture& a, const Units& units,
                            std::size_t group, std::int64_t unit) {
  std::vector<Tensor> parts;
  for (const UnitAxis& axis : units.axes) {
    if (!axis.reads) continue;
    std::int64_t from = 0;
    for (const std::size_t g : axis.groups) {
      if (g == group) parts.push_back(weights.at(axis.tensor).select(axis.axis, from + unit));
      from += a.*units.groups[g].number;
    }
  }
  return parts;
}

// In the shapes of the file, where linear layers have no taps.
std::map<std::string, Tensor> as_in_file(const Architecture& a, std::map<std::string, Tensor> weights) {
  nn::TensorSpec spec;
  for (std::uint32_t i = 0; nn::tensor_spec(a, i, &spec); ++i) {
    Tensor& weight = weights.at(spec.name);
    weight = weight.detach().view(std::vector<std::int64_t>(spec.shape, spec.shape + spec.rank));
  }
  return weights;
}

double mean_loss(Network& network, const Pairs& pairs) {
  torch::NoGradGuard no_grad;
  double sum = 0;
  Tensor gradient;
  for (std::size_t i = 0; i < pairs.count(); ++i) sum += pairs.loss(pairs.mask(network, i), i, &gradient);
  return sum / double(pairs.count());
}

// Visits w dL/dw of every pair, by the names and in the shapes of the file.
void for_each_pair(Network& network, const Pairs& pairs, ProgressStyle style,
                   const std::function<void(const std::map<std::string, Tensor>&)>& visit) {
  const auto weights = network.file_parameters();
  Progress progress({.label = "Measuring importance", .total = double(pairs.count()), .unit = "pairs", .style = style});
  for (std::size_t i = 0; i < pairs.count(); ++i) {
    stop_if_interrupted();
    for (auto& p : network.parameters()) p.mutable_grad() = Tensor();
    const Tensor mask = pairs.mask(network, i);
    Tensor gradient;
    pairs.loss(mask.detach(), i, &gradient);
    mask.backward(gradient);
    torch::NoGradGuard no_grad;
    std::map<std::string, Tensor> products;
    for (const auto& [name, weight] : weights) products[name] = weight * weight.grad();
    visit(as_in_file(network.architecture(), products));
    progress.add();
  }
}

// What the loss gains by a change of the weights, to the second order, of one pair.
double share_of(double change, const Pairs& pairs) { return change * change / (2 * double(pairs.count())); }

}  // namespace

Importance measure_importance(Network& network, const Units& units, const Recipe& recipe, const corpus::Corpus& corpus,
                              ImportanceKind kind, int count, ProgressStyle style) {
  const Architecture& a = network.architecture();
  const Pairs pairs(recipe, corpus, count);
  const auto weights = network.file_parameters();
  network.eval();
  Importance all;
  std::size_t total = 0;
  for (const UnitGroup& group : units.groups) {
    all.emplace_back(a.*group.number);
    total += all.back().size();
  }
  const auto for_each_unit = [&](const std::function<void(double&, const std::vector<Tensor>&)>& visit,
                                 const std::map<std::string, Tensor>& of) {
    for (std::size_t g = 0; g < all.size(); ++g)
      for (std::size_t u = 0; u < all[g].size(); ++u) visit(all[g][u], readers(of, a, units, g, std::int64_t(u)));
  };
  if (kind == ImportanceKind::kAblation) {
    Progress progress({.label = "Measuring importance", .total = double(total), .unit = "units", .style = style});
    const double whole = mean_loss(network, pairs);
    for_each_unit(
        [&](double& value, const std::vector<Tensor>& parts) {
          torch::NoGradGuard no_grad;
          stop_if_interrupted();
          std::vector<Tensor> saved;
          for (Tensor part : parts) {
            saved.push_back(part.clone());
            part.zero_();
          }
          value = mean_loss(network, pairs) - whole;
          for (std::size_t i = 0; i < parts.size(); ++i) Tensor(parts[i]).copy_(saved[i]);
          progress.add();
        },
        as_in_file(a, weights));
    return all;
  }
  for_each_pair(network, pairs, style, [&](const std::map<std::string, Tensor>& products) {
    for_each_unit(
        [&](double& value, const std::vector<Tensor>& parts) {
          double change = 0;
          for (const Tensor& part : parts) change += part.sum().item<double>();
          value += share_of(change, pairs);
        },
        products);
  });
  return all;
}

BlockImportance measure_importance(Network& network, const std::vector<BlockMatrix>& matrices, const Recipe& recipe,
                                   const corpus::Corpus& corpus, int count, ProgressStyle style) {
  const Pairs pairs(recipe, corpus, count);
  network.eval();
  BlockImportance all;
  for (const BlockMatrix& matrix : matrices) all.emplace_back(matrix.groups.size());
  for_each_pair(network, pairs, style, [&](const std::map<std::string, Tensor>& products) {
    for (std::size_t m = 0; m < matrices.size(); ++m) {
      const Tensor& product = products.at(matrices[m].tensor);
      for (std::size_t g = 0; g < all[m].size(); ++g)
        all[m][g] += share_of(part(product, matrices[m].groups[g]).sum().item<double>(), pairs);
    }
  });
  return all;
}

}  // namespace pellucid::training
