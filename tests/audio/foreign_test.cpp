// M4A and films, by ffmpeg: the whole of them and in time, or a sentence.
#include "audio/foreign.hpp"

#include <sndfile.h>

#include <cstdlib>

#include "audio/sound.hpp"
#include "test_folder.hpp"

namespace pellucid::audio {
namespace {

std::span<const unsigned char> bytes_in(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

TEST(ForeignContainer, IsKnownByItsFirstBytes) {
  const auto is = [](const std::string& head) { return std::string(foreign_container(bytes_in(head))); };
  EXPECT_EQ(is(std::string("\0\0\0\x1C", 4) + "ftypM4A "), "mov");
  EXPECT_EQ(is("\x1A\x45\xDF\xA3"), "matroska");
  EXPECT_EQ(is("#!AMR\n"), "amr");
  EXPECT_EQ(is("RIFF1234AVI "), "avi");
  EXPECT_EQ(is("\xFF\xF1\x50"), "aac");
  for (const std::string head : {"", "a", "RIFF1234WAVE", "fLaC", "OggS", "\xFF\xFB\x90", "xxxftyp", "ftyp"})
    EXPECT_EQ(foreign_container(bytes_in(head)), nullptr) << head;
}

class Foreign : public FolderTest {
 protected:
  void SetUp() override {
    if (std::system("command -v ffmpeg >/dev/null") != 0) GTEST_SKIP() << "ffmpeg is not installed";
    StreamFormat format;
    format.rate_hz = 48000;
    format.channels = 2;
    format.code = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
    write_sound(folder_ / "talk.wav", format, noise(60000, 2, 48000));
  }
  void ffmpeg(const std::string& arguments) const {
    const std::string command = "cd '" + folder_.string() + "' && ffmpeg -nostdin -v error -y " + arguments;
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  std::string refusal(const std::string& name) const {
    std::string sentence;
    EXPECT_EQ(code_of([&] { Reader reader(folder_ / name); }, &sentence), ExitCode::kAudio) << sentence;
    EXPECT_NE(sentence.find(name), std::string::npos) << sentence;
    EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
    return sentence;
  }
};

TEST_F(Foreign, IsReadAsFfmpegDecodesIt) {
  for (const char* name : {"talk.m4a", "talk.mov", "talk.mka", "talk.aac", "talk.avi"}) {
    ffmpeg(std::string("-i talk.wav ") + name);
    ffmpeg(std::string("-i ") + name + " -c:a pcm_f32le as-it-is.wav");
    Reader expected(folder_ / "as-it-is.wav"), reader(folder_ / name);
    EXPECT_EQ(reader.format().rate_hz, 48000);
    EXPECT_EQ(reader.format().channels, 2);
    EXPECT_EQ(reader.format().code, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
    const std::vector<double> samples = read_all(reader);
    EXPECT_GE(samples.size(), 2 * 60000u) << name;
    EXPECT_EQ(samples, read_all(expected)) << name;
  }
}

TEST_F(Foreign, OneOfAFilmsTracksIsSound) {
  ffmpeg("-f lavfi -i testsrc=d=1:s=64x64 -i talk.wav -c:v mpeg4 film.mp4");
  Reader reader(folder_ / "film.mp4");
  const std::vector<double> samples = read_all(reader);
  ASSERT_TRUE(reader.seek(1000));
  std::vector<double> two(4);
  ASSERT_EQ(reader.read(std::span<double>(two)), 2u);
  EXPECT_TRUE(std::equal(two.begin(), two.end(), samples.begin() + 2000));
  EXPECT_EQ(load(folder_ / "film.mp4", {.rate_hz = 16000}).rate_hz, 16000);

  ffmpeg("-f lavfi -i testsrc=d=1:s=64x64 -c:v mpeg4 mute.mp4");
  EXPECT_NE(refusal("mute.mp4").find("holds no sound"), std::string::npos);
}

TEST_F(Foreign, WhatIsCutShortIsRefused) {
  for (const std::string kind : {"m4a", "mka", "aac", "avi"}) {
    ffmpeg("-i talk.wav whole." + kind);
    const std::string whole = bytes_of(folder_ / ("whole." + kind));
    put_bytes(folder_ / ("cut." + kind), whole.substr(0, whole.size() * 6 / 10));
    EXPECT_NE(refusal("cut." + kind).find("cut short or damaged"), std::string::npos);
  }
  put_bytes(folder_ / "junk.m4a", std::string("\0\0\0\x1C", 4) + "ftypM4A and nothing that is any good");
  refusal("junk.m4a");
}

TEST_F(Foreign, WithoutFfmpegASentenceSaysWhatToInstall) {
  ffmpeg("-i talk.wav talk.m4a");
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  EXPECT_NE(refusal("talk.m4a").find("apt install ffmpeg"), std::string::npos);
  ::setenv("PATH", path.c_str(), 1);
}

}  // namespace
}  // namespace pellucid::audio
