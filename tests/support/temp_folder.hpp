// A folder of a test's own, which goes with the test.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace pellucid::test {

class TempFolder {
 public:
  explicit TempFolder(const std::filesystem::path& within = std::filesystem::temp_directory_path()) {
    std::string pattern = (within / "pellucid-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::filesystem::filesystem_error("mkdtemp", within, std::error_code(errno, std::generic_category()));
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A test in an empty folder_.
class FolderTest : public testing::Test {
 private:
  const TempFolder temp_;

 protected:
  const std::filesystem::path folder_ = temp_.path();
};

}  // namespace pellucid::test
