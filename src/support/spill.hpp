// A sequence that may be longer than memory should hold: a short one stays in memory, a long one goes to an unnamed
// file, which is mapped where it is read. The system takes back the pages of that file when it needs them.
//
//   Spill<float> samples(temporary_folder());
//   while (read(block)) samples.append(block);
//   const Spilled<float> all = std::move(samples).finish();
//   use(all.values());
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
  /// Throws what write() throws where the system says `error`: for who writes to the descriptor.
  [[noreturn]] void fail(int error) const;

 private:
  std::filesystem::path folder_;
  int descriptor_ = -1;
  std::size_t bytes_ = 0;
  void* mapped_ = nullptr;
};

/// What a Spill was given.
template <typename T>
class Spilled {
 public:
  Spilled() = default;
  explicit Spilled(std::vector<T> held) : held_(std::move(held)), values_(held_) {}
  explicit Spilled(UnnamedFile file) : file_(std::move(file)) {
    const std::span<const std::byte> bytes = file_->map();
    values_ = {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

  /// Stays where it is when this object is moved.
  std::span<const T> values() const { return values_; }
  std::size_t size() const { return values_.size(); }

 private:
  std::vector<T> held_;
  std::optional<UnnamedFile> file_;
  std::span<const T> values_;
};

template <typename T>
class Spill {
 public:
  static constexpr std::size_t kHeldBytes = std::size_t{16} << 20;

  /// `folder` is touched only by a sequence of more than `most_held_bytes`.
  explicit Spill(std::filesystem::path folder, std::size_t most_held_bytes = kHeldBytes)
      : folder_(std::move(folder)), most_held_(most_held_bytes / sizeof(T)) {}

  void append(std::span<const T> values) {
    if (!file_ && held_.size() + values.size() <= most_held_) {
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

  Spilled<T> finish() && { return file_ ? Spilled<T>(std::move(*file_)) : Spilled<T>(std::move(held_)); }

 private:
  std::filesystem::path folder_;
  std::size_t most_held_;
  std::vector<T> held_;
  std::optional<UnnamedFile> file_;
};

}  // namespace pellucid
