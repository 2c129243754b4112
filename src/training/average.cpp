#include "training/average.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "support/atomic_file.hpp"
#include "support/error.hpp"
#include "support/parse_json.hpp"
#include "training/export.hpp"
#include "training/provenance.hpp"

namespace pellucid::training {
namespace {

std::vector<double> checked_shares(const AverageOptions& options) {
  const std::size_t count = options.models.size();
  if (options.shares.empty()) return std::vector<double>(count, 1.0 / double(count));
  if (options.shares.size() != count)
    throw Error(ExitCode::kUsage, "--shares: found {} for {} models, expected one a model", options.shares.size(),
                count);
  const double sum = std::accumulate(options.shares.begin(), options.shares.end(), 0.0);
  if (!(std::abs(sum - 1) <= 1e-6))
    throw Error(ExitCode::kUsage, "--shares: found a sum of {:g}, expected 1 (for two models: 0.5,0.5)", sum);
  return options.shares;
}

std::string provenance(const std::vector<StoredModel>& models, const std::vector<double>& shares) {
  auto told = parse_json<nlohmann::ordered_json>(models.back().provenance);
  if (!told.is_object()) told = nlohmann::ordered_json::object();
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < models.size(); ++i) {
    all.push_back(nlohmann::ordered_json::parse(ancestry(models[i].name, models[i].provenance)));
    all.back()["share"] = shares[i];
  }
  told["averaged"] = all;
  return told.dump();
}

}  // namespace

std::shared_ptr<Network> average(const std::vector<const StoredModel*>& models, const std::vector<double>& shares) {
  StoredModel mean = *models.front();
  for (std::size_t t = 0; t < mean.tensors.size(); ++t) {
    torch::Tensor sum = models[0]->tensors[t].second * shares[0];
    for (std::size_t m = 1; m < models.size(); ++m) sum += models[m]->tensors[t].second * shares[m];
    mean.tensors[t].second = sum;
  }
  return make_network(mean);
}

void write_average(const AverageOptions& options) {
  const std::vector<double> shares = checked_shares(options);
  const std::string name = model_name_of(options.out);
  AtomicFile out(options.out, options.force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kKeep);
  std::vector<StoredModel> models;
  std::vector<const StoredModel*> pointers;
  models.reserve(options.models.size());
  for (const std::filesystem::path& path : options.models) {
    models.push_back(read_stored_model(path));
    if (const auto difference = first_difference(models.back().architecture, models.front().architecture))
      throw Error(ExitCode::kModel, "{}: has {}, but {} has {}; only models of one architecture have a mean",
                  path.string(), difference->found, options.models.front().string(), difference->expected);
    pointers.push_back(&models.back());
  }
  const bool sparse = std::all_of(models.begin(), models.end(), [](const StoredModel& model) { return model.sparse; });
  const std::string bytes = encode_model(*average(pointers, shares), name, provenance(models, shares), sparse);
  out.write(bytes);
  out.commit();
}

}  // namespace pellucid::training
