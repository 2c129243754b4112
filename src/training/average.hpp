// One network whose weights are a mean of several: what runs that began at the same weights learned apart is together
// in it, at the cost of one (Wortsman et al., "Model soups", ICML 2022, arXiv:2203.05482).
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "training/stored_model.hpp"

namespace pellucid::training {

/// All weights are Σ share · weight. `models` are of one architecture, at least one; as many `shares` sum to one.
std::shared_ptr<Network> average(const std::vector<const StoredModel*>& models, const std::vector<double>& shares);

struct AverageOptions {
  std::vector<std::filesystem::path> models;  ///< float models of one architecture, two or more
  std::vector<double> shares;                 ///< one a model, positive, summing to one; empty: the same for all
  std::filesystem::path out;
  bool force = false;  ///< replace a file that is there
};

/// Writes the mean as float32, with the history and recipe of the last model and a list `averaged` of all. A weight
/// that is in blocks in every model stays so. Throws Error: kUsage (shares), kModel (no model, an int8 model,
/// architectures that differ), kOutput.
void write_average(const AverageOptions& options);

}  // namespace pellucid::training
