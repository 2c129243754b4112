// A folder of a test's own, which goes with the test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <system_error>

namespace pellucid::test {

class TempFolder {
 public:
  explicit TempFolder(const std::filesystem::path& within = std::filesystem::temp_directory_path()) {
    std::random_device random;
    do path_ = within / ("pellucid-test-" + std::to_string(random()));
    while (!std::filesystem::create_directory(path_));
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
