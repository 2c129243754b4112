#include "corpus/prepare_pipeline.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

namespace pellucid::corpus {
namespace {

struct Shared {
  std::mutex mutex;
  std::condition_variable room, arrived;
  std::size_t next = 0, committed = 0;
  std::map<std::size_t, ProcessedFile> done;
  std::exception_ptr error;
  bool stopping = false;
};

void work(Shared& shared, std::size_t count, std::size_t window,
          const std::function<ProcessedFile(std::size_t)>& process) {
  for (;;) {
    std::size_t item = 0;
    {
      std::unique_lock lock(shared.mutex);
      shared.room.wait(
          lock, [&] { return shared.stopping || shared.next >= count || shared.next < shared.committed + window; });
      if (shared.stopping || shared.next >= count) return;
      item = shared.next++;
    }
    std::exception_ptr error;
    ProcessedFile result;
    try {
      result = process(item);
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock(shared.mutex);
    if (error) {
      if (!shared.error) shared.error = error;
      shared.stopping = true;
      shared.room.notify_all();
    } else {
      shared.done.emplace(item, std::move(result));
    }
    shared.arrived.notify_one();
  }
}

}  // namespace

bool run_in_order(std::size_t first, std::size_t count, int jobs,
                  const std::function<ProcessedFile(std::size_t)>& process,
                  const std::function<void(std::size_t, ProcessedFile)>& commit, const std::function<bool()>& stop) {
  if (first >= count) return true;
  Shared shared;
  shared.next = shared.committed = first;
  const std::size_t threads = std::min(count - first, static_cast<std::size_t>(std::max(1, jobs)));
  const std::size_t window = 2 * threads + 2;
  std::vector<std::jthread> workers;
  for (std::size_t i = 0; i < threads; ++i) workers.emplace_back([&] { work(shared, count, window, process); });
  const auto halt = [&] {
    const std::lock_guard lock(shared.mutex);
    shared.stopping = true;
    shared.room.notify_all();
  };
  try {
    for (std::size_t item = first; item < count; ++item) {
      ProcessedFile result;
      for (;;) {
        std::unique_lock lock(shared.mutex);
        shared.arrived.wait_for(lock, std::chrono::milliseconds(100),
                                [&] { return shared.error != nullptr || shared.done.contains(item); });
        // Before anything is taken: what a stop broke off is neither a result nor an error.
        if (stop && stop()) {
          lock.unlock();
          halt();
          return false;
        }
        if (shared.error) std::rethrow_exception(shared.error);
        const auto found = shared.done.find(item);
        if (found == shared.done.end()) continue;
        result = std::move(found->second);
        shared.done.erase(found);
        break;
      }
      commit(item, std::move(result));
      const std::lock_guard lock(shared.mutex);
      shared.committed = item + 1;
      shared.room.notify_all();
    }
  } catch (...) {
    halt();
    throw;
  }
  return true;
}

}  // namespace pellucid::corpus
