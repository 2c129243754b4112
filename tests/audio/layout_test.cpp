// Every channel stays where it was, whatever order and names the container has for them.
#include "audio/layout.hpp"

#include "tones.hpp"

namespace pellucid::audio {
namespace {

TEST(Layout, MasksAndMapsAreEachOther) {
  for (const std::uint32_t mask : {k21, k30, kQuad, k51, k51Side, k61, k71, k71Wide})
    EXPECT_EQ(speaker_mask(channel_map_of(mask)), mask);
  EXPECT_EQ(speaker_names(k21), "FL FR LFE");
  const std::vector<int> twice{SF_CHANNEL_MAP_LEFT, SF_CHANNEL_MAP_FRONT_LEFT}, strange{SF_CHANNEL_MAP_AMBISONIC_B_W};
  EXPECT_EQ(speaker_mask(twice), 0u);
  EXPECT_EQ(speaker_mask(strange), 0u);
  EXPECT_EQ(usual_speaker_mask(6), k51);
  EXPECT_EQ(usual_speaker_mask(9), 0u);
}

TEST(Layout, SurroundsAtTheSideAreAsGoodAsAtTheBack) {
  const std::vector<std::uint32_t> held{k50, k51, k61};
  EXPECT_EQ(nearest_speaker_mask(k51, held), k51);
  EXPECT_EQ(nearest_speaker_mask(k51Side, held), k51);
  EXPECT_EQ(nearest_speaker_mask(0x13F, held), k61);
  EXPECT_EQ(nearest_speaker_mask(k21, held), 0u);
}

class Layouts : public FolderTest {
 protected:
  void SetUp() override {
    if (!has_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  }
  void ffmpeg(const std::string& arguments) const {
    const std::string command = "cd '" + folder_.string() + "' && ffmpeg -nostdin -v error -y " + arguments;
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
};

TEST_F(Layouts, VorbisAndOpusHaveTheirOwnOrder) {
  for (const std::uint32_t mask : {k30, kQuad, k50, k51, k61, k71}) {
    write_tones(folder_ / "a.wav", mask);
    const Places right{mask, mask};
    for (const char* coder : {"ogg", "opus"}) {
      const std::string ours = std::string("ours.") + coder, theirs = std::string("theirs.") + coder;
      copy_sound(folder_ / "a.wav", folder_ / ours);
      EXPECT_EQ(places_by_ffmpeg(folder_ / ours), right) << ours;
      if ((mask == k50 || mask == k61) && theirs == "theirs.opus") continue;  // whose channels ffmpeg 5.1 mixes up
      ffmpeg("-i a.wav -c:a lib" + std::string(coder == std::string("ogg") ? "vorbis " : "opus ") + theirs);
      Reader reader(folder_ / theirs);
      EXPECT_EQ(speaker_mask(reader.format().channel_map), mask) << theirs;
      EXPECT_EQ(places_of(read_all(reader), reader.format().channels), mask) << theirs;
      ASSERT_TRUE(reader.seek(5000));
      EXPECT_EQ(places_of(read_all(reader), reader.format().channels), mask) << theirs;
      copy_sound(folder_ / theirs, folder_ / "copy.wav");
      EXPECT_EQ(places_by_ffmpeg(folder_ / "copy.wav"), right) << theirs;
      if (mask != k51) continue;
      // To what has WAV's order, to each other, and to their own kind.
      for (const std::string kind : {"flac", "ogg", "opus", "w64", "rf64"}) {
        copy_sound(folder_ / theirs, folder_ / ("copy." + kind));
        EXPECT_EQ(places_by_ffmpeg(folder_ / ("copy." + kind)).held, mask) << theirs << " to " << kind;
      }
    }
  }
}

TEST_F(Layouts, OggTakesSidesForBacksAndRefusesWhatItCannotSay) {
  write_tones(folder_ / "side.wav", k51Side);
  copy_sound(folder_ / "side.wav", folder_ / "side.opus");
  EXPECT_EQ(places_by_ffmpeg(folder_ / "side.opus"), (Places{k51, k51Side}));
  for (const std::uint32_t mask : {k21, k40, k71Wide}) {
    const Reader reader(write_tones(folder_ / "odd.wav", mask));
    for (const char* name : {"odd.ogg", "odd.opus"}) {
      std::string sentence;
      EXPECT_EQ(code_of([&] { output_format(reader.format(), name); }, &sentence), ExitCode::kOutput);
      EXPECT_NE(sentence.find(std::string(name) + ": would need channels for " + speaker_names(mask)),
                std::string::npos)
          << sentence;
    }
  }
}

// As CAF and AIFF may have them.
TEST_F(Layouts, AMapInAnotherOrderIsFollowed) {
  StreamFormat format;
  format.rate_hz = 48000;
  format.channels = 3;
  format.channel_map = {SF_CHANNEL_MAP_CENTER, SF_CHANNEL_MAP_LEFT, SF_CHANNEL_MAP_RIGHT};
  format.code = SF_FORMAT_CAF | SF_FORMAT_PCM_16;
  const std::vector<double> in_order = tones(k30, 20000);
  std::vector<double> samples = in_order;
  for (std::size_t i = 0; i < samples.size(); i += 3) {
    samples[i] = in_order[i + 2];
    samples[i + 1] = in_order[i];
    samples[i + 2] = in_order[i + 1];
  }
  for (const char* name : {"a.wav", "a.ogg", "a.opus", "a.flac"}) {
    write_sound(folder_ / name, output_format(format, folder_ / name), samples);
    EXPECT_EQ(places_by_ffmpeg(folder_ / name), (Places{k30, k30})) << name;
  }
}

TEST_F(Layouts, WhatFfmpegWritesKeepsItsPlaces) {
  const auto keeps = [&](const std::string& in, const std::string& name) {
    const Places before = places_by_ffmpeg(folder_ / in);
    copy_sound(folder_ / in, folder_ / name);
    EXPECT_EQ(places_by_ffmpeg(folder_ / name), before) << in << " to " << name;
    return before;
  };
  for (const std::uint32_t mask : {k30, kQuad, k51, k71}) {
    write_tones(folder_ / "a.wav", mask);
    ffmpeg("-i a.wav a.m4a -c:a flac a.mka");
    EXPECT_EQ(keeps("a.m4a", "b.m4a"), (Places{mask, mask}));
    EXPECT_EQ(keeps("a.mka", "b.mka"), (Places{mask, mask}));
    keeps("a.wav", "c.m4a");
    keeps("a.wav", "c.webm");
  }
  for (const std::uint32_t mask : {k21, k40, k51Side, k71Wide}) {
    write_tones(folder_ / "a.wav", mask);
    ffmpeg("-i a.wav -c:a flac a.mka");
    ffmpeg("-i a.wav -c:a pcm_s16le a.mov");
    keeps("a.wav", "b.mka");
    EXPECT_EQ(keeps("a.mka", "c.mka"), (Places{mask, mask}));
    EXPECT_EQ(keeps("a.mov", "c.mov"), (Places{mask, mask}));
    copy_sound(folder_ / "a.wav", folder_ / "d.m4a");
    EXPECT_EQ(places_by_ffmpeg(folder_ / "d.m4a").held, mask);
  }
  // A WAV that does not say is of a front of three, not of two and a woofer.
  StreamFormat silent;
  silent.rate_hz = 48000;
  silent.channels = 3;
  silent.code = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  write_sound(folder_ / "silent.wav", silent, tones(k30, 20000));
  copy_sound(folder_ / "silent.wav", folder_ / "e.m4a");
  EXPECT_EQ(places_by_ffmpeg(folder_ / "e.m4a"), (Places{k30, k30}));
}

TEST_F(Layouts, LayoutsThatFfmpegWouldMixAreRefused) {
  std::string sentence;
  StreamFormat format = Reader(write_tones(folder_ / "a.wav", kQuad)).format();
  format.origin.coder = "alac";
  EXPECT_EQ(code_of([&] { output_format(format, "a.m4a"); }, &sentence), ExitCode::kOutput);
  EXPECT_NE(sentence.find("FL FR BL BR, which ALAC"), std::string::npos) << sentence;
  EXPECT_EQ(code_of([&] { output_format(format, "a.mka"); }), ExitCode::kOk);
  format.origin.coder = "opus";
  format.channel_map = channel_map_of(k40);
  EXPECT_EQ(code_of([&] { output_format(format, "a.webm"); }, &sentence), ExitCode::kOutput);
  EXPECT_NE(sentence.find("Opus"), std::string::npos) << sentence;
  format.channels = 9;
  format.origin.coder = "alac";
  EXPECT_EQ(code_of([&] { output_format(format, "a.mov"); }, &sentence), ExitCode::kOutput);
  EXPECT_NE(sentence.find("9 channels"), std::string::npos) << sentence;
}

}  // namespace
}  // namespace pellucid::audio
