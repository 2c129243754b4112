// A sequence that may be longer than memory should hold: a short one stays in memory, a long one goes to an unnamed
// file, which is mapped where it is read. The system takes back the pages of that file when it needs them.
//
//   Spill<float> samples(temporary_folder());
//   while (read(block)) samples.append(block);
//   const std::span<const float> all = samples.values();
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pellucid {

/// Where large files without a name go: TMPDIR, else /var/tmp, which, unlike /tmp, seldom is memory, else /tmp.
std::filesystem::path temporary_folder();

/// A file that nobody else sees and that is gone with the process, however it ends.
class UnnamedFile {
 public:
  /// Throws Error(kOutput), as write() does: `folder` cannot be written, or is full.
  explicit UnnamedFile(std::filesystem::path folder);
  ~UnnamedFile();
  UnnamedFile(UnnamedFile&& other) noexcept;
  UnnamedFile& operator=(UnnamedFile&& other) noexcept;

  int descriptor() const { return descriptor_; }
  /// Appends; not after map().
  void write(const void* data, std::size_t bytes);
  /// All that was written, read-only, for as long as this object lives.
  std::span<const std::byte> map();

 private:
  [[noreturn]] void fail(int error) const;

  std::filesystem::path folder_;
  int descriptor_ = -1;
  std::size_t bytes_ = 0;
  void* mapped_ = nullptr;
};

template <typename T>
class Spill {
 public:
  static constexpr std::size_t kHeldBytes = std::size_t{16} << 20;

  /// `folder` is touched only by a sequence of more than `most_held_bytes`.
  explicit Spill(std::filesystem::path folder, std::size_t most_held_bytes = kHeldBytes)
      : folder_(std::move(folder)), most_held_(most_held_bytes / sizeof(T)) {}

  void append(std::span<const T> values) {
    size_ += values.size();
    if (!file_ && size_ <= most_held_) {
      held_.insert(held_.end(), values.begin(), values.end());
      return;
    }
    if (!file_) {
      file_.emplace(folder_);
      file_->write(held_.data(), held_.size() * sizeof(T));
      held_ = {};
    }
    file_->write(values.data(), values.size_bytes());
  }

  std::size_t size() const { return size_; }
  /// Ends the appending. Valid while this object, or the one it was moved to, lives.
  std::span<const T> values() {
    return file_ ? std::span(reinterpret_cast<const T*>(file_->map().data()), size_) : std::span<const T>(held_);
  }

 private:
  std::filesystem::path folder_;
  std::size_t most_held_, size_ = 0;
  std::vector<T> held_;
  std::optional<UnnamedFile> file_;
};

}  // namespace pellucid
