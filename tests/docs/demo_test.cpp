// What `make demo` shows: the shipped model makes the shipped recording better, and leaves the sound and the picture.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <string>

namespace {

namespace fs = std::filesystem;

TEST(Demo, TheShippedModelImprovesTheShippedRecording) {
  const fs::path source = PELLUCID_SOURCE_DIR, out = fs::path(PELLUCID_BINARY_DIR) / "tests" / "docs" / "demo";
  fs::remove_all(out);
  const std::string command =
      (source / "scripts/demo.sh").string() + " " + PELLUCID_PROGRAM + " base " + out.string() + " 2>&1";
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::array<char, 4096> block;
  for (std::size_t n = 0; (n = std::fread(block.data(), 1, block.size(), pipe)) > 0;) text.append(block.data(), n);
  ASSERT_EQ(pclose(pipe), 0) << text;

  std::smatch change;
  const std::regex numbers(R"(change\s+([+-][0-9.]+)\s+([+-][0-9.]+)\s+[+-][0-9.]+\s+([+-][0-9.]+))");
  ASSERT_TRUE(std::regex_search(text, change, numbers)) << text;
  EXPECT_GT(std::stod(change[1]), 0.2) << "PESQ";
  EXPECT_GT(std::stod(change[2]), 0.02) << "STOI";
  EXPECT_GT(std::stod(change[3]), 3.0) << "SI-SDR, dB";
  EXPECT_NE(text.find("x real time"), std::string::npos) << text;
  EXPECT_TRUE(fs::exists(out / "denoised/office.flac"));
  EXPECT_GT(fs::file_size(out / "spectrograms.png"), 10000u);
}

}  // namespace
