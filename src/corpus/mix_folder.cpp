#include "corpus/mix_folder.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "audio/sound.hpp"
#include "corpus/active_level.hpp"
#include "corpus/split_rules.hpp"
#include "support/error.hpp"
#include "support/thread_pool.hpp"

namespace pellucid::corpus {

FolderClips::FolderClips(const std::vector<SourceFolder>& folders, int rate_hz, std::size_t cache_bytes)
    : rate_hz_(rate_hz), files_(scan(folders).files), cache_bytes_(cache_bytes) {}

FolderClips::Samples FolderClips::decode(std::uint32_t file) const {
  return std::make_shared<const Spilled<float>>(
      audio::SoundStream(files_[file].file, {.rate_hz = rate_hz_}).read_all());
}

void FolderClips::load(int jobs, const FolderHooks& hooks) {
  std::vector<Clip> found(files_.size());
  std::vector<std::string> problems(files_.size());
  parallel_for(files_.size(), jobs, [&](std::size_t i) {
    if (hooks.stop && hooks.stop()) throw Error(ExitCode::kInterrupted, "Interrupted while reading the recordings.");
    const SourceFile& file = files_[i];
    Clip& clip = found[i];
    try {
      const Samples decoded = decode(static_cast<std::uint32_t>(i));
      const std::span<const float> samples = decoded->values();
      const auto level =
          file.kind == Kind::kSpeech ? active_level(samples, rate_hz_) : ActiveLevel{rms_level_dbfs(samples), 1.0f};
      clip.kind = file.kind;
      clip.path = file.name;
      clip.group = GroupRules().find(file).group;
      clip.shard = static_cast<std::uint32_t>(i);
      clip.frames = samples.size();
      clip.active_level_dbfs = level.level_dbfs;
      clip.activity = level.activity;
      if (level.level_dbfs <= kSilenceDbfs) problems[i] = file.file.string() + ": holds nothing but silence; left out.";
      keep(clip.shard, decoded);
    } catch (const Error& error) {
      if (error.code() != ExitCode::kAudio && error.code() != ExitCode::kInput) throw;
      problems[i] = std::string(error.what()) + " (left out)";
    }
    if (hooks.decoded) hooks.decoded();
  });
  clips_.clear();
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (problems[i].empty() && found[i].frames > 0) {
      clips_.push_back(std::move(found[i]));
    } else if (hooks.damaged) {
      hooks.damaged(problems[i]);
    }
  }
}

FolderClips::Samples FolderClips::decoded(std::uint32_t file) const {
  {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(file);
    if (found != cache_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second.second);
      return found->second.first;
    }
  }
  const Samples samples = decode(file);
  keep(file, samples);
  return samples;
}

void FolderClips::keep(std::uint32_t file, Samples samples) const {
  const std::lock_guard lock(mutex_);
  if (cache_.contains(file)) return;
  const std::size_t bytes = samples->values().size_bytes();
  cached_bytes_ += bytes;
  if (bytes > longest_bytes_) {
    longest_bytes_ = bytes;
    longest_ = file;
  }
  recent_.push_front(file);
  cache_.emplace(file, std::pair(std::move(samples), recent_.begin()));
  while (cached_bytes_ > cache_bytes_ && recent_.size() > 1) {
    const auto place = recent_.back() == longest_ ? std::prev(recent_.end(), 2) : std::prev(recent_.end());
    const auto oldest = cache_.find(*place);
    cached_bytes_ -= oldest->second.first->values().size_bytes();
    cache_.erase(oldest);
    recent_.erase(place);
  }
}

void FolderClips::read(const Clip& clip, std::uint64_t offset_samples, std::span<float> out) const {
  const Samples file = decoded(clip.shard);
  const std::span<const float> samples = file->values();
  if (offset_samples + out.size() > samples.size()) {
    throw Error(ExitCode::kInput, "{}: has become shorter while it was read; run the command again.",
                files_[clip.shard].file.string());
  }
  std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(offset_samples), out.size(), out.begin());
}

}  // namespace pellucid::corpus
