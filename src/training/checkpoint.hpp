// Everything a training needs to go on exactly where it was.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "training/optimizer.hpp"

namespace pellucid::training {

struct State {
  long step = 0;                 ///< steps done
  double seconds_seen = 0;       ///< of audio
  double wall_s = 0, cpu_s = 0;  ///< spent in steps so far, over all runs
  double best_score = -1e9;
  std::uint32_t teacher = 0;  ///< the checksum of the teacher's file, 0 without one
  std::uint32_t corpus = 0;   ///< corpus::index_checksum
  double rate_factor = 1;     ///< of the recipe's learning rate; lowered once when the loss stopped being a number
  Optimizer optimizer;
  std::vector<float> buffers, average_buffers;  ///< running statistics and their moving average
};

void save_checkpoint(const std::filesystem::path& path, const Recipe& recipe, const State& state);
/// Of a recipe that trains on `corpus` under `teacher`, checksums as State has them. Its best score is forgotten where
/// it is one of other pairs. Throws Error(kTraining) when the file is damaged or belongs to another recipe or teacher.
State load_checkpoint(const std::filesystem::path& path, const Recipe& recipe, std::uint32_t teacher,
                      std::uint32_t corpus, std::size_t parameters, std::size_t buffers);

/// As people read it; "none" for 0.
std::string checksum_text(std::uint32_t checksum);

}  // namespace pellucid::training
