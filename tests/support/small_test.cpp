// CRC-32, CSV, nearest names, threads.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/crc32.hpp"
#include "support/csv.hpp"
#include "support/nearest.hpp"
#include "support/parse_json.hpp"
#include "support/thread_pool.hpp"

namespace pellucid {
namespace {

TEST(Crc32, IsThatOfZlib) {
  EXPECT_EQ(crc32(0, "123456789", 9), 0xCBF43926u);  // the check value of the standard
  EXPECT_EQ(crc32(0, "", 0), 0u);
  const std::string text = "The quick brown fox jumps over the lazy dog";
  EXPECT_EQ(crc32(0, text.data(), text.size()), 0x414FA339u);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc32(crc32(0, text.data(), cut), text.data() + cut, text.size() - cut), 0x414FA339u) << cut;
  }
}

TEST(Csv, FieldsSurviveTheWayThere) {
  const std::vector<std::string> fields{"plain", "", "a,b", "say \"no\"", " spaces ", "\"", "é"};
  std::string line;
  for (const std::string& field : fields) {
    if (&field != fields.data()) line += ',';
    line += csv_field(field);
  }
  EXPECT_EQ(line, "plain,,\"a,b\",\"say \"\"no\"\"\", spaces ,\"\"\"\",é");
  EXPECT_EQ(csv_fields(line), fields);
  EXPECT_EQ(csv_fields("1,2\r"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(csv_fields(""), std::vector<std::string>{""});
}

TEST(Nearest, CountsEdits) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("strenght", "strength"), 1u);
  EXPECT_EQ(edit_distance("Rate", "rate"), 0u);
}

TEST(Nearest, NamesTheNearestOrAll) {
  const std::vector<std::string> valid{"rate_hz", "channels", "blocks"};
  EXPECT_EQ(nearest("chanels", valid), "channels");
  EXPECT_EQ(nearest("zzzzzzz", valid), std::nullopt);
  EXPECT_EQ(did_you_mean("rate", valid), "did you mean 'rate_hz'?");
  EXPECT_EQ(did_you_mean("qqqqqqqqqqqq", valid), "valid are rate_hz, channels, blocks");
}

TEST(WholeNumber, TakesWhatFits) {
  const auto read = [](const char* text) { return whole_number<std::uint32_t>(parse_json(text)); };
  EXPECT_EQ(read("0"), 0u);
  EXPECT_EQ(read("4294967295"), 4294967295u);
  EXPECT_EQ(whole_number<std::int64_t>(parse_json("-9223372036854775808")), INT64_MIN);
  for (const char* text : {"4294967296", "-1", "1.5", "1e40", "true", "\"7\"", "null", "[1]"})
    EXPECT_THROW(read(text), nlohmann::json::exception) << text;
}

TEST(ParallelFor, DoesEveryItemOnce) {
  for (const int jobs : {0, 1, 3, 16}) {
    std::vector<std::atomic<int>> done(100);
    parallel_for(done.size(), jobs, [&](std::size_t i) { ++done[i]; });
    for (const auto& count : done) EXPECT_EQ(count, 1);
  }
  parallel_for(0, 4, [](std::size_t) { FAIL(); });
}

TEST(ParallelFor, CarriesAnExceptionBackAndStops) {
  std::atomic<int> done{0};
  const auto work = [&](std::size_t i) {
    if (i == 5) throw std::runtime_error("five");
    ++done;
  };
  EXPECT_THROW(parallel_for(1000000, 4, work), std::runtime_error);
  EXPECT_LT(done, 1000000);
}

}  // namespace
}  // namespace pellucid
