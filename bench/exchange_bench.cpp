// What a training's processes pay for adding up their gradients, on this machine over the loopback.
//
//   bench_exchange PROCESSES NUMBERS [PORT]
//
// NUMBERS is that of a network's parameters. Prints the median time of one exchange, with processes that do nothing
// else.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "support/error.hpp"
#include "training/process_group.hpp"

namespace {

using pellucid::training::ProcessGroup;
using pellucid::training::ProcessPlace;

void run(const ProcessPlace& place, std::size_t numbers) {
  constexpr int kRounds = 201;
  ProcessGroup group(place);
  std::vector<float> values(numbers);
  std::vector<double> seconds;
  for (int i = 0; i < kRounds; ++i) {
    std::fill(values.begin(), values.end(), 1.0f);
    const auto from = std::chrono::steady_clock::now();
    group.sum(values);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count());
    if (values.back() != float(place.count)) throw pellucid::Error(pellucid::ExitCode::kInternal, "a wrong sum");
  }
  group.finish();
  std::sort(seconds.begin(), seconds.end());
  if (group.is_first())
    std::printf("%d processes, %zu numbers: %.2f ms (quarters %.2f to %.2f)\n", place.count, numbers,
                1e3 * seconds[kRounds / 2], 1e3 * seconds[kRounds / 4], 1e3 * seconds[3 * kRounds / 4]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s PROCESSES NUMBERS [PORT]\n", argv[0]);
    return 2;
  }
  ProcessPlace place;
  place.count = std::atoi(argv[1]);
  place.address = "127.0.0.1";
  place.port = argc > 3 ? std::atoi(argv[3]) : 29500;
  for (int rank = 1; rank < place.count && place.rank == 0; ++rank)
    if (::fork() == 0) place.rank = rank;
  try {
    run(place, std::size_t(std::atoll(argv[2])));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  while (::wait(nullptr) > 0) {
  }
  return 0;
}
