// Folders of recordings as clips for mixing, without a prepared corpus.
//
//   FolderClips clips({{Kind::kSpeech, "vctk"}, {Kind::kNoise, "demand"}}, 16000);
//   clips.load(jobs, hooks);           // decodes and measures everything once; names what is damaged and leaves it out
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "corpus/mix_clips.hpp"
#include "corpus/scan.hpp"
#include "support/spill.hpp"

namespace pellucid::corpus {

struct FolderHooks {
  std::function<void(const std::string&)> damaged;  ///< a sentence about a file that is left out
  std::function<void()> decoded;                    ///< a file is done; from any thread
  std::function<bool()> stop;                       ///< true ends with Error(kInterrupted)
};

class FolderClips : public ClipSource {
 public:
  /// Finds the files. Throws Error(kInput) for a folder that is missing or no folder.
  FolderClips(const std::vector<SourceFolder>& folders, int rate_hz, std::size_t cache_bytes = std::size_t{1} << 30);

  std::size_t file_count() const { return files_.size(); }
  /// Decodes every file once. A clip's group is that of `prepare` without rules: its folder, also where that is one of
  /// those given; all clips are of the train split.
  void load(int jobs, const FolderHooks& hooks);

  int rate_hz() const override { return rate_hz_; }
  std::span<const Clip> clips() const override { return clips_; }
  void read(const Clip& clip, std::uint64_t offset_samples, std::span<float> out) const override;

 private:
  using Samples = std::shared_ptr<const Spilled<float>>;
  Samples decode(std::uint32_t file) const;
  Samples decoded(std::uint32_t file) const;
  void keep(std::uint32_t file, Samples samples) const;

  int rate_hz_;
  std::vector<SourceFile> files_;
  std::vector<Clip> clips_;  ///< Clip::shard is the number of the file

  // The most recently used files stay decoded, up to cache_bytes_, and the longest one whatever its size: decoding it
  // again for every pair would cost most. Long ones lie in unnamed files.
  const std::size_t cache_bytes_;
  mutable std::mutex mutex_;
  mutable std::list<std::uint32_t> recent_;
  mutable std::unordered_map<std::uint32_t, std::pair<Samples, std::list<std::uint32_t>::iterator>> cache_;
  mutable std::size_t cached_bytes_ = 0, longest_bytes_ = 0;
  mutable std::uint32_t longest_ = 0;
};

}  // namespace pellucid::corpus
