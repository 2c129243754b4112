#include <gtest/gtest.h>

#include "corpus/split.hpp"
#include "corpus/split_rules.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

std::vector<std::string> names(int count) {
  std::vector<std::string> result;
  for (int i = 0; i < count; ++i) result.push_back(fmt::format("speaker{}", i));
  return result;
}

TEST(PrepareSplit, SharesAreRoughlyKept) {
  const auto splits = assign_splits({0.1, 0.05, 3}, Kind::kSpeech, names(2000));
  int count[3] = {};
  for (const auto& [group, split] : splits) ++count[static_cast<int>(split)];
  EXPECT_EQ(splits.size(), 2000u);
  EXPECT_NEAR(count[static_cast<int>(Split::kValid)], 200, 50);
  EXPECT_NEAR(count[static_cast<int>(Split::kTest)], 100, 40);
}

TEST(PrepareSplit, NewGroupsMoveNobody) {
  const SplitShares shares{0.1, 0.1, 1};
  const auto before = assign_splits(shares, Kind::kSpeech, names(100)),
             after = assign_splits(shares, Kind::kSpeech, names(300));
  for (const auto& [group, split] : before) EXPECT_EQ(after.at(group), split) << group;
}

TEST(PrepareSplit, SeedAndKindMatter) {
  const auto a = assign_splits({0.3, 0, 1}, Kind::kSpeech, names(100));
  EXPECT_NE(a, assign_splits({0.3, 0, 2}, Kind::kSpeech, names(100)));
  EXPECT_NE(a, assign_splits({0.3, 0, 1}, Kind::kNoise, names(100)));
}

TEST(PrepareSplit, NoSideIsEmpty) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const int groups : {3, 4, 7}) {
      const auto splits = assign_splits({0.01, 0.9, seed}, Kind::kSpeech, names(groups));
      std::set<Split> sides;
      for (const auto& [group, split] : splits) sides.insert(split);
      EXPECT_EQ(sides.size(), 3u) << seed;
    }
  }
  const auto all = assign_splits({0, 0, 1}, Kind::kSpeech, names(1));
  EXPECT_EQ(all.at("speaker0"), Split::kTrain);
  EXPECT_TRUE(assign_splits({0.1, 0, 1}, Kind::kRir, {}).empty());
}

TEST(PrepareSplit, OneSpeakerCannotBeSplit) {
  try {
    assign_splits({0.05, 0, 1}, Kind::kSpeech, {"alice", "alice"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kCorpus);
    EXPECT_NE(std::string(error.what()).find("alice"), std::string::npos);
  }
}

TEST(PrepareSplit, SidesFilledByHandNeedNoMore) {
  const SplitShares shares{0.2, 0.2, 1};
  const std::map<std::string, Split> by_hand = {{"a", Split::kTrain}, {"b", Split::kValid}, {"c", Split::kTrain}};
  EXPECT_EQ(assign_splits(shares, Kind::kSpeech, {"d"}, by_hand).at("d"), Split::kTest) << "the side that is empty";
  EXPECT_THROW(assign_splits(shares, Kind::kSpeech, {"d"}), Error);
}

TEST(PrepareRules, Globs) {
  EXPECT_TRUE(glob_match("a/*.wav", "a/b.wav"));
  EXPECT_FALSE(glob_match("a/*.wav", "a/b/c.wav"));
  EXPECT_TRUE(glob_match("a/**", "a/b/c.wav"));
  EXPECT_TRUE(glob_match("**/c.*", "a/b/c.wav"));
  EXPECT_FALSE(glob_match("a", "ab"));
  EXPECT_TRUE(glob_match("?b", "ab"));
  EXPECT_FALSE(glob_match("?b", "/b"));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("?va/?", "\xC3\xA9va/\xE6\xB0\xB4")) << "a character, not a byte";
  EXPECT_TRUE(glob_match("[a]", "[a]"));  // no character classes
  std::vector<std::string> captures;
  ASSERT_TRUE(glob_match("?*a", "\xC3\xA9va", &captures));
  EXPECT_EQ(captures, (std::vector<std::string>{"\xC3\xA9", "v"}));
  ASSERT_TRUE(glob_match("kitchen20/*/*-*-*.*", "kitchen20/3/2-267516-D-1.opus", &captures));
  EXPECT_EQ(captures, (std::vector<std::string>{"3", "2", "267516", "D-1", "opus"}));
  // No pattern takes long.
  EXPECT_FALSE(glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(300, 'a')));
}

TEST(PrepareRules, FirstMatchDecides) {
  const GroupRules rules = GroupRules::parse(
      "# sources\r\n"
      "kind,pattern,group,label\r\n"
      "noise,kitchen/*/*-*-*.*,kitchen/{3},class {1}\n"
      "\n"
      "speech,phrases/**,phrases,\"en, \"\"short\"\"\"\n"
      ",fx/*,fx/{stem},{name}\n"
      "noise,music/**,-,\n",
      "rules.csv");
  EXPECT_EQ(rules.find(Kind::kNoise, "kitchen/7/1-55-A-7.wav", "source").group, "kitchen/55");
  EXPECT_EQ(rules.find(Kind::kNoise, "kitchen/7/1-55-A-7.wav", "source").label, "class 7");
  EXPECT_EQ(rules.find(Kind::kSpeech, "phrases/hello/x.wav", "source").group, "phrases");
  EXPECT_EQ(rules.find(Kind::kSpeech, "phrases/hello/x.wav", "source").label, "en, \"short\"");
  EXPECT_EQ(rules.find(Kind::kNoise, "fx/metal_hit_3.wav", "source").group, "fx/metal_hit");
  EXPECT_EQ(rules.find(Kind::kNoise, "fx/metal_hit_3.wav", "source").label, "metal_hit_3");
  EXPECT_EQ(rules.find(Kind::kNoise, "fx/12.wav", "source").group, "fx/12");
  EXPECT_EQ(rules.find(Kind::kNoise, "music/a/b.wav", "source").group, kLeaveOut);
  // The rule is for noise; speech of that name has the default: its folder.
  EXPECT_EQ(rules.find(Kind::kSpeech, "kitchen/7/1-55-A-7.wav", "source").group, "kitchen/7");
  EXPECT_EQ(rules.find(Kind::kSpeech, "kitchen/7/1-55-A-7.wav", "source").label, "kitchen");
  EXPECT_EQ(rules.find(Kind::kSpeech, "x.wav", "source").group, "source");
}

TEST(PrepareRules, FaultsNameTheLine) {
  const auto fault = [](const std::string& csv) -> std::string {
    try {
      GroupRules::parse(csv, "rules.csv");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage);
      return error.what();
    }
    return "";
  };
  const std::string header = "kind,pattern,group,label\n";
  EXPECT_NE(fault("").find("found no line"), std::string::npos);
  EXPECT_NE(fault("pattern,group\n").find("line 1"), std::string::npos);
  EXPECT_NE(fault(header + "speech,a,b\n").find("3 fields"), std::string::npos);
  EXPECT_NE(fault(header + "music,a,b,c\n").find("'music'"), std::string::npos);
  EXPECT_NE(fault(header + "\nspeech,*/a,{2},c\n").find("line 3"), std::string::npos);
  EXPECT_NE(fault(header + "speech,*/a,{0},c\n").find("1 wildcards"), std::string::npos);
  EXPECT_NE(fault(header + "speech,*/a,{99999999999},c\n").find("unknown"), std::string::npos);
  EXPECT_NE(fault(header + "speech,a,{speaker},c\n").find("{speaker}"), std::string::npos);
  EXPECT_NE(fault(header + "speech,a,{1,c\n").find("without"), std::string::npos);
  EXPECT_NE(fault(header + "speech,,b,c\n").find("empty"), std::string::npos);
  EXPECT_NE(fault("kind,pattern,group,label,split\nspeech,a,b,c,left\n").find("'left'"), std::string::npos);
  EXPECT_NE(fault("kind,pattern,group,label,split\nspeech,a,b,c\n").find("expected 5"), std::string::npos);
  EXPECT_NE(fault(header + "speech,K\xFC\x63he/*,b,c\n").find("line 2: found bytes that are no UTF-8"),
            std::string::npos);
  EXPECT_EQ(fault("\xEF\xBB\xBF" + header + "speech,a,b,c\n"), "") << "Excel's mark";
  EXPECT_THROW(GroupRules::load("/nowhere/rules.csv"), Error);
  EXPECT_THROW(GroupRules::load("/tmp"), Error);
}

TEST(PrepareRules, ShippedTableIsValid) {
  const GroupRules rules = GroupRules::load(std::string(PELLUCID_SOURCE_DIR) + "/recipes/groups.csv");
  EXPECT_EQ(rules.find(Kind::kNoise, "kitchen20/10/3-L-Ouvrir-A-10.opus", "source").group, "kitchen20/L-Ouvrir");
  EXPECT_EQ(rules.find(Kind::kNoise, "kitchen20/1/2-267516-D-1.opus", "source").group, "kitchen20/267516");
  EXPECT_EQ(rules.find(Kind::kSpeech, "picovoice_wakeword/jarvis/a.opus", "source").group, "picovoice_wakeword");
  EXPECT_EQ(rules.find(Kind::kSpeech, "speechocean762/SPEAKER0001/1.opus", "source").group,
            "speechocean762/SPEAKER0001");
}

}  // namespace
}  // namespace pellucid::corpus
