#include "support/atomic_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "support/error.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class AtomicFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "pellucid-atomic-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

template <typename Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ExitCode::kOk, std::string());
}

TEST_F(AtomicFileTest, AppearsOnlyAtCommit) {
  const fs::path target = folder_ / "a.txt";
  AtomicFile file(target);
  file.write("hello ");
  file.write("world");
  EXPECT_FALSE(fs::exists(target));
  EXPECT_EQ(entries(), 1u);
  file.commit();
  EXPECT_EQ(content(target), "hello world");
  EXPECT_EQ(entries(), 1u);
  struct stat status {};
  ASSERT_EQ(::stat(target.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & S_IRUSR, static_cast<mode_t>(S_IRUSR));
}

TEST_F(AtomicFileTest, LeavesNothingWithoutCommit) {
  { AtomicFile(folder_ / "a.txt").write("half"); }
  EXPECT_EQ(entries(), 0u);
}

TEST_F(AtomicFileTest, KeepsAnExistingFile) {
  const fs::path target = folder_ / "a.txt";
  write_file(target, "old");
  const Error error = error_of([&] { AtomicFile(target, AtomicFile::Existing::kKeep); });
  EXPECT_EQ(error.code(), ExitCode::kOutput);
  EXPECT_NE(std::string(error.what()).find("a.txt"), std::string::npos);
  EXPECT_EQ(content(target), "old");
  write_file(target, "new");
  EXPECT_EQ(content(target), "new");
}

TEST_F(AtomicFileTest, KeepsAFileThatAppearedMeanwhile) {
  const fs::path target = folder_ / "a.txt";
  AtomicFile file(target, AtomicFile::Existing::kKeep);
  file.write("mine");
  write_file(target, "theirs");
  EXPECT_EQ(error_of([&] { file.commit(); }).code(), ExitCode::kOutput);
  EXPECT_EQ(content(target), "theirs");
}

TEST_F(AtomicFileTest, NamesWhatCannotBeWritten) {
  EXPECT_EQ(error_of([&] { AtomicFile(folder_ / "none" / "a.txt"); }).code(), ExitCode::kOutput);
  EXPECT_EQ(error_of([&] { AtomicFile{folder_}; }).code(), ExitCode::kOutput);
  const Error full = error_of([&] { write_file("/dev/full", "x"); });
  EXPECT_EQ(full.code(), ExitCode::kOutput);
  EXPECT_NE(std::string(full.what()).find("/dev/full"), std::string::npos);
  EXPECT_TRUE(fs::exists("/dev/full"));
}

TEST_F(AtomicFileTest, WritesThroughASymbolicLink) {
  write_file(folder_ / "real.txt", "old");
  fs::create_symlink(folder_ / "real.txt", folder_ / "link.txt");
  write_file(folder_ / "link.txt", "new");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.txt"));
  EXPECT_EQ(content(folder_ / "real.txt"), "new");
}

}  // namespace
}  // namespace pellucid
