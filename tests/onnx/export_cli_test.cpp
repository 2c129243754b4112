// `pellucid export`: what it writes, and what it says when it cannot.
#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <algorithm>

#include "../cli/program.hpp"
#include "../nn/random_model.hpp"
#include "../support/temp_folder.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

class Export : public pellucid::test::FolderTest {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::vector<std::uint8_t>& bytes) const {
    std::ofstream(path(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }
  std::size_t files() const { return std::distance(fs::directory_iterator(folder_), fs::directory_iterator()); }
};

TEST_F(Export, WritesTheShippedModel) {
  const std::string out = path("small.onnx");
  const Ran run = run_program({"export", "small", "--onnx", out, "--licence", "MIT"});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(run.output, out + "\n");
  ::onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(slurp(out)));
  ASSERT_NO_THROW(::onnx::checker::check_model(model));
  std::map<std::string, std::string> metadata;
  for (const auto& entry : model.metadata_props()) metadata[entry.key()] = entry.value();
  EXPECT_EQ(metadata["name"], "small");
  EXPECT_EQ(metadata["licence"], "MIT");
  const Ran info = run_program({"info", "small"});
  EXPECT_NE(info.output.find(metadata["source_checksum"]), std::string::npos) << metadata["source_checksum"];
}

TEST_F(Export, TakesTheLicenceFromTheModel) {
  const auto bytes =
      nn::test::make_random_model(nn::test::small_architecture(), 1, 1.0, {{"licence", "CC-BY \\\"4.0\\\""}});
  const Ran run = run_program({"export", write("own.pellucid", bytes), "--onnx", path("own.onnx")});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_NE(slurp(path("own.onnx")).find("CC-BY \"4.0\""), std::string::npos);
}

TEST_F(Export, ReplacesOnlyWithForce) {
  const std::string out = write("small.onnx", {'o', 'l', 'd'});
  const Ran refused = run_program({"export", "small", "--onnx", out});
  EXPECT_EQ(refused.code, 7);
  EXPECT_NE(refused.error.find("--force"), std::string::npos) << refused.error;
  EXPECT_EQ(slurp(out), "old");
  EXPECT_EQ(run_program({"export", "small", "--onnx", out, "--force"}).code, 0);
  EXPECT_GT(fs::file_size(out), 1000u);
}

TEST_F(Export, SaysInOneSentenceWhatIsWrong) {
  auto damaged = nn::test::make_random_model(nn::test::small_architecture(), 1);
  damaged[damaged.size() / 2] ^= 1;
  write("damaged.pellucid", damaged);
  write("text.pellucid", std::vector<std::uint8_t>(50, 'x'));
  const std::size_t before = files();
  const std::string out = path("out.onnx");
  struct Case {
    std::vector<std::string> arguments;
    int code;
    std::string word;
  };
  const std::vector<Case> cases = {{{"export", path("damaged.pellucid"), "--onnx", out}, 5, "checksum"},
                                   {{"export", path("text.pellucid"), "--onnx", out}, 5, "text.pellucid"},
                                   {{"export", "no-such-model", "--onnx", out}, 5, "no-such-model"},
                                   {{"export", "small", "--onnx", path("missing/out.onnx")}, 7, "folder"},
                                   {{"export", "small", "--onnx", folder_.string()}, 2, ".onnx"},
                                   {{"export", "small"}, 2, "--onnx"},
                                   {{"export", "--onnx", out}, 2, "MODEL"}};
  for (const Case& each : cases) {
    const Ran run = run_program(each.arguments);
    EXPECT_EQ(run.code, each.code) << run.error;
    EXPECT_EQ(run.output, "");
    EXPECT_EQ(std::count(run.error.begin(), run.error.end(), '\n'), 1) << run.error;
    EXPECT_NE(run.error.find(each.word), std::string::npos) << run.error;
  }
  EXPECT_EQ(files(), before) << "something was left behind";
}

}  // namespace
}  // namespace pellucid::cli
