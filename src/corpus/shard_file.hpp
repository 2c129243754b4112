// Files of a corpus on disk: whole writes that say why they failed, atomic replacement, memory maps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace pellucid::corpus {

/// A file being written at its end. Every failure is an Error(kOutput) that names the file and the cause.
class AppendFile {
 public:
  AppendFile() = default;
  /// Opens or creates the file, cut to `keep_bytes`.
  AppendFile(const std::filesystem::path& path, std::uint64_t keep_bytes);
  ~AppendFile();
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;

  void write(const void* data, std::size_t bytes);
  /// Forces what was written onto the disk.
  void sync();
  bool is_open() const { return descriptor_ >= 0; }
  void close();

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

/// A whole file mapped read-only. Refuses what is not a regular file, and symbolic links.
class MappedFile {
 public:
  MappedFile() = default;
  /// Throws Error(kCorpus).
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }
  std::string_view text() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Makes renames inside a folder lasting.
void sync_folder(const std::filesystem::path& folder);

}  // namespace pellucid::corpus
