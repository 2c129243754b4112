#include "support/model_files.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "temp_folder.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

class ModelFiles : public pellucid::test::FolderTest {
 protected:
  void SetUp() override {
    for (const char* sub : {"a", "b"}) fs::create_directory(folder_ / sub);
    put("a/one.pellucid", "first");
    put("b/one.safetensors", "second");
    put("b/two.safetensors", "third");
    put("b/card.md", "no model");
    fs::create_directory(folder_ / "b/three.pellucid");
    ::unsetenv("PELLUCID_MODELS");
  }
  void TearDown() override { ::unsetenv("PELLUCID_MODELS"); }
  void put(const char* name, const char* text) const { std::ofstream(folder_ / name) << text; }
};

TEST_F(ModelFiles, NamesAreLookedUpInOrder) {
  const auto folders = model_folders({folder_ / "a", folder_ / "b"});
  EXPECT_EQ(model_names(folders), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(find_model_file("one", folders), folder_ / "a/one.pellucid");
  EXPECT_EQ(find_model_file("two", folders), folder_ / "b/two.safetensors");
  EXPECT_EQ(find_model_file("three", folders), std::nullopt);
  EXPECT_EQ(find_model_file("card", folders), std::nullopt);
  EXPECT_EQ(find_model_file("./any", folders), fs::path("./any"));
  EXPECT_EQ(find_model_file(folder_ / "b/card.md", folders), folder_ / "b/card.md");
  EXPECT_EQ(find_named_model("two", folders), folder_ / "b/two.safetensors");
  EXPECT_EQ(find_named_model(folder_ / "b/card.md", folders), std::nullopt);
}

TEST_F(ModelFiles, TheVariableGoesFirst) {
  ::setenv("PELLUCID_MODELS", ((folder_ / "b").string() + "::" + (folder_ / "none").string()).c_str(), 1);
  const auto folders = model_folders({folder_ / "a"});
  EXPECT_EQ(folders, (std::vector<fs::path>{folder_ / "b", folder_ / "none", folder_ / "a"}));
  EXPECT_EQ(find_model_file("one", folders), folder_ / "b/one.safetensors");
}

TEST_F(ModelFiles, ReadingSaysWhatIsWrong) {
  std::vector<std::byte> bytes;
  EXPECT_EQ(read_model_file(folder_ / "a/one.pellucid", bytes), std::nullopt);
  EXPECT_EQ(bytes.size(), 5u);
  put("empty", "");
  const auto wrong = [&](const char* name) { return read_model_file(folder_ / name, bytes).value_or(""); };
  EXPECT_NE(wrong("empty").find("empty"), std::string::npos);
  EXPECT_NE(wrong("a").find("is a folder"), std::string::npos);
  EXPECT_NE(wrong("gone").find("cannot be opened: No such file"), std::string::npos);
  EXPECT_TRUE(bytes.empty());
}

}  // namespace
}  // namespace pellucid
