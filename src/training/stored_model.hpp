// A model file as training takes it up: to go on from it, to teach or to tune.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "training/network.hpp"

namespace pellucid::training {

struct StoredModel {
  std::vector<std::byte> bytes;  ///< of the file
  std::string name;
  std::string provenance;  ///< JSON text of the metadata's `training`; empty when there is none
  Architecture architecture;
  std::vector<std::pair<std::string, torch::Tensor>> tensors;  ///< as Network::folded gives them, all whole
  bool sparse = false;                              ///< its file holds some of them as the blocks that are left
  std::uint64_t parameters = 0, multiply_adds = 0;  ///< that the file holds, and of a frame
};

/// Reads and checks a float model file. Throws Error(kModel) that says what is wrong with it.
StoredModel read_stored_model(const std::filesystem::path& path);

/// A network of the model's architecture and weights, set to evaluate. Its normalisations do nothing until
/// Network::settle.
std::shared_ptr<Network> make_network(const StoredModel& model);

}  // namespace pellucid::training
