// The kept inputs, with every compiler and sanitizer, without libFuzzer: what once crashed must not crash again.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "../nn/random_model.hpp"
#include "targets.hpp"

namespace pellucid::fuzz {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;
using Target = void (*)(const uint8_t*, size_t);

void run_corpus(const char* name, Target target) {
  int count = 0;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(PELLUCID_SOURCE_DIR) / "tests/fuzz/corpus" / name)) {
    SCOPED_TRACE(entry.path().filename().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const Bytes kept((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    target(kept.data(), kept.size());
    ++count;
    // Neighbours of it: a few bytes other, some cut off.
    nn::test::Random random(kept.size());
    for (int i = 0; i < 20 && !kept.empty(); ++i) {
      Bytes changed = kept;
      for (int j = 0; j < 3; ++j)
        changed[random.below(static_cast<std::uint32_t>(kept.size()))] = static_cast<std::uint8_t>(random.bits());
      if (i % 4 == 0) changed.resize(random.below(static_cast<std::uint32_t>(kept.size())));
      target(changed.data(), changed.size());
    }
  }
  EXPECT_GT(count, 0) << "no corpus for " << name;
}

TEST(Corpus, ModelReader) { run_corpus("model", model); }

TEST(Corpus, Process) { run_corpus("process", process); }

#ifdef PELLUCID_FUZZ_TOOLS
TEST(Corpus, Sound) { run_corpus("sound", sound); }

TEST(Corpus, Recipe) { run_corpus("recipe", recipe); }

TEST(Corpus, Corpus) { run_corpus("corpus", corpus); }

TEST(Corpus, Table) { run_corpus("table", table); }

TEST(Corpus, Checkpoint) { run_corpus("checkpoint", checkpoint); }
#endif

}  // namespace
}  // namespace pellucid::fuzz
