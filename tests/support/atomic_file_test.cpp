#include "support/atomic_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "support/error.hpp"
#include "temp_folder.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class AtomicFileTest : public pellucid::test::FolderTest {
 protected:
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
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

TEST_F(AtomicFileTest, TakesOverWhatAKilledRunLeft) {
  const fs::path target = folder_ / "a.txt";
  write_file(target, "old");
  for (int round = 0; round < 3; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      AtomicFile file(target);
      file.write("half of something that is long");
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(content(target), "old");
    EXPECT_EQ(entries(), 2u);
  }
  write_file(target, "new");
  EXPECT_EQ(content(target), "new");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(AtomicFileTest, LeavesAloneWhatIsInUse) {
  const fs::path target = folder_ / "a.txt";
  AtomicFile first(target), second(target);
  EXPECT_NE(first.temporary(), second.temporary());
  first.write("first");
  second.write("second");
  first.commit();
  EXPECT_EQ(content(target), "first");
  AtomicFile third(target);
  second.commit();
  third.write("third");
  EXPECT_EQ(content(target), "second");
  third.commit();
  EXPECT_EQ(content(target), "third");
  EXPECT_EQ(entries(), 1u);
}

// The place of the temporary file may be prepared by a stranger, or be what is left between link and unlink.
TEST_F(AtomicFileTest, WritesIntoNoOtherFile) {
  const fs::path target = folder_ / "a.txt", precious = folder_ / "precious.txt";
  const fs::path temporary = AtomicFile(target).temporary();
  write_file(precious, "mine");
  fs::create_hard_link(precious, temporary);
  write_file(target, "new");
  fs::create_symlink(precious, temporary);
  write_file(target, "newer");
  fs::remove(temporary);
  fs::create_directory(temporary);
  write_file(target, "newest");
  EXPECT_EQ(content(target), "newest");
  EXPECT_EQ(content(precious), "mine");
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
