// Recipes and checkpoints that a stranger made.
#include <gtest/gtest.h>

#include "../corpus/prepare_support.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"
#include "training/checkpoint.hpp"
#include "training/recipe.hpp"
#include "training/tensor_file.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using corpus::test::TempFolder;
using corpus::test::write_text;

template <typename Call>
std::string refusal(ExitCode code, const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "";
}

/// A safetensors file with this header and as many zeros behind it, its checksum right.
std::string tensor_file(const std::string& entries, std::size_t bytes) {
  std::string header = R"({"__metadata__":{"checksum":"crc32:00000000"})" + entries + "}";
  std::string file(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(header.size() >> (8 * i) & 255);
  file += header + std::string(bytes, '\0');
  return file.replace(file.find("crc32:") + 6, 8, fmt::format("{:08x}", crc32(0, file.data(), file.size())));
}

std::string read_refusal(const std::string& bytes) {
  const TempFolder folder;
  write_text(folder.path() / "c", bytes);
  return refusal(ExitCode::kTraining, [&] { read_tensor_file(folder.path() / "c"); });
}

TEST(HostileCheckpoint, TensorsMayNotShareBytes) {
  const std::string one = R"(,"a":{"dtype":"F32","shape":[64],"data_offsets":[0,256]})";
  EXPECT_EQ(read_refusal(tensor_file(one, 256)), "");
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += fmt::format(R"(,"t{}":{{"dtype":"F32","shape":[64],"data_offsets":[0,256]}})", i);
  EXPECT_NE(read_refusal(tensor_file(many, 256)).find("overlap"), std::string::npos);
}

TEST(HostileCheckpoint, LengthsAreCheckedBeforeTheyAreUsed) {
  const auto refuses = [](const std::string& entry) { EXPECT_NE(read_refusal(tensor_file(entry, 256)), "") << entry; };
  refuses(R"(,"a":{"dtype":"F32","shape":[64],"data_offsets":[0,18446744073709551612]})");
  refuses(R"(,"a":{"dtype":"F32","shape":[64],"data_offsets":[256,0]})");
  refuses(R"(,"a":{"dtype":"F32","shape":[64],"data_offsets":[0,260]})");
  refuses(R"(,"a":{"dtype":"F32","shape":[64],"data_offsets":[0,255]})");
  refuses(R"(,"a":{"dtype":"F32","shape":[64],"data_offsets":[0]})");
  refuses(R"(,"a":{"dtype":"F32","shape":"many","data_offsets":[0,256]})");
  refuses(R"(,"a":7)");
  EXPECT_NE(read_refusal(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)).find("longer"), std::string::npos);
  EXPECT_NE(refusal(ExitCode::kTraining, [] { read_tensor_file("/dev/zero"); }), "");
}

TEST(HostileCheckpoint, ItsHeaderMayBeDeep) {
  const std::string deep = R"(,"a":)" + std::string(200000, '[') + std::string(200000, ']');
  EXPECT_NE(read_refusal(tensor_file(deep, 256)), "");
}

TEST(HostileCheckpoint, ItsNumbersAreNumbers) {
  const TempFolder folder;
  const fs::path path = folder.path() / "last.ckpt";
  const Recipe recipe;
  State state;
  state.step = 7;
  save_checkpoint(path, recipe, state);
  EXPECT_EQ(load_checkpoint(path, recipe, 0, 0, 0, 0).step, 7);
  for (const auto& [key, value] : {std::pair{"step", "seven"}, {"step", "-1"}, {"step", "1e300"}, {"wall_s", ""}}) {
    TensorFile file = read_tensor_file(path);
    std::erase_if(file.metadata, [](const auto& entry) { return entry.first == "checksum"; });
    for (auto& [name, text] : file.metadata)
      if (name == key) text = value;
    write_tensor_file(folder.path() / "other.ckpt", file);
    const std::string said =
        refusal(ExitCode::kTraining, [&] { load_checkpoint(folder.path() / "other.ckpt", recipe, 0, 0, 0, 0); });
    EXPECT_NE(said.find(key), std::string::npos) << said;
  }
}

std::string recipe_refusal(const std::string& text) {
  const TempFolder folder;
  write_text(folder.path() / "r.toml", text);
  return refusal(ExitCode::kRecipe, [&] { Recipe::load(folder.path() / "r.toml"); });
}

TEST(HostileRecipe, ItsNameStaysInItsFolder) {
  for (const char* name : {"../escaped", "/tmp/escaped", "", ".hidden", "a\\nb"}) {
    EXPECT_NE(recipe_refusal(fmt::format("name = \"{}\"\n", name)).find("plain file name"), std::string::npos) << name;
  }
  EXPECT_EQ(recipe_refusal("name = \"small 2.1\"\n"), "");
}

TEST(HostileRecipe, DepthAndSizeAreBounded) {
  std::string key = "a";
  for (int i = 0; i < 30000; ++i) key += ".a";
  EXPECT_NE(recipe_refusal("[" + key + "]\n").find("line 1"), std::string::npos);
  EXPECT_NE(recipe_refusal("\n" + key + " = 1\n").find("line 2"), std::string::npos);
  EXPECT_NE(recipe_refusal("a = " + std::string(30000, '[') + std::string(30000, ']') + "\n"), "");
  EXPECT_NE(recipe_refusal(std::string(1 << 20, '#')).find("1048576 bytes"), std::string::npos);
}

}  // namespace
}  // namespace pellucid::training
