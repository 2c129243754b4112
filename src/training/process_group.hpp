// Several processes that train as one, over LibTorch's c10d with Gloo.
//
//   ProcessGroup group(process_place(std::getenv));
//   group.sum(gradient);                          // every process: the sum over all
//   if (group.any(interrupted())) …               // decided by all alike
//   group.finish();
//
// Every process must call the same in the same order. When one is lost, or leaves with an error, whatever the others
// call next throws Error(kTraining) that says who and why.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "training/process_place.hpp"

namespace pellucid::training {

class ProcessGroup {
 public:
  /// One process alone: nothing is sent.
  ProcessGroup();
  /// Meets the others. Throws Error(kTraining, kInterrupted).
  explicit ProcessGroup(const ProcessPlace& place);
  ~ProcessGroup();
  /// For whoever trains alone.
  static ProcessGroup& alone();

  int rank() const { return place_.rank; }
  int count() const { return place_.count; }
  int local_rank() const { return place_.local_rank; }
  /// Whether this one writes and speaks for all.
  bool is_first() const { return place_.rank == 0; }

  /// The same bits in every process.
  void sum(std::vector<float>& values);
  void sum(std::vector<double>& values);
  bool any(bool here);
  /// What process 0 has, to all; of the same size in all.
  void spread(std::vector<float>& values);
  void spread(std::vector<double>& values);
  /// "key=value;key=value;…": throws Error(kTraining) in every process when one has other settings than process 0.
  void agree(const std::string& settings);

  /// Seconds spent in all of these, which is also waiting for the slowest.
  double exchanged_s() const;

  /// All have come to their end.
  void finish();
  /// This one goes before its end; the others will hear the reason.
  void leave(const std::string& reason) noexcept;

 private:
  struct Impl;
  ProcessPlace place_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pellucid::training
