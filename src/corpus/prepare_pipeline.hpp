// Source files through worker threads, results in the order of the files whatever the number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "corpus/prepare_ledger.hpp"
#include "support/spill.hpp"

namespace pellucid::corpus {

/// A file's record with the samples of its pieces (those of refused pieces may be empty).
struct ProcessedFile {
  FileRecord record;
  std::vector<std::span<const std::int16_t>> samples;
  Spilled<std::int16_t> decoded;  ///< where they are, unless in a corpus that is mapped
  bool reused = false;
};

/// Calls process(i) for first <= i < count on `jobs` threads and commit(i, result) in rising order on the calling
/// thread. Only a few results wait at any time. stop() is asked several times a second and before each commit; once it
/// is true no new file begins, nothing more is committed and the function returns false. Exceptions of either function
/// come out of here.
bool run_in_order(std::size_t first, std::size_t count, int jobs,
                  const std::function<ProcessedFile(std::size_t)>& process,
                  const std::function<void(std::size_t, ProcessedFile)>& commit, const std::function<bool()>& stop);

}  // namespace pellucid::corpus
