#include "corpus/mix_dataset.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <map>
#include <sstream>

#include "audio/sound.hpp"
#include "corpus/mix_folder.hpp"
#include "mix_files.hpp"
#include "support/error.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;
using Row = std::map<std::string, std::string>;

std::vector<Row> read_log(const fs::path& path) {
  std::istringstream text(read_text(path));
  std::vector<std::string> names;
  std::vector<Row> rows;
  for (std::string line; std::getline(text, line);) {
    std::vector<std::string> fields;
    std::istringstream parts(line);
    for (std::string field; std::getline(parts, field, ',');) fields.push_back(field);
    if (names.empty()) {
      names = fields;
      continue;
    }
    Row row;
    for (std::size_t i = 0; i < names.size(); ++i) row[names[i]] = fields.at(i);
    rows.push_back(row);
  }
  return rows;
}

std::map<std::string, std::string> all_files(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = read_text(entry.path());
  }
  return files;
}

std::vector<float> load(const fs::path& path) { return audio::load(path).samples; }

ExitCode code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return ExitCode::kOk;
}

class MixDatasetTest : public testing::Test {
 protected:
  MixDatasetTest() {
    folder_.write_collection();
    clips_ = std::make_unique<FolderClips>(
        std::vector<SourceFolder>{{Kind::kSpeech, folder_ / "speech"}, {Kind::kNoise, folder_ / "noise"}}, 16000);
    clips_->load(2, {});
    catalogue_ = std::make_unique<Catalogue>(*clips_, Split::kTrain);
    options_.out = folder_ / "out";
    options_.count = 8;
    options_.length_s = 1.5;
    options_.snrs_db = {-5, 10, 30};
    options_.seed = 3;
    options_.jobs = 1;
  }

  DatasetResult write(const DatasetHooks& hooks = {}) { return write_dataset(*catalogue_, options_, hooks); }

  MixFolder folder_;
  std::unique_ptr<FolderClips> clips_;
  std::unique_ptr<Catalogue> catalogue_;
  DatasetOptions options_;
};

TEST_F(MixDatasetTest, WritesPairsOfTheSameNameAndALog) {
  const DatasetResult result = write();
  EXPECT_EQ(result.pairs, 8u);
  EXPECT_NEAR(result.seconds, 12, 1e-9);
  const auto rows = read_log(options_.out / "log.csv");
  ASSERT_EQ(rows.size(), 8u);
  for (const Row& row : rows) {
    EXPECT_EQ(load(options_.out / "clean" / row.at("name")).size(), 24000u);
    EXPECT_EQ(load(options_.out / "noisy" / row.at("name")).size(), 24000u);
    EXPECT_EQ(row.at("seed"), "3");
    EXPECT_EQ(std::stod(row.at("seconds")), 1.5);
    EXPECT_NE(row.at("speech").find("speaker"), std::string::npos);
    EXPECT_NE(row.at("noise").find(".wav"), std::string::npos);
  }
  EXPECT_EQ(all_files(options_.out).size(), 17u) << "nothing else is left";
}

TEST_F(MixDatasetTest, SnrOfTheFilesIsWhatTheLogSays) {
  options_.kinds = {SyntheticNoise::kPink, SyntheticNoise::kKeys};
  options_.babble = true;
  for (const SnrMode mode : {SnrMode::kActive, SnrMode::kRms}) {
    options_.mode = mode;
    options_.count = 18;
    options_.out = folder_ / (mode == SnrMode::kActive ? "active" : "rms");
    options_.level_min_dbfs = -45;
    options_.level_max_dbfs = -5;
    write();
    for (const Row& row : read_log(options_.out / "log.csv")) {
      const auto clean = load(options_.out / "clean" / row.at("name")),
                 noisy = load(options_.out / "noisy" / row.at("name"));
      const double level = speech_level_dbfs(clean, 16000, mode);
      EXPECT_NEAR(level - 20 * std::log10(rms(difference(noisy, clean))), std::stod(row.at("snr")), 0.05);
      EXPECT_NEAR(level, std::stod(row.at("level")), 0.01);
      EXPECT_LT(peak(noisy), 0.9999) << "no clipping";
      EXPECT_LE(std::stod(row.at("scale")), 1.0001);
    }
  }
}

TEST_F(MixDatasetTest, ThreadsDoNotChangeAByte) {
  options_.kinds.assign(kSyntheticNoises.begin(), kSyntheticNoises.end());
  options_.babble = true;
  options_.count = 24;
  write();
  const auto one = all_files(options_.out);
  options_.out = folder_ / "four";
  options_.jobs = 4;
  write();
  EXPECT_EQ(all_files(options_.out), one);
  options_.out = folder_ / "other";
  options_.seed = 4;
  write();
  EXPECT_NE(all_files(options_.out), one);
}

TEST_F(MixDatasetTest, WholeRecordingsComeOnceEach) {
  options_.length_s = 0;
  options_.count = 0;
  EXPECT_EQ(write().pairs, 8u);
  std::map<std::string, int> seen;
  for (const Row& row : read_log(options_.out / "log.csv")) {
    ++seen[row.at("speech")];
    EXPECT_EQ(load(options_.out / "clean" / row.at("name")).size(),
              load(folder_ / ("speech/" + row.at("speech"))).size());
  }
  EXPECT_EQ(seen.size(), 8u);
}

TEST_F(MixDatasetTest, HoursSayHowMuch) {
  options_.count = 0;
  options_.hours = 10.0 / 3600;
  EXPECT_EQ(write().pairs, 7u) << "10 s in pieces of 1.5 s";
  options_.out = folder_ / "whole";
  options_.length_s = 0;
  const DatasetResult result = write();
  EXPECT_GE(result.seconds, 10);
  EXPECT_LT(result.seconds, 12.1);
}

TEST_F(MixDatasetTest, ClippingHappensOnlyWhenItIsAllowed) {
  options_.level_min_dbfs = options_.level_max_dbfs = -4;
  options_.snrs_db = {0};
  EXPECT_EQ(write().scaled, 8u);
  for (const Row& row : read_log(options_.out / "log.csv")) {
    EXPECT_LT(std::stod(row.at("scale")), 1);
    EXPECT_LT(peak(load(options_.out / "noisy" / row.at("name"))), 0.9999);
  }
  options_.allow_clipping = true;
  options_.out = folder_ / "clipped";
  EXPECT_EQ(write().scaled, 0u);
  for (const Row& row : read_log(options_.out / "log.csv"))
    EXPECT_GT(peak(load(options_.out / "noisy" / row.at("name"))), 0.9999);
}

TEST_F(MixDatasetTest, FlacAnd24BitsHoldTheSame) {
  options_.extension = "flac";
  options_.bits = 24;
  options_.snrs_db = {60};
  write();
  for (const Row& row : read_log(options_.out / "log.csv")) {
    EXPECT_TRUE(row.at("name").ends_with(".flac"));
    const auto clean = load(options_.out / "clean" / row.at("name")),
               noisy = load(options_.out / "noisy" / row.at("name"));
    EXPECT_NEAR(speech_level_dbfs(clean, 16000, SnrMode::kActive) - 20 * std::log10(rms(difference(noisy, clean))), 60,
                0.05);
    EXPECT_EQ(std::stod(row.at("scale")), 1);
  }
}

TEST_F(MixDatasetTest, ReplacesNothingWithoutForce) {
  write();
  const auto before = all_files(options_.out);
  options_.seed = 9;
  EXPECT_EQ(code_of([&] { write(); }), ExitCode::kOutput);
  EXPECT_EQ(all_files(options_.out), before);
  options_.force = true;
  options_.count = 3;
  write();
  EXPECT_EQ(all_files(options_.out).size(), 7u) << "nothing of the old one is left";
  EXPECT_EQ(read_log(options_.out / "log.csv").size(), 3u);
}

TEST_F(MixDatasetTest, InterruptedItLeavesWhatWasThere) {
  std::atomic<int> asked = 0;
  DatasetHooks hooks;
  hooks.stop = [&] { return ++asked > 3; };
  EXPECT_EQ(code_of([&] { write(hooks); }), ExitCode::kInterrupted);
  EXPECT_FALSE(fs::exists(options_.out));
  write();
  const auto before = all_files(options_.out);
  options_.force = true;
  options_.seed = 9;
  asked = 0;
  EXPECT_EQ(code_of([&] { write(hooks); }), ExitCode::kInterrupted);
  EXPECT_EQ(all_files(options_.out), before);
}

TEST_F(MixDatasetTest, WrongOptionsAreNamed) {
  const auto with = [&](auto change) {
    const DatasetOptions before = options_;
    change(options_);
    const ExitCode code = code_of([&] { write(); });
    options_ = before;
    return code;
  };
  EXPECT_EQ(with([](auto& o) { o.length_s = 0.01; }), ExitCode::kUsage);
  EXPECT_EQ(with([](auto& o) { o.count = 0; }), ExitCode::kUsage) << "how much?";
  EXPECT_EQ(with([](auto& o) { o.recorded = false; }), ExitCode::kUsage) << "no noise at all";
  EXPECT_EQ(with([](auto& o) { o.bits = 12; }), ExitCode::kUsage);
  EXPECT_EQ(with([](auto& o) { o.snrs_db = {150}; }), ExitCode::kUsage);
  EXPECT_EQ(with([](auto& o) { o.snrs_db.clear(), o.snr_min_db = 5, o.snr_max_db = 0; }), ExitCode::kUsage);
  EXPECT_EQ(with([](auto& o) { o.level_min_dbfs = 3, o.level_max_dbfs = 6; }), ExitCode::kUsage);
  constexpr double kForEver = std::numeric_limits<double>::infinity();
  for (const double length_s : {0.0, 2.0}) {
    for (const double hours : {1e18, kForEver}) {
      EXPECT_EQ(with([&](auto& o) { o.count = 0, o.hours = hours, o.length_s = length_s; }), ExitCode::kUsage) << hours;
    }
  }
  EXPECT_EQ(with([](auto& o) { o.count = kMostPairs + 1; }), ExitCode::kUsage);
  folder_.write_sound("file", hiss(1, 100));
  EXPECT_EQ(with([&](auto& o) { o.out = folder_ / "file"; }), ExitCode::kOutput);
  EXPECT_EQ(with([&](auto& o) { o.out = folder_ / "file/below"; }), ExitCode::kOutput);
  EXPECT_FALSE(fs::exists(options_.out));
}

TEST_F(MixDatasetTest, DamagedFilesAreNamedAndLeftOut) {
  std::ofstream(folder_ / "noise/rain/broken.wav") << "RIFF nonsense";
  std::ofstream(folder_ / "speech/speaker0/empty.wav") << "";
  folder_.write_sound("speech/speaker1/silent.wav", std::vector<float>(16000, 0.0f));
  FolderClips clips({{Kind::kSpeech, folder_ / "speech"}, {Kind::kNoise, folder_ / "noise"}}, 16000);
  std::vector<std::string> named;
  FolderHooks hooks;
  hooks.damaged = [&](const std::string& text) { named.push_back(text); };
  clips.load(2, hooks);
  ASSERT_EQ(named.size(), 3u);
  EXPECT_NE(named[0].find("empty.wav"), std::string::npos);
  EXPECT_NE(named[1].find("silent.wav"), std::string::npos);
  EXPECT_NE(named[2].find("broken.wav"), std::string::npos);
  EXPECT_EQ(clips.clips().size(), 12u);
}

TEST_F(MixDatasetTest, TheLongestRecordingIsDecodedOnce) {
  folder_.write_sound("long/hours.wav", talk(3, 160000));
  for (const int k : {0, 1, 2}) folder_.write_sound("long/" + std::to_string(k) + ".wav", talk(4, 8000));
  FolderClips clips({{Kind::kSpeech, folder_ / "long"}}, 16000, 100000);  // less than the long one needs
  clips.load(1, {});
  ASSERT_EQ(clips.clips().size(), 4u);
  std::vector<float> out(8000);
  for (const Clip& clip : clips.clips()) clips.read(clip, 0, out);
  fs::remove_all(folder_ / "long");
  for (const Clip& clip : clips.clips()) {
    if (clip.frames == 160000) {
      EXPECT_NO_THROW(clips.read(clip, 1000, out)) << "it was decoded again";
    }
  }
}

TEST_F(MixDatasetTest, FoldersAreResampledAndGroupedByFolder) {
  folder_.write_sound("other/anna/a.wav", talk(1, 22050), 22050);
  folder_.write_sound("other/top.wav", talk(2, 8000), 8000);
  FolderClips clips({{Kind::kSpeech, folder_ / "other"}}, 16000);
  clips.load(1, {});
  ASSERT_EQ(clips.clips().size(), 2u);
  for (const Clip& clip : clips.clips()) EXPECT_EQ(clip.frames, 16000u);
  EXPECT_EQ(clips.clips()[0].group, "anna");
  EXPECT_EQ(clips.clips()[1].group, "other");
  EXPECT_EQ(code_of([&] { FolderClips({{Kind::kSpeech, folder_ / "nowhere"}}, 16000); }), ExitCode::kInput);
}

}  // namespace
}  // namespace pellucid::corpus
