// examples/c/denoise_wav.c and examples/ffmpeg/denoise.sh: both give what `pellucid denoise` gives.
#include <gtest/gtest.h>
#include <sndfile.h>

#include <cmath>
#include <fstream>

#include "../cli/program.hpp"
#include "../support/temp_folder.hpp"
#include "audio/stream.hpp"

namespace {

namespace fs = std::filesystem;
namespace audio = pellucid::audio;
using pellucid::cli::slurp;

class FileExamples : public pellucid::test::FolderTest {
 protected:
  void SetUp() override {
    ::unsetenv("PELLUCID_MODELS");
    ::unsetenv("PELLUCID_MODEL");
  }

  /// The exit code of a shell command in the test's folder; what it says goes to `said`.
  int run(const std::string& command) const {
    const int status = std::system(("cd " + folder_.string() + " && " + command + " >said 2>&1").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string said() const { return slurp(folder_ / "said"); }

  /// Tones that come and go in noise, different in every channel.
  void make(const std::string& name, int rate_hz, int channels, int code) const {
    std::vector<double> x(std::size_t{20011} * static_cast<std::size_t>(channels));
    std::uint32_t state = 1;
    for (std::size_t i = 0; i < x.size(); ++i) {
      state = state * 1664525 + 1013904223;
      const double time = static_cast<double>(i) / rate_hz;
      x[i] = 0.2 * std::sin(1400 * time) * std::sin(8 * time) + 0.1 * (state / 4294967296.0 - 0.5);
    }
    audio::StreamFormat format;
    format.rate_hz = rate_hz;
    format.channels = channels;
    format.code = code;
    audio::Writer writer(folder_ / name, format);
    writer.write(x);
    writer.close();
  }
  std::vector<double> read(const std::string& name) const {
    audio::Reader reader(folder_ / name);
    const auto channels = static_cast<std::size_t>(reader.format().channels);
    std::vector<double> all, block(8192 * channels);
    while (const std::size_t frames = reader.read(std::span<double>(block))) {
      all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(frames * channels));
    }
    return all;
  }
  double distance(const std::string& a, const std::string& b) const {
    const std::vector<double> x = read(a), y = read(b);
    EXPECT_GE(x.size(), y.size());
    double worst = 0;
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) worst = std::max(worst, std::abs(x[i] - y[i]));
    return worst;
  }
};

TEST_F(FileExamples, TheCExampleCleansAFile) {
  make("in.wav", 44100, 2, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  ASSERT_EQ(run(PELLUCID_C_EXAMPLE " " PELLUCID_SOURCE_DIR "/models/small.safetensors in.wav out.wav"), 0) << said();
  ASSERT_EQ(run(PELLUCID_CLI " denoise in.wav --model small -o cli.wav"), 0) << said();
  EXPECT_EQ(read("out.wav").size(), read("in.wav").size());
  EXPECT_LE(distance("out.wav", "cli.wav"), 1.0 / 32768);
  make("four.wav", 16000, 4, SF_FORMAT_WAVEX | SF_FORMAT_PCM_16);
  ASSERT_EQ(run(PELLUCID_C_EXAMPLE " " PELLUCID_SOURCE_DIR "/models/small.safetensors four.wav four-out.wav"), 0)
      << said();
  ASSERT_EQ(run(PELLUCID_CLI " denoise four.wav --model small -o four-cli.wav"), 0) << said();
  EXPECT_LE(distance("four-out.wav", "four-cli.wav"), 1.0 / 32768);
}

TEST_F(FileExamples, TheCExampleNamesBadInput) {
  make("float.wav", 16000, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  make("slow.wav", 4000, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  const std::string model = PELLUCID_SOURCE_DIR "/models/small.safetensors";
  const auto fails = [&](const std::string& arguments, int code, const std::string& word) {
    EXPECT_EQ(run(PELLUCID_C_EXAMPLE " " + arguments), code) << arguments;
    EXPECT_NE(said().find(word), std::string::npos) << said();
  };
  fails("", 2, "usage");
  fails("nothing in.wav out.wav", 1, "nothing: cannot be read");
  fails(model + " nothing.wav out.wav", 1, "nothing.wav: cannot be read");
  fails(model + " float.wav out.wav", 1, "no WAV of 16-bit");
  fails(model + " slow.wav out.wav", 1, "sample rate");
  fails(model + " " + model + " out.wav", 1, "no WAV");
  make("good.wav", 16000, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  fails("float.wav good.wav out.wav", 1, "float.wav: The model");
  EXPECT_FALSE(fs::exists(folder_ / "out.wav"));
}

#ifdef PELLUCID_LADSPA_PLUGIN
TEST_F(FileExamples, TheFfmpegExampleKeepsSoundInTime) {
  if (std::system("command -v ffmpeg >/dev/null") != 0) GTEST_SKIP() << "ffmpeg is not installed";
  make("in.wav", 48000, 2, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  const std::string folder = fs::path(PELLUCID_LADSPA_PLUGIN).parent_path().string();
  ASSERT_EQ(run("LADSPA_PATH=" + folder +
                " AUDIO_CODEC=pcm_f32le " PELLUCID_SOURCE_DIR "/examples/ffmpeg/denoise.sh in.wav out.wav 0.8"),
            0)
      << said();
  ASSERT_EQ(run(PELLUCID_CLI " denoise in.wav --model small -o cli.wav --strength 0.8"), 0) << said();
  EXPECT_EQ(read("out.wav").size(), read("cli.wav").size());
  EXPECT_LE(distance("out.wav", "cli.wav"), 1e-6);
}

class FfmpegExample : public FileExamples {
 protected:
  void SetUp() override {
    FileExamples::SetUp();
    if (std::system("command -v ffmpeg >/dev/null") != 0) GTEST_SKIP() << "ffmpeg is not installed";
    make("in.wav", 48000, 2, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    spell("lines.srt", "1\n00:00:00,000 --> 00:00:00,300\nHello\n");
    ffmpeg(picture_ +
           "-i in.wav -i in.wav -i lines.srt -map 0 -map 1 -map 2 -map 3 -c:v mpeg4 -c:s srt -shortest film.mkv");
    ffmpeg("-i film.mkv -map 0 -c:v copy -c:a aac -c:s mov_text film.mp4");
    ffmpeg(picture_ + "-frames:v 1 cover.png");
    ffmpeg("-i in.wav -i cover.png -map 0 -map 1 -c:v copy -disposition:v attached_pic song.mp3");
  }
  void spell(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  void ffmpeg(const std::string& words) const {
    ASSERT_EQ(run("ffmpeg -nostdin -loglevel error -y " + words), 0) << said();
  }
  /// What the script makes of a file: a line of `entry` a stream.
  std::string made(const std::string& from, const std::string& to, const std::string& entry = "codec_type") const {
    const std::string folder = fs::path(PELLUCID_LADSPA_PLUGIN).parent_path().string();
    EXPECT_EQ(run("LADSPA_PATH=" + folder + " " PELLUCID_SOURCE_DIR "/examples/ffmpeg/denoise.sh " + from + " " + to),
              0)
        << from << " " << to << ": " << said();
    EXPECT_EQ(run("ffprobe -v error -show_entries stream=" + entry + " -of csv=p=0 " + to), 0) << from << " " << to;
    return said();
  }
  const std::string picture_ = "-f lavfi -i color=size=64x64:duration=0.4 ";
};

TEST_F(FfmpegExample, TakesTheSoundOfFilmsAndSongs) {
  for (const char* from : {"film.mkv", "film.mp4", "song.mp3"}) {
    for (const char* to : {"out.wav", "out.w64", "out.aiff", "out.au", "out.ogg", "out.oga", "out.opus", "out.aac"}) {
      EXPECT_EQ(made(from, to), "audio\n") << from << " " << to;
    }
    for (const char* to : {"out.mp3", "out.m4a", "out.flac"}) {
      EXPECT_EQ(made(from, to), std::string(from) == "song.mp3" ? "audio\nvideo\n" : "audio\n") << from << " " << to;
    }
  }
}

TEST_F(FfmpegExample, KeepsPicturesAndSubtitlesOfFilms) {
  const std::string film = "mpeg4\naac\naac\nmov_text\n", matroska = "mpeg4\nflac\nflac\nsubrip\n";
  for (const char* from : {"film.mkv", "film.mp4"}) {
    for (const char* to : {"out.mp4", "out.m4v", "out.mov"}) {
      EXPECT_EQ(made(from, to, "codec_name"), film) << from << " " << to;
    }
    EXPECT_EQ(made(from, "out.mkv", "codec_name"), matroska) << from;
    EXPECT_EQ(made(from, "out.avi"), "video\naudio\naudio\n") << from;
  }
}

TEST_F(FfmpegExample, KeepsTheDepthOfSamples) {
  for (const char* depth : {"s16", "s24", "s32", "f32"}) {
    ffmpeg("-i in.wav -c:a pcm_" + std::string(depth) + "le deep.wav");
    for (const char* to : {"out.wav", "out.w64"}) {
      EXPECT_EQ(made("deep.wav", to, "codec_name"), "pcm_" + std::string(depth) + "le\n") << to;
    }
    EXPECT_EQ(made("deep.wav", "out.aiff", "codec_name"), "pcm_" + std::string(depth) + "be\n");
    EXPECT_EQ(made("deep.wav", "out.flac", "bits_per_raw_sample"), std::string(depth) == "s16" ? "16\n" : "24\n");
  }
  ffmpeg("-i in.wav -c:a pcm_u8 deep.wav");
  EXPECT_EQ(made("deep.wav", "out.wav", "codec_name"), "pcm_u8\n");
  ffmpeg("-i in.wav -c:a flac -sample_fmt s32 deep.flac");
  EXPECT_EQ(made("deep.flac", "out.wav", "codec_name"), "pcm_s24le\n");
}
#endif

}  // namespace
