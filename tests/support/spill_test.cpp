#include "support/spill.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/error.hpp"
#include "temp_folder.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

TEST(Spill, GivesBackWhatWasAppendedFromMemoryAndFromAFile) {
  const test::TempFolder temp;
  const fs::path& folder = temp.path();
  std::vector<std::int16_t> want(5000);
  std::iota(want.begin(), want.end(), std::int16_t{-2000});
  for (const std::size_t most_bytes : {std::size_t{0}, std::size_t{4000}, std::size_t{10000}}) {
    Spill<std::int16_t> spill(folder, most_bytes);
    for (std::size_t at = 0; at < want.size(); at += 700)
      spill.append(std::span(want).subspan(at, std::min<std::size_t>(700, want.size() - at)));
    EXPECT_TRUE(fs::is_empty(folder)) << "the file has no name";
    Spilled<std::int16_t> spilled = std::move(spill).finish();
    const std::span<const std::int16_t> values = spilled.values();
    const Spilled<std::int16_t> moved = std::move(spilled);
    EXPECT_EQ(moved.size(), want.size());
    EXPECT_TRUE(std::equal(values.begin(), values.end(), want.begin(), want.end())) << most_bytes;
  }
  EXPECT_EQ(Spill<float>(folder).finish().size(), 0U);
}

TEST(Spill, NamesTheFolderThatCannotBeWritten) {
  Spill<float> spill("/nowhere/at/all", 0);
  const float value = 1;
  try {
    spill.append({&value, 1});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kOutput);
    EXPECT_EQ(std::string(error.what()),
              "/nowhere/at/all: cannot hold a long recording while it is worked on (No such file or directory); check "
              "the folder, and free some space.");
  }
}

}  // namespace
}  // namespace pellucid
