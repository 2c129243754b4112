// The index and the shards of a corpus as an attacker or a bad disk would leave them: always an Error, never more.
#include <gtest/gtest.h>

#include <algorithm>

#include "corpus/corpus.hpp"
#include "corpus/index.hpp"
#include "prepare_support.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;

Index small_index() {
  Index index;
  index.made_with = R"({"seed":1})";
  index.shards = {{"shard-00000-0badcafe.pcm", 2000, 1}, {"shard-00001-00000000.pcm", 400, 2}};
  for (std::uint32_t i = 0; i < 5; ++i) {
    Clip clip;
    clip.kind = i < 3 ? Kind::kSpeech : Kind::kNoise;
    clip.split = i % 2 == 0 ? Split::kTrain : Split::kValid;
    clip.path = fmt::format("a/\"{}\"\n.wav", i);
    clip.group = fmt::format("gr\xC3\xBC{}", i);
    clip.shard = i / 4;
    clip.offset_samples = 100 * (i % 4);
    clip.frames = 100 + i;
    clip.active_level_dbfs = -20.25f;
    clip.activity = 0.5f;
    clip.bandwidth_hz = 8000;
    index.clips.push_back(clip);
  }
  return index;
}

/// The text with its last line's checksum made right again, so that what is inside gets read.
std::string with_checksum(const std::string& text) {
  const std::size_t last = text.rfind('\n', text.size() - 2) + 1;
  return text.substr(0, last) + fmt::format("{{\"crc32\":{}}}\n", crc32(0, text.data(), last));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

std::string fault(const std::string& text) {
  try {
    parse_index(text, "index.jsonl");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kCorpus);
    return error.what();
  }
  return "";
}

TEST(PrepareIndex, ComesBackAsItWas) {
  const Index index = small_index();
  const std::string text = write_index(index);
  const Index back = parse_index(text, "index.jsonl");
  EXPECT_EQ(back.rate_hz, index.rate_hz);
  EXPECT_EQ(back.made_with, index.made_with);
  ASSERT_EQ(back.shards.size(), 2u);
  EXPECT_EQ(back.shards[1].bytes, 400u);
  ASSERT_EQ(back.clips.size(), 5u);
  EXPECT_EQ(back.clips[3].path, index.clips[3].path);
  EXPECT_EQ(back.clips[3].group, index.clips[3].group);
  EXPECT_EQ(back.clips[3].split, Split::kValid);
  EXPECT_EQ(back.clips[4].shard, 1u);
  EXPECT_FLOAT_EQ(back.clips[0].active_level_dbfs, -20.25f);
  EXPECT_EQ(write_index(back), text);
}

TEST(PrepareIndex, HostileValuesAreNamed) {
  const std::string good = write_index(small_index());
  ASSERT_EQ(fault(with_checksum(good)), "");
  const auto changed = [&](const std::string& from, const std::string& to) {
    return fault(with_checksum(replaced(good, from, to)));
  };
  for (const char* name : {"../shard.pcm", "/etc/passwd", "a/b", "", ".hidden", "a\\u0000b", ".."}) {
    EXPECT_NE(changed("shard-00000-0badcafe.pcm", name).find("plain file name"), std::string::npos) << name;
  }
  EXPECT_NE(changed("\"bytes\":2000", "\"bytes\":2001").find("half a sample"), std::string::npos);
  EXPECT_NE(changed("\"bytes\":2000", "\"bytes\":20").find("'frames' is 100, more than 10"), std::string::npos);
  EXPECT_NE(changed("\"bytes\":2000", "\"bytes\":-2000").find("'bytes'"), std::string::npos);
  EXPECT_NE(changed("\"bytes\":2000", "\"bytes\":1e300").find("'bytes'"), std::string::npos);
  EXPECT_NE(changed("\"frames\":100", "\"frames\":18446744073709551615").find("'frames'"), std::string::npos);
  EXPECT_NE(changed("\"frames\":100", "\"frames\":0").find("without samples"), std::string::npos);
  EXPECT_NE(changed("\"offset\":100", "\"offset\":18446744073709551610").find("'offset'"), std::string::npos);
  EXPECT_NE(changed("\"shard\":0", "\"shard\":2").find("'shard'"), std::string::npos);
  EXPECT_NE(changed("\"kind\":\"speech\"", "\"kind\":\"music\"").find("'kind'"), std::string::npos);
  EXPECT_NE(changed("\"split\":\"train\"", "\"split\":3").find("'split'"), std::string::npos);
  EXPECT_NE(changed("\"clips\":5", "\"clips\":4000000000").find("'clips'"), std::string::npos);
  EXPECT_NE(changed("\"clips\":5", "\"clips\":4").find("line 8"), std::string::npos);
  EXPECT_NE(changed("\"shards\":2", "\"shards\":0"), "");
  EXPECT_NE(changed("\"rate_hz\":16000", "\"rate_hz\":0").find("rate_hz"), std::string::npos);
  EXPECT_NE(changed("\"version\":1", "\"version\":2").find("version 2"), std::string::npos);
  EXPECT_NE(changed("pellucid-corpus", "something-else").find("not the index"), std::string::npos);
  EXPECT_NE(changed("\"bandwidth_hz\":8000", "\"bandwidth_hz\":1e999"), "");
  EXPECT_NE(fault(good + "{}\n").find("after the last line"), std::string::npos);
  EXPECT_NE(fault(replaced(good, "-20.25", "-20.26")).find("checksum"), std::string::npos);
  EXPECT_NE(fault("").find("ends early"), std::string::npos);
  EXPECT_NE(fault(std::string(100000, '[') + "\n").find("not a JSON object"), std::string::npos);
}

TEST(PrepareIndex, NoByteAndNoCutGoesUnnoticed) {
  const std::string good = write_index(small_index());
  for (std::size_t length = 0; length < good.size(); ++length) EXPECT_NE(fault(good.substr(0, length)), "") << length;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      EXPECT_NE(fault(bad), "") << i;
    }
  }
}

// With the checksum made right every change reaches the parser: it must refuse or give an index whose clips lie inside.
TEST(PrepareIndex, RandomDamageIsNeverBelieved) {
  const std::string good = write_index(small_index());
  Random random(5);
  for (int round = 0; round < 4000; ++round) {
    std::string bad = good;
    const std::uint64_t changes = 1 + random.integer(4);
    for (std::uint64_t c = 0; c < changes; ++c) {
      const std::size_t at = random.integer(bad.size() - 20);
      switch (random.integer(4)) {
        case 0:
          bad[at] = static_cast<char>(random.integer(256));
          break;
        case 1:
          bad.erase(at, random.integer(10));
          break;
        case 2:
          bad.insert(at, good.substr(random.integer(good.size()), random.integer(40)));
          break;
        default:
          bad[at] = static_cast<char>('0' + random.integer(10));
      }
    }
    try {
      const Index index = parse_index(with_checksum(bad), "index.jsonl");
      for (const Clip& clip : index.clips) {
        ASSERT_LT(clip.shard, index.shards.size());
        ASSERT_LE(clip.frames, index.shards[clip.shard].bytes / 2);
        ASSERT_LE(clip.offset_samples, index.shards[clip.shard].bytes / 2 - clip.frames);
      }
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ExitCode::kCorpus);
    }
  }
}

class PrepareCorpusReader : public ::testing::Test {
 protected:
  void SetUp() override {
    samples_.resize(1000);
    for (std::size_t i = 0; i < samples_.size(); ++i) samples_[i] = static_cast<std::int16_t>(i * 7);
    const std::string bytes(reinterpret_cast<const char*>(samples_.data()), samples_.size() * 2);
    Index index = small_index();
    index.shards = {{"shard-0.pcm", bytes.size(), crc32(0, bytes.data(), bytes.size())}};
    for (Clip& clip : index.clips) clip.shard = 0;
    test::write_text(folder_.path() / "shard-0.pcm", bytes);
    test::write_text(folder_.path() / kIndexName, write_index(index));
  }

  std::string fault() const {
    try {
      Corpus::open(folder_.path());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kCorpus);
      return error.what();
    }
    return "";
  }

  TempFolder folder_;
  std::vector<std::int16_t> samples_;
};

TEST_F(PrepareCorpusReader, GivesTheSamples) {
  const Corpus corpus = Corpus::open(folder_.path());
  EXPECT_EQ(corpus.rate_hz(), 16000);
  ASSERT_EQ(corpus.clips().size(), 5u);
  EXPECT_EQ(corpus.select(Kind::kSpeech, Split::kTrain).size(), 2u);
  EXPECT_EQ(corpus.select(Kind::kSpeech, Split::kValid).size(), 1u);
  EXPECT_EQ(corpus.select(Kind::kNoise, Split::kValid).size(), 1u);
  EXPECT_TRUE(corpus.select(Kind::kRir, Split::kTrain).empty());
  const std::span<const std::int16_t> clip = corpus.samples(corpus.clips()[2]);
  ASSERT_EQ(clip.size(), 102u);
  EXPECT_EQ(clip.front(), samples_[200]);
  EXPECT_EQ(clip.back(), samples_[301]);
}

TEST_F(PrepareCorpusReader, RefusesDamagedShards) {
  const fs::path shard = folder_.path() / "shard-0.pcm";
  std::string bytes = test::read_text(shard);
  bytes[500] = static_cast<char>(bytes[500] ^ 4);
  test::write_text(shard, bytes);
  EXPECT_NE(fault().find("checksum"), std::string::npos);
  test::write_text(shard, bytes.substr(0, 1998));
  EXPECT_NE(fault().find("found 1998 bytes"), std::string::npos);
  fs::remove(shard);
  EXPECT_NE(fault().find("cannot read"), std::string::npos);
  fs::create_directory(shard);
  EXPECT_NE(fault(), "");
  fs::remove(shard);
  test::write_text(folder_.path() / "elsewhere", bytes);
  fs::create_symlink(folder_.path() / "elsewhere", shard);
  EXPECT_NE(fault(), "");
}

TEST_F(PrepareCorpusReader, NobodyMayStandOnTwoSides) {
  Index index = parse_index(test::read_text(folder_.path() / kIndexName), "index.jsonl");
  const auto valid = std::find_if(index.clips.begin(), index.clips.end(), [](const Clip& clip) {
    return clip.kind == Kind::kSpeech && clip.split == Split::kValid;
  });
  const auto train = std::find_if(index.clips.begin(), index.clips.end(), [](const Clip& clip) {
    return clip.kind == Kind::kSpeech && clip.split == Split::kTrain;
  });
  ASSERT_TRUE(valid != index.clips.end() && train != index.clips.end());
  valid->group = train->group;
  test::write_text(folder_.path() / kIndexName, write_index(index));
  const std::string said = fault();
  EXPECT_NE(said.find("speaker '" + train->group + "'"), std::string::npos) << said;
  EXPECT_NE(said.find("train"), std::string::npos) << said;
  EXPECT_NE(said.find("valid"), std::string::npos) << said;
  EXPECT_EQ(said.find('\n'), std::string::npos) << said;
}

TEST_F(PrepareCorpusReader, SaysWhatIsMissing) {
  EXPECT_THROW(Corpus::open(folder_.path() / "nowhere"), Error);
  fs::remove(folder_.path() / kIndexName);
  EXPECT_NE(fault().find("index.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace pellucid::corpus
