#include "support/walk.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "temp_folder.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

class WalkTest : public testing::Test {
 protected:
  void touch(const std::string& name) const {
    fs::create_directories((top() / name).parent_path());
    std::ofstream(top() / name) << name;
  }
  fs::path top() const { return folder_.path() / "top"; }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const fs::path& file : walk(top()).files) names.push_back(file.lexically_relative(top()).string());
    return names;
  }

  const test::TempFolder folder_;
};

TEST_F(WalkTest, FollowsLinksToFoldersAndEachOnce) {
  touch("z/a.wav");
  touch("../elsewhere/deep/b.wav");
  touch(".hidden/c.wav");
  touch(".d.wav");
  fs::create_directory_symlink(folder_.path() / "elsewhere", top() / "out1");
  fs::create_directory_symlink(folder_.path() / "elsewhere", top() / "out2");
  fs::create_directory_symlink(top() / "z", top() / "again");
  fs::create_symlink("nowhere", top() / "gone.wav");
  EXPECT_EQ(files(), (std::vector<std::string>{"gone.wav", "out1/deep/b.wav", "z/a.wav"}));
}

TEST_F(WalkTest, CirclesEnd) {
  touch("a/x.wav");
  fs::create_directory_symlink(top(), top() / "a/up");
  fs::create_directory_symlink(".", top() / "a/self");
  touch("../other/y.wav");
  fs::create_directory_symlink(top(), folder_.path() / "other/back");
  fs::create_directory_symlink(folder_.path() / "other", top() / "a/other");
  EXPECT_EQ(files(), (std::vector<std::string>{"a/other/y.wav", "a/x.wav"}));
}

TEST_F(WalkTest, WhatIsRefusedIsLeftOut) {
  touch("a/x.wav");
  touch("b/y.wav");
  const Walked walked = walk(top(), [&](const fs::path& path) { return path != top() / "a"; });
  EXPECT_EQ(walked.files, (std::vector<fs::path>{top() / "b/y.wav"}));
  EXPECT_EQ(walk(top() / "nowhere").unreadable.size(), 1u);
}

}  // namespace
}  // namespace pellucid
