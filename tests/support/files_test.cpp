// Small files read whole, and folders locked.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "support/folder_lock.hpp"
#include "support/read_file.hpp"
#include "temp_folder.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

class FilesTest : public pellucid::test::FolderTest {
 protected:
  static std::string refusal(ExitCode code, auto work) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      return error.what();
    }
    return "";
  }
};

TEST_F(FilesTest, ReadsEveryByte) {
  std::string bytes(200'001, 'x');
  bytes[0] = '\0';
  std::ofstream(folder_ / "a", std::ios::binary) << bytes;
  EXPECT_EQ(read_file(folder_ / "a", ExitCode::kInput), bytes);
  EXPECT_EQ(read_file_if_there(folder_ / "a", ExitCode::kInput), bytes);
  EXPECT_EQ(read_file("/dev/null", ExitCode::kInput), "");
}

TEST_F(FilesTest, SaysWhatCannotBeRead) {
  // The memory of this process at address 0: open() succeeds, read() gives EIO.
  const fs::path bad = "/proc/self/mem";
  EXPECT_EQ(refusal(ExitCode::kCorpus, [&] { read_file(bad, ExitCode::kCorpus); }),
            "/proc/self/mem: cannot be read: Input/output error");
  const std::string missing = refusal(ExitCode::kInput, [&] { read_file(folder_ / "none", ExitCode::kInput); });
  EXPECT_NE(missing.find("none: cannot be read: No such file"), std::string::npos) << missing;
  EXPECT_NE(refusal(ExitCode::kInput, [&] { read_file(folder_, ExitCode::kInput); }), "");
  EXPECT_EQ(read_file_if_there(folder_ / "none", ExitCode::kInput), std::nullopt);
  EXPECT_EQ(read_file_if_there(folder_, ExitCode::kInput), std::nullopt);
  fs::create_symlink("/dev/zero", folder_ / "endless");
  EXPECT_EQ(read_file_if_there(folder_ / "endless", ExitCode::kInput), std::nullopt);
}

TEST_F(FilesTest, LocksAFolderForOneWriter) {
  std::optional<FolderLock> first(std::in_place, folder_, "somebody writes here");
  // Another descriptor of the same process counts as another writer.
  EXPECT_EQ(refusal(ExitCode::kOutput, [&] { FolderLock(folder_, "somebody writes here"); }),
            folder_.string() + ": somebody writes here");
  first.reset();
  EXPECT_EQ(refusal(ExitCode::kOutput, [&] { FolderLock(folder_, "somebody writes here"); }), "");
  fs::remove(folder_ / ".lock");
  fs::create_symlink("/dev/null", folder_ / ".lock");
  EXPECT_NE(refusal(ExitCode::kOutput, [&] { FolderLock(folder_, "busy"); }).find("cannot write"), std::string::npos);
}

}  // namespace
}  // namespace pellucid
