// Work spread over threads, exceptions carried back to the caller.
//
//   parallel_for(files.size(), jobs, [&](std::size_t i) { results[i] = measure(files[i]); });
#pragma once

#include <cstddef>
#include <functional>

namespace pellucid {

/// Threads to use when nobody says: the cores this process may run on, at least 1.
int default_jobs();

/// Calls work(0) … work(count - 1) from up to `jobs` threads (0: default_jobs()), in rising order of start.
/// After the first exception no new item starts; it is thrown again here once the running ones have ended.
void parallel_for(std::size_t count, int jobs, const std::function<void(std::size_t)>& work);

}  // namespace pellucid
