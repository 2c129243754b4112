#include "corpus/prepare.hpp"

#include <gtest/gtest.h>

#include <set>

#include "audio/stream.hpp"
#include "corpus/index.hpp"
#include "prepare_support.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;
using test::corpus_bytes;
using test::options_for;
using test::TempFolder;

class PrepareTest : public ::testing::Test {
 protected:
  void SetUp() override { test::make_recordings(root()); }
  fs::path root() const { return folder_.path(); }
  fs::path out() const { return folder_.path() / "corpus"; }

  /// The sentence of the error and its code.
  std::pair<ExitCode, std::string> fault(const PrepareOptions& options) const {
    try {
      prepare(options, {});
    } catch (const Error& error) {
      return {error.code(), error.what()};
    }
    return {ExitCode::kOk, ""};
  }

  TempFolder folder_;
};

TEST_F(PrepareTest, MakesACorpus) {
  const PrepareResult result = prepare(options_for(root(), out()), {});
  EXPECT_EQ(result.files, 30u);
  EXPECT_EQ(result.damaged, 0u);
  EXPECT_EQ(result.refused, 0u);
  EXPECT_GT(result.shards, 3u);
  const Corpus corpus = Corpus::open(out());
  ASSERT_EQ(corpus.clips().size(), 30u);
  std::map<std::pair<Kind, std::string>, std::set<Split>> sides;
  for (const Clip& clip : corpus.clips()) sides[{clip.kind, clip.group}].insert(clip.split);
  EXPECT_EQ(sides.size(), 10u);
  for (const auto& [group, splits] : sides) EXPECT_EQ(splits.size(), 1u) << group.second;
  for (const Kind kind : {Kind::kSpeech, Kind::kNoise}) {
    EXPECT_FALSE(corpus.select(kind, Split::kTrain).empty());
    EXPECT_FALSE(corpus.select(kind, Split::kValid).empty());
  }
  // The samples are the recording's own.
  const Clip& clip = corpus.clips()[4];
  EXPECT_EQ(clip.path, "speaker1/1.wav");
  EXPECT_EQ(clip.group, "speaker1");
  const std::vector<float> written = test::bursts(1.3, 0.1f, 50, 101);
  const std::span<const std::int16_t> samples = corpus.samples(clip);
  ASSERT_EQ(samples.size(), written.size());
  for (std::size_t i = 0; i < samples.size(); i += 97) EXPECT_NEAR(samples[i] / 32768.0, written[i], 1.01 / 32768) << i;
  EXPECT_NEAR(clip.active_level_dbfs, -21.0f, 1.5f);
  EXPECT_TRUE(fs::exists(out() / "report.json"));
  EXPECT_FALSE(fs::exists(out() / ".partial"));
  for (const auto& entry : fs::directory_iterator(out())) {
    if (entry.path().extension() == ".pcm") {
      EXPECT_LE(fs::file_size(entry), 200'000u);
    }
  }
}

TEST_F(PrepareTest, SameBytesWhateverTheJobs) {
  PrepareOptions options = options_for(root(), out());
  options.jobs = 1;
  prepare(options, {});
  const auto expected = corpus_bytes(out());
  for (const int jobs : {2, 5}) {
    options.out = folder_.path() / fmt::format("corpus-{}", jobs);
    options.jobs = jobs;
    prepare(options, {});
    EXPECT_EQ(corpus_bytes(options.out), expected) << jobs;
  }
}

TEST_F(PrepareTest, TwiceDoesNothing) {
  const PrepareOptions options = options_for(root(), out());
  const PrepareResult first = prepare(options, {});
  const auto time = fs::last_write_time(out() / kIndexName);
  const PrepareResult second = prepare(options, {});
  EXPECT_FALSE(first.nothing_to_do);
  EXPECT_TRUE(second.nothing_to_do);
  EXPECT_EQ(fs::last_write_time(out() / kIndexName), time);
  EXPECT_EQ(second.report_json, first.report_json);
  EXPECT_EQ(second.totals[0][0].clips, first.totals[0][0].clips);
}

TEST_F(PrepareTest, NoticesChangedSourcesAndOptions) {
  PrepareOptions options = options_for(root(), out());
  prepare(options, {});
  test::write_wav(root() / "speech/speaker9/0.wav", test::bursts(1.5, 0.1f, 50, 77));
  const auto added = fault(options);
  EXPECT_EQ(added.first, ExitCode::kCorpus);
  EXPECT_NE(added.second.find("1 new files"), std::string::npos) << added.second;
  fs::remove(root() / "speech/speaker9/0.wav");
  EXPECT_TRUE(prepare(options, {}).nothing_to_do);
  options.shares.seed = 4;
  EXPECT_NE(fault(options).second.find("other options"), std::string::npos);
  options.shares.seed = 0;
  options.rate_hz = 8000;
  EXPECT_NE(fault(options).second.find("other options"), std::string::npos);
  options.rate_hz = 16000;
  fs::remove(root() / "noise/class1/1.wav");
  EXPECT_NE(fault(options).second.find("1 files gone"), std::string::npos);
}

TEST_F(PrepareTest, UpdateDecodesOnlyWhatIsNew) {
  PrepareOptions options = options_for(root(), out());
  prepare(options, {});
  test::write_wav(root() / "speech/a-new-speaker/0.wav", test::bursts(1.5, 0.1f, 50, 77));
  test::write_wav(root() / "speech/speaker3/1.wav", test::bursts(1.6, 0.1f, 50, 78));
  options.update = true;
  options.shares.seed = 9;
  options.limits.speech_min_s = 1.25;  // judged again from the measures
  const PrepareResult updated = prepare(options, {});
  EXPECT_EQ(updated.files, 31u);
  EXPECT_EQ(updated.files_reused, 29u);
  EXPECT_EQ(updated.refused, 6u);
  const auto bytes = corpus_bytes(out());
  options.out = folder_.path() / "fresh";
  options.update = false;
  EXPECT_EQ(prepare(options, {}).files_reused, 0u);
  EXPECT_EQ(corpus_bytes(options.out), bytes);
}

TEST_F(PrepareTest, DamagedFilesAreNamedAndSkipped) {
  const std::string wav = test::read_text(root() / "speech/speaker0/0.wav");
  test::write_text(root() / "speech/speaker0/cut.wav", wav.substr(0, wav.size() / 2));
  test::write_text(root() / "speech/speaker1/empty.wav", "");
  test::write_text(root() / "noise/class0/text.flac", "this is no sound");
  test::write_text(root() / "noise/class0/notes.txt", "neither is this, and it does not say so");
  fs::create_symlink(root() / "nowhere.wav", root() / "speech/speaker0/gone.wav");
  std::vector<std::string> notes;
  PrepareHooks hooks;
  hooks.note = [&](const std::string& text) { notes.push_back(text); };
  const PrepareResult result = prepare(options_for(root(), out()), hooks);
  EXPECT_EQ(result.damaged, 4u);
  EXPECT_EQ(notes.size(), 4u);
  EXPECT_EQ(Corpus::open(out()).clips().size(), 30u);
  for (const char* name : {"speaker0/cut.wav", "speaker0/gone.wav", "speaker1/empty.wav", "class0/text.flac"}) {
    EXPECT_NE(result.report_json.find(name), std::string::npos) << name;
  }
  EXPECT_NE(result.report_json.find("\".txt\": 1"), std::string::npos);
  EXPECT_TRUE(prepare(options_for(root(), out()), {}).nothing_to_do);
}

TEST_F(PrepareTest, RefusesUnfitAndDuplicateRecordings) {
  test::write_wav(root() / "speech/speaker0/noisy.wav", test::bursts(2, 0.1f, 20, 55));
  test::write_wav(root() / "noise/class0/zero.wav", std::vector<float>(16000));
  fs::create_directories(root() / "speech/speaker7");
  fs::copy_file(root() / "speech/speaker0/0.wav", root() / "speech/speaker7/again.wav");
  const PrepareResult result = prepare(options_for(root(), out()), {});
  EXPECT_EQ(result.refused, 3u);
  EXPECT_EQ(Corpus::open(out()).clips().size(), 30u);
  for (const char* word :
       {"\"dynamic\"", "\"silent\"", "\"duplicate\"", "speaker7/again.wav", "the same samples in speaker0/0.wav"}) {
    EXPECT_NE(result.report_json.find(word), std::string::npos) << word;
  }
}

TEST_F(PrepareTest, ResamplesAveragesAndCuts) {
  test::write_wav(root() / "noise/long/48k.wav", test::white_noise(48000 * 13, 0.05f, 1), 48000);
  const PrepareResult result = prepare(options_for(root(), out()), {});
  EXPECT_EQ(result.files, 31u);
  std::vector<std::uint64_t> frames;
  const Corpus corpus = Corpus::open(out());
  for (const Clip& clip : corpus.clips()) {
    if (clip.group == "long") frames.push_back(clip.frames);
  }
  EXPECT_EQ(frames, (std::vector<std::uint64_t>{64000, 64000, 80000}));  // pieces of 4 s, the last up to half longer
  EXPECT_NE(test::read_text(out() / kIndexName).find("long/48k.wav#2"), std::string::npos);
}

TEST_F(PrepareTest, GroupsFromATableAndLeftOut) {
  PrepareOptions options = options_for(root(), out());
  options.groups = GroupRules::parse(
      "kind,pattern,group,label\nspeech,speaker?/0.wav,-,\nspeech,speaker1/*,pair,en\nspeech,speaker2/*,pair,en\n",
      "rules");
  prepare(options, {});
  const Corpus corpus = Corpus::open(out());
  std::set<Split> sides;
  int pair = 0;
  for (const Clip& clip : corpus.clips()) {
    if (clip.group != "pair") continue;
    ++pair;
    sides.insert(clip.split);
    EXPECT_EQ(clip.label, "en");
  }
  EXPECT_EQ(pair, 4);
  EXPECT_EQ(sides.size(), 1u);
  EXPECT_EQ(corpus.clips().size(), 24u);
}

TEST_F(PrepareTest, SidesFromATable) {
  PrepareOptions options = options_for(root(), out());
  options.groups = GroupRules::parse(
      "kind,pattern,group,label,split\nspeech,speaker1/*,one,en,test\nspeech,speaker2/*,two,en,\n"
      "noise,**,all,,valid\n",
      "rules");
  prepare(options, {});
  const Corpus corpus = Corpus::open(out());
  int one = 0, two = 0, noise = 0;
  for (const Clip& clip : corpus.clips()) {
    one += clip.group == "one" ? 1 : 0;
    two += clip.group == "two" ? 1 : 0;
    noise += clip.kind == Kind::kNoise ? 1 : 0;
    EXPECT_EQ(clip.split == Split::kTest, clip.group == "one") << clip.path;
    if (clip.kind == Kind::kNoise) {
      EXPECT_EQ(clip.split, Split::kValid) << clip.path;
    }
  }
  EXPECT_GT(one, 0);
  EXPECT_GT(two, 0);
  EXPECT_GT(noise, 0);
}

TEST_F(PrepareTest, SameNamesInTwoFolders) {
  PrepareOptions options = options_for(root(), out());
  test::write_wav(root() / "more/speaker0/0.wav", test::bursts(1.5, 0.1f, 50, 501));
  options.folders.push_back({Kind::kSpeech, root() / "more"});
  prepare(options, {});
  const std::string index = test::read_text(out() / kIndexName);
  EXPECT_NE(index.find("speaker0/0.wav~2"), std::string::npos);
  EXPECT_EQ(Corpus::open(out()).clips().size(), 31u);
}

TEST_F(PrepareTest, RoomResponsesAreKeptAsTheyAre) {
  std::vector<float> response(2000, 0.0f);
  response[10] = 0.9f, response[700] = -0.2f;
  test::write_wav(root() / "rir/room/a.wav", response);
  PrepareOptions options = options_for(root(), out());
  options.folders.push_back({Kind::kRir, root() / "rir"});
  prepare(options, {});
  const Corpus corpus = Corpus::open(out());
  ASSERT_EQ(corpus.select(Kind::kRir, Split::kTrain).size(), 1u);
  EXPECT_EQ(corpus.samples(corpus.clips()[corpus.select(Kind::kRir, Split::kTrain)[0]]).size(), 2000u);
}

TEST_F(PrepareTest, OvershootIsScaledNotClipped) {
  constexpr int kWavFloat = 0x010000 | 0x0006;
  std::vector<double> loud(16000);
  for (std::size_t i = 0; i < loud.size(); ++i) loud[i] = 1.5 * std::sin(0.05 * static_cast<double>(i));
  fs::create_directories(root() / "noise/loud");
  audio::StreamFormat format;
  format.rate_hz = 16000;
  format.channels = 1;
  format.code = kWavFloat;
  audio::Writer writer(root() / "noise/loud/a.wav", format);
  writer.write(loud);
  writer.close();
  PrepareOptions options = options_for(root(), out());
  options.limits.noise_max_clipped = 1;
  prepare(options, {});
  const Corpus corpus = Corpus::open(out());
  int checked = 0;
  for (const Clip& clip : corpus.clips()) {
    if (clip.group != "loud") continue;
    ++checked;
    const std::span<const std::int16_t> samples = corpus.samples(clip);
    for (std::size_t i = 0; i < samples.size(); i += 11) EXPECT_NEAR(samples[i], loud[i] / 1.5 * 32767, 3) << i;
  }
  EXPECT_EQ(checked, 1);
}

TEST_F(PrepareTest, BadInputGetsASentence) {
  const auto expect = [&](const PrepareOptions& options, ExitCode code, const char* words) {
    const auto [found, sentence] = fault(options);
    EXPECT_EQ(found, code) << sentence;
    EXPECT_NE(sentence.find(words), std::string::npos) << sentence;
  };
  const PrepareOptions good = options_for(root(), out());
  PrepareOptions bad = good;
  bad.folders[0].path = root() / "nowhere";
  expect(bad, ExitCode::kInput, "nowhere");
  bad.folders[0].path = root() / "speech/speaker0/0.wav";
  expect(bad, ExitCode::kInput, "found a file");
  fs::create_directories(root() / "bare");
  bad.folders[0].path = root() / "bare";
  expect(bad, ExitCode::kCorpus, "--speech: found no sound file");
  bad.folders[0].path = root() / "speech/speaker0";
  expect(bad, ExitCode::kCorpus, "speaker(s)");
  bad = good;
  bad.limits.speech_min_s = 100;
  bad.out = root() / "none-fit";
  expect(bad, ExitCode::kCorpus, "18 short");
  bad = good;
  bad.out = root() / "speech";
  expect(bad, ExitCode::kCorpus, "not a corpus");
  bad.out = root() / "speech/speaker0/0.wav";
  expect(bad, ExitCode::kOutput, "found a file");
  test::write_text(root() / "run/last.ckpt", "a training");
  test::write_text(root() / "run/.lock", "");
  bad.out = root() / "run";
  expect(bad, ExitCode::kCorpus, "not a corpus");
  bad = good;
  bad.out = root() / "two-sides";
  bad.groups = GroupRules::parse(
      "kind,pattern,group,label,split\nspeech,speaker1/*,one,,train\nspeech,speaker2/*,one,,valid\n", "rules");
  expect(bad, ExitCode::kUsage, "'one' is put into train by one rule and into valid by another");
  bad = good;
  bad.out = "/dev/null/corpus";
  expect(bad, ExitCode::kOutput, "/dev/null/corpus");
  bad = good;
  bad.rate_hz = 100;
  expect(bad, ExitCode::kUsage, "--rate");
  bad = good;
  bad.shares.valid = 0.6, bad.shares.test = 0.4;
  expect(bad, ExitCode::kUsage, "--valid");
  bad = good;
  bad.shares.valid = std::nan("");
  expect(bad, ExitCode::kUsage, "--valid");
  bad = good;
  bad.piece_s = 10000;
  expect(bad, ExitCode::kUsage, "--piece-seconds");
  bad = good;
  bad.shard_bytes = 65'000'000;
  expect(bad, ExitCode::kUsage, "--shard-bytes");
}

TEST_F(PrepareTest, FoldersBehindLinksAreTakenInOnce) {
  fs::rename(root() / "speech/speaker5", root() / "elsewhere");
  fs::create_directory_symlink(root() / "elsewhere", root() / "speech/speaker5");
  fs::create_directory_symlink(root() / "speech", root() / "speech/speaker0/circle");
  const PrepareResult result = prepare(options_for(root(), out()), {});
  EXPECT_EQ(result.files, 30u);
  EXPECT_EQ(result.totals[0][0].groups + result.totals[0][1].groups, 6u);
}

TEST_F(PrepareTest, AFolderOfRecordingsIsAGroupByItsName) {
  const fs::path speech = root() / "speech", noise = root() / "noise", again = root() / "again";
  test::write_wav(again / "speaker0" / "other.wav", test::bursts(1.4, 0.1f, 50, 555));
  PrepareOptions options = options_for(root(), out());
  options.folders = {{Kind::kSpeech, speech / "speaker0/"}, {Kind::kSpeech, speech / "speaker1/../speaker1"},
                     {Kind::kSpeech, again / "speaker0"},   {Kind::kSpeech, speech / "speaker0"},
                     {Kind::kNoise, noise / "class0"},      {Kind::kNoise, noise / "class1"}};
  prepare(options, {});
  std::set<std::string> groups;
  const Corpus corpus = Corpus::open(options.out);
  for (const Clip& clip : corpus.clips()) groups.insert(clip.group);
  EXPECT_EQ(groups, (std::set<std::string>{"speaker0", "speaker1", "speaker0~2", "class0", "class1"}));
}

}  // namespace
}  // namespace pellucid::corpus
