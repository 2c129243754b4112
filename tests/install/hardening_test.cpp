// Programs and libraries as they were built carry what cmake/PellucidHardening.cmake asks for; readelf tells.
#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::string readelf(const std::string& options, const std::string& file) {
  const std::string command = "LC_ALL=C readelf -W " + options + " '" + file + "' 2>&1";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  std::array<char, 4096> block;
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), pipe.get())) text.append(block.data(), got);
  return text;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class Hardening : public testing::TestWithParam<std::string> {};

TEST_P(Hardening, TheFileIsHardened) {
  const std::string file = GetParam();
  const std::string header = readelf("-h", file), segments = readelf("-l", file), dynamic = readelf("-d", file);
  ASSERT_TRUE(has(header, "ELF Header")) << header;
  EXPECT_TRUE(has(header, "DYN")) << "is at a fixed address (no PIE):\n" << header;
  EXPECT_TRUE(has(segments, "GNU_RELRO")) << "its tables stay writable";
  EXPECT_TRUE(has(dynamic, "BIND_NOW") || has(dynamic, " NOW")) << "binds symbols late:\n" << dynamic;
  EXPECT_FALSE(has(dynamic, "TEXTREL")) << "writes to its own code";
  const std::size_t stack = segments.find("GNU_STACK");
  ASSERT_NE(stack, std::string::npos);
  EXPECT_FALSE(has(segments.substr(stack, segments.find('\n', stack) - stack), "RWE")) << "its stack can be executed";
  const std::string symbols = readelf("--dyn-syms", file);
  EXPECT_TRUE(has(symbols, "__stack_chk_fail")) << "no stack protector";
#if defined(__x86_64__)
  // Not the note that the linker would write: it takes every object to have it, and Debian's start-up objects do not.
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}}, endbr64 = "\xF3\x0F\x1E\xFA";
  int landings = 0;
  for (std::size_t at = bytes.find(endbr64); at != std::string::npos; at = bytes.find(endbr64, at + 4)) ++landings;
  EXPECT_GT(landings, 50) << "is built without -fcf-protection";
#endif
}

std::vector<std::string> files() {
  std::vector<std::string> all;
  std::istringstream list(PELLUCID_HARDENED_FILES);
  for (std::string file; std::getline(list, file, ',');) all.push_back(file);
  return all;
}

std::string name_of(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(std::string(PELLUCID_BINARY_DIR).size() + 1);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Built, Hardening, testing::ValuesIn(files()), name_of);

TEST(HardeningOfCalls, TheToolUsesCheckedOnes) {
  EXPECT_TRUE(has(readelf("--dyn-syms", files().front()), "_chk@")) << "no -D_FORTIFY_SOURCE";
}

}  // namespace
