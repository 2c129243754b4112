#include "support/progress.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace pellucid {
namespace {

std::string shown(ProgressStyle style) {
  ::testing::internal::CaptureStderr();
  {
    Progress progress({.label = "Work", .total = 4, .unit = "files", .rate = " files/s", .style = style});
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { progress.add(1, "x.wav"); });
    threads.clear();
    progress.note("y.wav: \"skipped\"");
    EXPECT_EQ(progress.done(), 4);
  }
  return ::testing::internal::GetCapturedStderr();
}

TEST(Progress, EndsALogWithOneLine) {
  const std::string text = shown(ProgressStyle::kLines);
  EXPECT_NE(text.find("y.wav: \"skipped\"\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Work: 4/4 files, "), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Progress, DoesNotCountEarlierWorkAsSpeed) {
  ::testing::internal::CaptureStderr();
  {
    Progress progress({.label = "Work", .total = 1000, .already = 900, .style = ProgressStyle::kJson});
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("\"done\":900.000"), std::string::npos) << text;
  EXPECT_NE(text.find("\"per_second\":0.000"), std::string::npos) << text;
}

TEST(Progress, DrawsABarOnATerminal) {
  const std::string text = shown(ProgressStyle::kBar);
  EXPECT_NE(text.find("100% 4/4 files"), std::string::npos) << text;
  EXPECT_NE(text.find("##]"), std::string::npos) << text;
  EXPECT_EQ(text.back(), '\n');
}

TEST(Progress, WritesJsonLinesForAProgram) {
  const std::string text = shown(ProgressStyle::kJson);
  EXPECT_NE(text.find("{\"event\":\"note\",\"text\":\"y.wav: \\\"skipped\\\"\"}\n"), std::string::npos) << text;
  EXPECT_NE(text.find("{\"event\":\"finished\",\"label\":\"Work\",\"done\":4.000,\"total\":4.000,"), std::string::npos);
}

TEST(Progress, IsSilentWhenAsked) { EXPECT_EQ(shown(ProgressStyle::kNone).find("Work"), std::string::npos); }

TEST(Progress, FormatsDurations) {
  EXPECT_EQ(format_duration(7), "0:07");
  EXPECT_EQ(format_duration(3723), "1:02:03");
  EXPECT_EQ(format_duration(-1), "?");
}

TEST(Json, EscapesAndRepairsText) {
  EXPECT_EQ(json_string("a\"\\\n\t\x01"), "\"a\\\"\\\\\\u000a\\u0009\\u0001\"");
  EXPECT_EQ(json_string("gr\xC3\xBC\xC3\x9F"), "\"gr\xC3\xBC\xC3\x9F\"");
  EXPECT_EQ(json_string("\xFF"
                        "a"),
            "\"\xEF\xBF\xBD"
            "a\"");
  EXPECT_EQ(json_string("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");  // a lone surrogate
}

}  // namespace
}  // namespace pellucid
