// Which of a training's processes this one is, by the environment variables that launchers set.
#pragma once

#include <functional>
#include <string>

namespace pellucid::training {

struct ProcessPlace {
  int rank = 0, count = 1;
  int local_rank = 0;   ///< among the processes of one machine: which of its CUDA devices is this one's
  std::string address;  ///< where process 0 listens
  int port = 0;
  bool launcher_listens = false;  ///< … or the launcher in its place
  int attempt = 0;                ///< how often the launcher has started them anew
  double timeout_s = 300;         ///< the longest wait for another process
};

/// From RANK, WORLD_SIZE (in their absence OMPI_COMM_WORLD_RANK and _SIZE), LOCAL_RANK, MASTER_ADDR, MASTER_PORT, what
/// torchrun sets beside them, and PELLUCID_PROCESS_TIMEOUT_S; `variable` gives a variable's value or null, as getenv
/// does. Without them one process trains alone. Throws Error(kUsage).
ProcessPlace process_place(const std::function<const char*(const char*)>& variable);

}  // namespace pellucid::training
