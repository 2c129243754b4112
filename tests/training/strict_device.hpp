// A device for tests: its tensors lie in the machine's memory and the CPU's operators compute with them, but none may
// meet a tensor of the CPU, as on a GPU. It takes LibTorch's name for Intel's GPUs, for which Debian's has no
// operators.
#pragma once

#include <torch/torch.h>

namespace pellucid::training::test {

/// The first call makes it.
torch::Device strict_device();

/// What it has done so far: operators started, and copies to the CPU, each of which waits for all that was started.
struct Work {
  long operators = 0, to_cpu = 0;
};
Work strict_device_work();

}  // namespace pellucid::training::test
