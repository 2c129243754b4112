// The manual pages: one a command, each with every option, and without a warning from the program that shows them.
#include <gtest/gtest.h>

#include <regex>

#include "program.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

TEST(Manual, HasAPageForEveryCommandWithItsOptions) {
  if (std::system("command -v help2man > /dev/null") != 0) GTEST_SKIP() << "help2man is not installed";
  const test::TempFolder temp;
  const fs::path folder = temp.path() / "man";
  const std::string make = PELLUCID_SOURCE_DIR "/scripts/man.sh " PELLUCID_PROGRAM " " + folder.string();
  ASSERT_EQ(std::system(make.c_str()), 0);
  const std::string list = run_program({"--help"}).output;
  const std::regex command("\n  ([a-z]+) ");
  int pages = 0;
  const auto commands = list.substr(list.find("Subcommands:"), list.find("Exit codes:") - list.find("Subcommands:"));
  for (std::sregex_iterator it(commands.begin(), commands.end(), command), end; it != end; ++it, ++pages) {
    const fs::path page = folder / ("pellucid-" + (*it)[1].str() + ".1");
    std::string text = slurp(page);
    ASSERT_FALSE(text.empty()) << page;
    text = std::regex_replace(text, std::regex(R"(\\f[BRI]|\\)"), "");
    const std::string help = run_program({(*it)[1], "--help"}).output;
    const std::regex option("\n  (?:-[a-z],)?(--[a-z-]+)");
    for (std::sregex_iterator o(help.begin(), help.end(), option); o != end; ++o) {
      EXPECT_NE(text.find((*o)[1]), std::string::npos) << page << " lacks " << (*o)[1];
    }
    EXPECT_NE(slurp(folder / "pellucid.1").find("pellucid-" + (*it)[1].str()), std::string::npos) << page;
    const std::string warn =
        "groff -man -Tutf8 -ww -z " + page.string() + " > " + (folder / "warnings").string() + " 2>&1";
    if (std::system("command -v groff > /dev/null") == 0) {
      EXPECT_EQ(std::system(warn.c_str()), 0);
      EXPECT_EQ(slurp(folder / "warnings"), "") << page;
    }
  }
  EXPECT_GE(pages, 12);
}

}  // namespace
}  // namespace pellucid::cli
