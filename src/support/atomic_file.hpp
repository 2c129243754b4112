// A file that appears whole or not at all: written beside its target, synced, then renamed. What a run that was killed
// has left there, the next one takes over.
//
//   AtomicFile file("out/report.json", AtomicFile::Existing::kKeep);  // throws when out/report.json is there already
//   file.write(text);                                                 // or give file.temporary() to another library
//   file.commit();                                                    // without it the destructor removes everything
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace pellucid {

class AtomicFile {
 public:
  enum class Existing { kReplace, kKeep };

  /// Creates the temporary file beside `target` (folders must exist). A device or FIFO is opened as it is.
  /// Throws Error(kOutput) when it cannot, or when the target exists and is to be kept.
  explicit AtomicFile(std::filesystem::path target, Existing existing = Existing::kReplace);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& target() const { return target_; }
  /// Where the bytes go until commit(); equal to target() for a device.
  const std::filesystem::path& temporary() const { return temporary_; }
  /// Open for reading and writing, at the end of what was written. Stays owned by this object.
  int descriptor() const { return descriptor_; }

  /// Appends. Throws Error(kOutput) on a full disk.
  void write(const void* data, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Syncs and renames. Throws Error(kOutput), also when the target has appeared meanwhile and is to be kept.
  void commit();

 private:
  void discard() noexcept;

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  bool keep_existing_ = false;
  bool direct_ = false;
};

/// Writes `text` to `target` at once. Throws Error(kOutput).
void write_file(const std::filesystem::path& target, std::string_view text,
                AtomicFile::Existing existing = AtomicFile::Existing::kReplace);

}  // namespace pellucid
