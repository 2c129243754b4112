// Names, folders, formats, several files, the summary.
#include <nlohmann/json.hpp>

#include "denoise_fixture.hpp"

namespace pellucid::cli {
namespace {

class Files : public DenoiseTest {};

TEST_F(Files, StrengthZeroIsTheInputToTheBit) {
  struct Case {
    const char *name, *output;
    int code, rate_hz, channels;
  };
  constexpr int kWav = SF_FORMAT_WAV;
  const Case cases[] = {{"u8.wav", "u8.denoised.wav", kWav | SF_FORMAT_PCM_U8, 8000, 1},
                        {"s16.wav", "s16.denoised.wav", kWav | SF_FORMAT_PCM_16, 44100, 2},
                        {"s24.wav", "s24.denoised.wav", kWav | SF_FORMAT_PCM_24, 48000, 2},
                        {"s32.wav", "s32.denoised.wav", kWav | SF_FORMAT_PCM_32, 11025, 1},
                        {"f32.wav", "f32.denoised.wav", kWav | SF_FORMAT_FLOAT, 96000, 1},
                        {"f64.wav", "f64.denoised.wav", kWav | SF_FORMAT_DOUBLE, 22050, 1},
                        {"odd.wav", "odd.denoised.wav", kWav | SF_FORMAT_PCM_16, 12347, 3},
                        {"wide.wav", "wide.denoised.wav", SF_FORMAT_WAVEX | SF_FORMAT_PCM_16, 16000, 32},
                        {"fast.flac", "fast.denoised.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 384000, 1},
                        {"a.aiff", "a.denoised.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 32000, 2},
                        {"a.w64", "a.denoised.w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16, 16000, 1},
                        {"a.au", "a.denoised.au", SF_FORMAT_AU | SF_FORMAT_PCM_16, 8000, 1}};
  for (const Case& c : cases) {
    make(c.name, c.code, c.rate_hz, c.channels, std::size_t{9001});
    const Ran run = denoise({c.name, "--model", "random", "--strength", "0"});
    EXPECT_EQ(run.code, 0) << c.name << ": " << run.error;
    EXPECT_EQ(bytes(c.name), bytes(c.output)) << c.name;
  }
}

TEST_F(Files, LossyFormatsKeepFormatLengthAndRate) {
  for (const auto& [name, code, rate_hz] : {std::tuple{"a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100},
                                            std::tuple{"a.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000},
                                            std::tuple{"a.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100}}) {
    make(name, code, rate_hz, 2);
    const Ran run = denoise({name, "--model", "same"});
    ASSERT_EQ(run.code, 0) << run.error;
    audio::StreamFormat before, after;
    const std::vector<double> input = read(name, &before);
    const std::vector<double> output = read("a.denoised" + fs::path(name).extension().string(), &after);
    EXPECT_EQ(after.code, before.code);
    EXPECT_EQ(after.rate_hz, before.rate_hz);
    ASSERT_EQ(output.size(), input.size());
    double signal = 0, error = 0;
    for (std::size_t i = 0; i < input.size(); ++i) {
      signal += input[i] * input[i];
      error += (input[i] - output[i]) * (input[i] - output[i]);
    }
    EXPECT_LT(error, 0.1 * signal) << name << " is not where it was";
  }
}

TEST_F(Files, AnEndingThatSaysAnotherFormatIsRefused) {
  make("talk.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{4000});
  make("more.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{4000});
  fs::copy_file(folder_ / "talk.wav", folder_ / "talk.rec");
  const auto refused = [&](const std::vector<std::string>& arguments, const char* words) {
    const Ran run = denoise(arguments);
    EXPECT_EQ(run.code, 2) << run.error;
    expect_sentence(run, words);
  };
  refused({"talk.wav", "-o", "talk.amr", "--model", "random"}, ".amr cannot be written");
  refused({"talk.wav", "more.wav", "-o", "both.wav", "--model", "random"}, "name a folder");
  EXPECT_FALSE(fs::exists(folder_ / "talk.amr"));
  EXPECT_FALSE(fs::exists(folder_ / "both.wav"));
  EXPECT_EQ(denoise({"talk.rec", "--model", "random"}).code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "talk.denoised.rec")) << "the input's own ending, whatever it says";
}

TEST_F(Files, WhatNobodyWritesBecomesWav) {
  if (std::system("command -v ffmpeg >/dev/null") != 0) GTEST_SKIP() << "ffmpeg is not installed";
  make("talk.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{4000});
  fs::create_directory(folder_ / "in");
  const std::string folder = "'" + folder_.string() + "'";
  ASSERT_EQ(std::system(("cd " + folder + " && ffmpeg -nostdin -v error -i talk.wav in/memo.aac").c_str()), 0);
  ASSERT_EQ(denoise({"in/memo.aac", "--model", "same"}).code, 0);
  ASSERT_EQ(denoise({"in", "-o", "out", "--model", "same"}).code, 0);
  EXPECT_EQ(bytes("in/memo.denoised.wav"), bytes("out/memo.wav"));
  ASSERT_EQ(denoise({"in/memo.aac", "memo.flac", "--model", "same"}).code, 0);
  const audio::Reader memo(folder_ / "in/memo.aac"), wav(folder_ / "out/memo.wav"), flac(folder_ / "memo.flac");
  EXPECT_EQ(wav.format().frames, memo.format().frames);
  EXPECT_EQ(wav.format().code, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  EXPECT_EQ(flac.format().frames, memo.format().frames);
}

TEST_F(Files, FilmsOfKindsThatNobodyWritesBecomeWavAndSaySo) {
  if (std::system("command -v ffmpeg >/dev/null") != 0) GTEST_SKIP() << "ffmpeg is not installed";
  make("talk.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{4000});
  const std::string make_all = "cd '" + folder_.string() +
                               "' && ffmpeg -nostdin -v error -i talk.wav -f asf film.wmv -f asf film.asf -f mp4 "
                               "notes.txt -f mp4 bare -f mp4 keep.mpeg4";
  ASSERT_EQ(std::system(make_all.c_str()), 0);
  const Ran one = denoise({"film.wmv", "--model", "same"});
  EXPECT_EQ(one.code, 0) << one.error;
  EXPECT_NE(one.error.find("film.wmv: such a file cannot be written; its cleaned sound becomes a WAV, "
                           "film.denoised.wav"),
            std::string::npos)
      << one.error;
  const Ran many = denoise({"film.asf", "notes.txt", "bare", "keep.mpeg4", "-o", "out", "--model", "same"});
  EXPECT_EQ(many.code, 0) << many.error;
  EXPECT_NE(many.error.find("3 files (.asf, .txt, without an ending) are of kinds that cannot be written"),
            std::string::npos)
      << many.error;
  const auto is_wav = [&](const char* name) { return bytes(name).substr(0, 4) == "RIFF"; };
  for (const char* name : {"film.denoised.wav", "out/film.wav", "out/notes.wav", "out/bare.wav"})
    EXPECT_TRUE(is_wav(name)) << name;
  EXPECT_EQ(bytes("out/keep.mpeg4").substr(4, 4), "ftyp");
  for (const char* name : {"other.wmv", "other.txt"}) {
    const std::string ending = fs::path(name).extension().string();
    const Ran run = denoise({ending == ".txt" ? "notes.txt" : "film.wmv", "-o", name, "--model", "same"});
    EXPECT_EQ(run.code, 2) << run.error;
    expect_sentence(run, ending + " cannot be written");
    EXPECT_FALSE(fs::exists(folder_ / name));
  }
  for (const auto& [input, advice] : {std::pair("keep.mpeg4", "; end it in .mpeg4"), {"film.wmv", "a WAV."}}) {
    const Ran run = denoise({input, "-o", "plain", "--model", "same", "--force"});
    EXPECT_EQ(run.code, 0) << run.error;
    EXPECT_NE(run.error.find("plain: has no ending and becomes a WAV"), std::string::npos) << run.error;
    EXPECT_NE(run.error.find(advice), std::string::npos) << run.error;
    EXPECT_TRUE(is_wav("plain"));
  }
}

TEST_F(Files, FoldersTellOfTheFilmsThatTheyLeaveOut) {
  fs::create_directories(folder_ / "in/deep");
  make("in/talk.wave", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{4000});
  for (const char* name : {"in/a.MP4", "in/deep/b.wmv", "in/a.denoised.mp4"}) put(folder_ / name, std::string("film"));
  const Ran run = denoise({"in", "-o", "out", "--model", "same"});
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.error.find("in: 2 films are left out, as in/a.MP4; a film is cleaned where it is named."),
            std::string::npos)
      << run.error;
  EXPECT_TRUE(fs::exists(folder_ / "out/talk.wave"));
  const Ran none = denoise({"in/deep", "--model", "same"});
  EXPECT_EQ(none.code, 3);
  expect_sentence(none, "but 1 film; name what is to be cleaned, as in/deep/b.wmv");
}

TEST_F(Files, APhonesMemoStaysOneAndAFilmAFilm) {
  if (std::system("command -v ffmpeg >/dev/null") != 0) GTEST_SKIP() << "ffmpeg is not installed";
  make("talk.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{16000});
  fs::create_directory(folder_ / "in");
  const std::string make_both = "cd '" + folder_.string() +
                                "' && ffmpeg -nostdin -v error -i talk.wav -f lavfi -i testsrc=d=1:s=64x64 -map 0 "
                                "in/memo.m4a -map 0 -map 1 -c:v mpeg4 film.mp4";
  ASSERT_EQ(std::system(make_both.c_str()), 0);
  ASSERT_EQ(denoise({"in", "-o", "out", "--model", "random"}).code, 0);
  EXPECT_NEAR(static_cast<double>(audio::Reader(folder_ / "out/memo.m4a").format().frames), 16000, 2048);
  ASSERT_EQ(denoise({"film.mp4", "--model", "random"}).code, 0);
  ASSERT_EQ(denoise({"film.mp4", "quiet.mp4", "--model", "random"}).code, 0);
  const std::string film = bytes("film.denoised.mp4");
  EXPECT_NE(film.find("mp4v"), std::string::npos) << "no pictures";
  EXPECT_EQ(bytes("quiet.mp4").size(), film.size());
  ASSERT_EQ(denoise({"film.mp4", "film.flac", "--model", "random"}).code, 0);
  EXPECT_EQ(denoise({"film.mp4", "--model", "random"}).code, 7) << "it is there already";
}

TEST_F(Files, NamesWithADotInFrontAreLeftOutOfFolders) {
  fs::create_directories(folder_ / "in/.trash");
  for (const char* name : {"in/a.wav", "in/._a.wav", "in/.trash/b.wav"}) make(name);
  ASSERT_EQ(denoise({"in", "-o", "out", "--model", "same"}).code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "out/a.wav"));
  EXPECT_FALSE(fs::exists(folder_ / "out/._a.wav"));
  EXPECT_FALSE(fs::exists(folder_ / "out/.trash"));
}

TEST_F(Files, FoldersBehindLinksAreDenoisedOnce) {
  for (const char* name : {"elsewhere", "in"}) fs::create_directories(folder_ / name);
  make("elsewhere/talk.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{4000});
  make("in/near.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{4000});
  fs::create_directory_symlink(folder_ / "elsewhere", folder_ / "in/far");
  fs::create_directory_symlink(folder_ / "in", folder_ / "elsewhere/circle");
  const Ran run = denoise({"in", "-o", "out", "--model", "same"});
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_TRUE(fs::exists(folder_ / "out/far/talk.wav"));
  EXPECT_TRUE(fs::exists(folder_ / "out/near.wav"));
  EXPECT_FALSE(fs::exists(folder_ / "out/far/circle"));
}

TEST_F(Files, FoldersThatCannotBeReadAreNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads every folder";
  fs::create_directories(folder_ / "in/closed");
  make("in/a.wav");
  fs::permissions(folder_ / "in/closed", fs::perms::none);
  const Ran run = denoise({"in", "-o", "out", "--model", "same"});
  fs::permissions(folder_ / "in/closed", fs::perms::owner_all);
  EXPECT_EQ(run.code, 10) << run.error;
  EXPECT_NE(run.error.find("closed: cannot be read: Permission denied"), std::string::npos) << run.error;
  EXPECT_TRUE(fs::exists(folder_ / "out/a.wav"));
}

TEST_F(Files, WhatIsCutAtFullScaleIsTold) {
  std::vector<double> loud(4000, 1.5);
  make("loud.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, loud);
  const Ran run = denoise({"loud.wav", "-o", "loud.flac", "--model", "random", "--strength", "0"});
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.error.find("loud.flac: 4000 samples were louder than it can hold"), std::string::npos) << run.error;
}

TEST_F(Files, ASecondThatIsNotThereYetIsTheOutput) {
  make("talk.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{4000});
  const Ran run = denoise({"talk.wav", "clean.wav", "--model", "random", "--strength", "0"});
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(bytes("clean.wav"), bytes("talk.wav"));
  EXPECT_FALSE(fs::exists(folder_ / "talk.denoised.wav"));
  for (const char* force : {"--adaptive", "--force"}) {
    const Ran again = denoise({"talk.wav", "clean.wav", "--model", "random", force});
    EXPECT_EQ(again.code, 2) << "both could be inputs";
    expect_sentence(again, "-o clean.wav --force");
  }
  EXPECT_EQ(bytes("clean.wav"), bytes("talk.wav"));
  EXPECT_FALSE(fs::exists(folder_ / "clean.denoised.wav"));
}

TEST_F(Files, ASecondIsAFileForAFileAndAFolderForAFolder) {
  make("talk.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{4000});
  fs::create_directories(folder_ / "in/deep");
  for (const char* name : {"in/a.wav", "in/deep/b.wav"}) fs::copy_file(folder_ / "talk.wav", folder_ / name);
  const std::set<std::string> before = files();
  const auto written = [&](const std::vector<std::string>& arguments) {
    const Ran run = denoise(arguments);
    EXPECT_EQ(run.code, 0) << run.error;
    std::set<std::string> fresh;
    for (const std::string& name : files()) {
      if (before.count(name) == 0) fresh.insert(name);
    }
    for (const std::string& name : fresh) fs::remove(folder_ / name);
    return fresh;
  };
  const std::vector<std::string> one{"clean"}, tree{"cleaned/a.wav", "cleaned/deep/b.wav"};
  EXPECT_EQ(written({"talk.wav", "clean", "--model", "same"}), std::set<std::string>(one.begin(), one.end()));
  EXPECT_EQ(written({"in", "cleaned", "--model", "same"}), std::set<std::string>(tree.begin(), tree.end()));
  EXPECT_EQ(written({"talk.wav", "kept/", "--model", "same"}), std::set<std::string>{"kept/talk.wav"});
}

TEST_F(Files, WhatCouldBeMeantOtherwiseIsRefusedBeforeAnythingIsDone) {
  make("talk.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{4000});
  fs::create_directories(folder_ / "music");
  fs::copy_file(folder_ / "talk.wav", folder_ / "music/song.wav");
  const std::set<std::string> before = files();
  const auto refused = [&](std::vector<std::string> arguments, int code, const char* words) {
    arguments.insert(arguments.end(), {"--model", "same"});
    const Ran run = denoise(arguments);
    EXPECT_EQ(run.code, code) << run.error;
    expect_sentence(run, words);
    EXPECT_EQ(files(), before);
  };
  refused({"talk.wav", "music"}, 2, "say -o music");
  refused({"music", "clean.wav"}, 2, "clean.wav: is a file's name");
  refused({"talk.wav", "clean.xyz"}, 2, ".xyz cannot be written");
  refused({"nobody.wav", "clean.wav"}, 3, "nobody.wav: there is no such file or folder, nor 1 more");
  refused({"talk.wav", "nobody.wav", "music"}, 3, "nobody.wav: there is no such file or folder; nothing was done");
  refused({"talk.wav", "nobody.wav", "-o", "out"}, 3, "nobody.wav");
}

TEST_F(Files, OneSampleIsEnough) {
  make("one.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::vector<double>{0.25});
  EXPECT_EQ(denoise({"one.wav", "--model", "random"}).code, 0);
  EXPECT_EQ(read("one.denoised.wav").size(), 1u);
}

TEST_F(Files, AnotherEndingIsAnotherContainer) {
  make("a.wav");
  ASSERT_EQ(denoise({"a.wav", "--model", "random", "--strength", "0", "-o", "b.flac"}).code, 0);
  audio::StreamFormat format;
  EXPECT_EQ(read("b.flac", &format), read("a.wav"));
  EXPECT_EQ(format.code & SF_FORMAT_TYPEMASK, SF_FORMAT_FLAC);
  make("cd.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44100);
  const Ran run = denoise({"cd.wav", "--model", "same", "-o", "cd.opus"});
  EXPECT_EQ(run.code, 7);
  expect_sentence(run, "Opus");
  EXPECT_FALSE(fs::exists(folder_ / "cd.opus"));
}

TEST_F(Files, FoldersAreMirrored) {
  fs::create_directories(folder_ / "in/deep/er");
  make("in/a.wav");
  make("in/deep/er/b.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  put(folder_ / "in/notes.txt", std::string("no sound"));
  const Ran run = denoise({"in", "-o", "out", "--model", "same"});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(files(), (std::set<std::string>{"in/a.wav", "in/deep/er/b.flac", "in/notes.txt", "out/a.wav",
                                            "out/deep/er/b.flac"}));
}

TEST_F(Files, AFolderTwiceDoesNotDenoiseItsOwnResults) {
  fs::create_directories(folder_ / "in");
  make("in/a.wav");
  ASSERT_EQ(denoise({"in", "--model", "same"}).code, 0);
  ASSERT_EQ(denoise({"in", "--model", "same", "--residue"}).code, 0);
  const std::set<std::string> expected{"in/a.wav", "in/a.denoised.wav", "in/a.residue.wav"};
  EXPECT_EQ(files(), expected);
  EXPECT_EQ(denoise({"in", "--model", "same"}).code, 7);
  EXPECT_EQ(denoise({"in", "--model", "same", "--force"}).code, 0);
  EXPECT_EQ(files(), expected);
  // An output folder inside the input folder is left out as well.
  ASSERT_EQ(denoise({"in", "-o", "in/clean", "--model", "same"}).code, 0);
  ASSERT_EQ(denoise({"in", "-o", "in/clean", "--model", "same", "--force"}).code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "in/clean/a.wav"));
  EXPECT_FALSE(fs::exists(folder_ / "in/clean/clean"));
}

TEST_F(Files, ClashesAreRefusedBeforeAnythingIsDone) {
  fs::create_directories(folder_ / "x");
  fs::create_directories(folder_ / "y");
  make("x/a.wav");
  make("y/a.wav");
  Ran run = denoise({"x/a.wav", "y/a.wav", "-o", "out", "--model", "same"});
  EXPECT_EQ(run.code, 7);
  expect_sentence(run, "out/a.wav");
  run = denoise({"x", "-o", "x", "--force", "--model", "same"});
  EXPECT_EQ(run.code, 7);
  expect_sentence(run, "over an input");
  put(folder_ / "file", std::string("x"));
  EXPECT_EQ(denoise({"x", "-o", "file", "--model", "same"}).code, 7);
  EXPECT_EQ(files(), (std::set<std::string>{"x/a.wav", "y/a.wav", "file"}));
}

TEST_F(Files, WhatFailsDoesNotStopTheRest) {
  make("a.wav");
  make("c.wav");
  put(folder_ / "b.wav", std::string("no sound"));
  const Ran run = denoise({"a.wav", "b.wav", "c.wav", "-o", "out", "--model", "same", "--jobs", "2"});
  EXPECT_EQ(run.code, 10) << run.error;
  EXPECT_NE(run.error.find("pellucid: b.wav: "), std::string::npos) << run.error;
  expect_sentence(run, "1 of 3 files");
  EXPECT_EQ(files(), (std::set<std::string>{"a.wav", "b.wav", "c.wav", "out/a.wav", "out/c.wav"}));
}

TEST_F(Files, ResultsDoNotDependOnTheNumberOfJobs) {
  fs::create_directories(folder_ / "in");
  for (int i = 0; i < 6; ++i)
    make("in/" + std::to_string(i) + ".wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000 * (i + 1));
  ASSERT_EQ(denoise({"in", "-o", "one", "--model", "random", "--jobs", "1"}).code, 0);
  ASSERT_EQ(denoise({"in", "-o", "four", "--model", "random", "--jobs", "4"}).code, 0);
  for (int i = 0; i < 6; ++i) {
    const std::string name = std::to_string(i) + ".wav";
    EXPECT_EQ(bytes("one/" + name), bytes("four/" + name));
    EXPECT_NE(bytes("one/" + name), bytes("in/" + name));
  }
}

TEST_F(Files, TheSummaryIsJson) {
  make("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 2, std::size_t{16000});
  put(folder_ / "b.wav", std::string("no sound"));
  const Ran run = denoise({"a.wav", "b.wav", "-o", "out", "--model", "half", "--json"});
  EXPECT_EQ(run.code, 10);
  const nlohmann::json summary = nlohmann::json::parse(run.output);
  EXPECT_EQ(summary["failed"], 1);
  EXPECT_EQ(summary["seconds"], 1.0);
  ASSERT_EQ(summary["files"].size(), 2u);
  const nlohmann::json& good = summary["files"][0];
  EXPECT_EQ(good["status"], "ok");
  EXPECT_EQ(good["output"], "out/a.wav");
  EXPECT_EQ(good["samples"], 16000);
  EXPECT_EQ(good["channels"], 2);
  const nlohmann::json& bad = summary["files"][1];
  EXPECT_EQ(bad["status"], "failed");
  EXPECT_EQ(bad["exit_code"], 4);
  EXPECT_NE(bad["error"].get<std::string>().find("b.wav"), std::string::npos);
}

TEST_F(Files, MemoryDoesNotGrowWithLength) {
  make("short.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, std::size_t{16000} * 5);
  std::vector<double> minutes(std::size_t{16000} * 300, 0.0);
  make("long.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, minutes);
  const Ran brief = denoise({"short.wav", "--model", "same"}), lengthy = denoise({"long.wav", "--model", "same"});
  ASSERT_EQ(brief.code, 0);
  ASSERT_EQ(lengthy.code, 0);
  EXPECT_LT(lengthy.peak_kib, brief.peak_kib + 4096) << "the long file alone has 9.6 MB of samples";
}

}  // namespace
}  // namespace pellucid::cli
