// M4A and films, by ffmpeg: the whole of them and in time, or a sentence.
#include "audio/foreign.hpp"

#include <sndfile.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "audio/sound.hpp"
#include "test_folder.hpp"

namespace pellucid::audio {
namespace {

namespace fs = std::filesystem;

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

TEST(ForeignContainer, IsKnownWhateverTheName) {
  const test::TempFolder folder;
  const auto is_foreign = [&](const std::string& content) {
    put_bytes(folder.path() / "notes.txt", content);
    return has_foreign_content(folder.path() / "notes.txt");
  };
  EXPECT_TRUE(is_foreign(std::string("\0\0\0\x1C", 4) + "ftypM4A "));
  EXPECT_FALSE(is_foreign("RIFF1234WAVE"));
  EXPECT_FALSE(is_foreign(""));
  EXPECT_FALSE(has_foreign_content(folder.path()));
  EXPECT_FALSE(has_foreign_content(folder.path() / "none"));
}

TEST(ForeignKinds, OnesThatCannotBeWrittenAndFilms) {
  for (const char* name : {"a.WMV", "a.asf", "a.amr"}) EXPECT_FALSE(has_written_extension(name)) << name;
  for (const char* name : {"a.3g2", "a.qt", "a.f4v", "a.wmv"}) {
    EXPECT_TRUE(has_film_extension(name)) << name;
    EXPECT_FALSE(has_sound_extension(name)) << name;
  }
  for (const char* name : {"a.m4r", "a.weba", "a.wave"}) EXPECT_TRUE(has_sound_extension(name)) << name;
}

class Foreign : public FolderTest {
 protected:
  void SetUp() override {
    if (std::system("command -v ffmpeg >/dev/null") != 0) GTEST_SKIP() << "ffmpeg is not installed";
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
    write_sound(folder_ / "talk.wav", wav(48000, 2, SF_FORMAT_PCM_16), noise(60000, 2, 48000));
  }
  static StreamFormat wav(int rate_hz, int channels, int subtype) {
    StreamFormat format;
    format.rate_hz = rate_hz;
    format.channels = channels;
    format.code = SF_FORMAT_WAV | subtype;
    return format;
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
    std::vector<double> decoded = read_all(expected);
    // MP4 and its kin say where the sound ends in the last block; the others do not.
    const bool says = std::string(name) == "talk.m4a" || std::string(name) == "talk.mov";
    EXPECT_EQ(samples.size(), says ? 2 * 60000u : decoded.size()) << name;
    decoded.resize(samples.size());
    EXPECT_EQ(samples, decoded) << name;
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
  fs::rename(folder_ / "film.mp4", folder_ / "film.bak");
  reader.rewind();  // what was decoded, which needs no film
  EXPECT_EQ(read_all(reader), samples);

  ffmpeg("-f lavfi -i testsrc=d=1:s=64x64 -c:v mpeg4 mute.mp4");
  EXPECT_NE(refusal("mute.mp4").find("holds no sound"), std::string::npos);
}

TEST_F(Foreign, ALateTrackBeginsWithSilence) {
  ffmpeg(
      "-f lavfi -i testsrc=d=1:s=64x64 -itsoffset 0.5 -i talk.wav -map 0:v -map 1:a -c:v mpeg4 -c:a pcm_s16le "
      "late.mov");
  Reader late(folder_ / "late.mov"), talk(folder_ / "talk.wav");
  const std::vector<double> samples = read_all(late), expected = read_all(talk);
  const std::size_t silent = 2 * 24000;
  ASSERT_EQ(samples.size(), silent + expected.size());
  EXPECT_TRUE(std::all_of(samples.begin(), samples.begin() + silent, [](double x) { return x == 0; }));
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), samples.begin() + silent));
}

TEST_F(Foreign, WhatIsReadIsWrittenInTime) {
  ffmpeg("-i talk.wav -c:a aac -f mp4 talk.mp4");
  for (const std::string kind : {"m4a", "m4b", "m4r", "weba", "mka", "mp4", "mpeg4", "m4v", "f4v", "mov", "qt", "3gp",
                                 "3g2", "mkv", "webm", "avi"}) {
    const fs::path copy = folder_ / ("copy." + kind);
    Reader reader(folder_ / "talk.mp4");
    const std::vector<double> samples = read_all(reader);
    Writer writer(copy, output_format(reader.format(), copy));
    writer.write(samples);
    writer.close();
    Reader again(copy);
    EXPECT_EQ(again.format().rate_hz, 48000) << kind;
    EXPECT_EQ(again.format().channels, 2) << kind;
    const std::vector<double> read = read_all(again);
    ASSERT_GE(read.size(), samples.size() - 2) << kind;
    double wrong = 0, power = 0;
    for (std::size_t i = 0; i < samples.size() - 2; ++i) {
      wrong += (read[i] - samples[i]) * (read[i] - samples[i]);
      power += samples[i] * samples[i];
    }
    EXPECT_LT(wrong, 0.25 * power) << kind;
  }
}

TEST_F(Foreign, NothingIsAddedBehindTheEnd) {
  const auto seconds = [&](const std::string& name) {
    ffmpeg(std::string("-i talk.wav -f null - ; ffprobe -v error -select_streams a:0 -show_entries stream=duration ") +
           "-of default=nw=1:nk=1 " + name + " > seconds");
    return std::stod(bytes_of(folder_ / "seconds"));
  };
  for (const std::string rate : {"48000", "16000"}) {
    ffmpeg("-i talk.wav -ar " + rate + " -c:a aac once.m4a");
    ffmpeg("-f lavfi -i testsrc=d=1:s=64x64 -i once.m4a -c:v mpeg4 -c:a copy once.mp4");
    for (const std::string kind : {"m4a", "mp4", "mov"}) {
      const std::string from = kind == "m4a" ? "once.m4a" : "once.mp4";
      const fs::path copy = folder_ / ("twice." + kind);
      Reader reader(folder_ / from);
      const std::vector<double> samples = read_all(reader);
      EXPECT_EQ(samples.size(), 2 * static_cast<std::size_t>(reader.format().frames));
      write_sound(copy, output_format(reader.format(), copy), samples);
      EXPECT_NEAR(seconds("twice." + kind), seconds(from), 0.0015) << kind << " at " << rate;
    }
  }
}

TEST_F(Foreign, ATrackKeepsItsTitle) {
  ffmpeg(
      "-f lavfi -i testsrc=d=1:s=64x64 -i talk.wav -c:v mpeg4 -c:a flac -metadata:s:a:0 title='The talk' "
      "-metadata:s:a:0 BPS=17 a.mkv");
  Reader reader(folder_ / "a.mkv");
  write_sound(folder_ / "b.mkv", output_format(reader.format(), folder_ / "b.mkv"), read_all(reader));
  const Reader again(folder_ / "b.mkv");
  EXPECT_EQ(again.format().origin.track_tags, (std::map<std::string, std::string>{{"title", "The talk"}}));
}

TEST_F(Foreign, TagsComeFromOtherKindsToo) {
  const std::map<std::string, std::string> tags{
      {"title", "It's =; $HOME"}, {"artist", "Zoë"}, {"album", "Talks"}, {"date", "2026"}, {"genre", "Speech"}};
  std::string all;
  for (const auto& [tag, text] : tags)
    all += " -metadata " + tag + "=\"" + (tag == "title" ? "It's =; \\$HOME" : text) + "\"";
  ffmpeg("-i talk.wav" + all + " a.mp3");
  ffmpeg("-i talk.wav" + all + " a.flac");
  for (const char* from : {"a.mp3", "a.flac"}) {
    for (const char* to : {"b.m4a", "b.mka"}) {
      Reader reader(folder_ / from);
      write_sound(folder_ / to, output_format(reader.format(), folder_ / to), read_all(reader));
      ffmpeg(std::string("-i ") + to + " b.wav");
      const StreamFormat kept = Reader(folder_ / "b.wav").format();
      EXPECT_EQ(kept.tags.at(SF_STR_TITLE), tags.at("title")) << from << " to " << to;
      EXPECT_EQ(kept.tags.at(SF_STR_ARTIST), tags.at("artist")) << from << " to " << to;
      EXPECT_EQ(kept.tags.at(SF_STR_ALBUM), tags.at("album")) << from << " to " << to;
      EXPECT_EQ(kept.tags.at(SF_STR_DATE), tags.at("date")) << from << " to " << to;
      EXPECT_EQ(kept.tags.at(SF_STR_GENRE), tags.at("genre")) << from << " to " << to;
    }
  }
}

TEST_F(Foreign, LosslessStaysLosslessAndAsFine) {
  const auto noisy = noise(30000, 2, 48000);
  write_sound(folder_ / "fine.wav", wav(48000, 2, SF_FORMAT_PCM_24), noisy);
  struct Case {
    const char *in, *coder, *name, *kept;
  };
  for (const Case& c :
       {Case{"talk.wav", "alac", "a.m4a", "alac"}, Case{"fine.wav", "alac", "b.m4a", "alac"},
        Case{"fine.wav", "alac", "c.mp4", "alac"}, Case{"fine.wav", "pcm_s24be", "d.mov", "pcm_s24le"},
        Case{"talk.wav", "pcm_s16le", "e.mov", "pcm_s16le"}, Case{"fine.wav", "pcm_f32le", "f.mov", "pcm_f32le"},
        Case{"fine.wav", "flac", "g.mkv", "flac"}, Case{"talk.wav", "flac -strict -2", "h.mp4", "alac"},
        Case{"fine.wav", "pcm_s24le", "i.avi", "pcm_s24le"}}) {
    ffmpeg(std::string("-i ") + c.in + " -c:a " + c.coder + " " + c.name);
    Reader reader(folder_ / c.name);
    const std::vector<double> samples = read_all(reader);
    const fs::path copy = folder_ / (std::string("copy-") + c.name);
    write_sound(copy, output_format(reader.format(), copy), samples);
    Reader again(copy);
    EXPECT_EQ(again.format().origin.coder, c.kept) << c.name;
    EXPECT_EQ(again.format().code, reader.format().code) << c.name;
    EXPECT_EQ(read_all(again), samples) << c.name;
  }
}

TEST_F(Foreign, RatesThatACoderLacksAreRefused) {
  StreamFormat format = wav(384000, 1, SF_FORMAT_PCM_16);
  std::string sentence;
  EXPECT_EQ(code_of([&] { output_format(format, "a.m4a"); }, &sentence), ExitCode::kOutput);
  EXPECT_NE(sentence.find("AAC, which has no 384000 Hz"), std::string::npos) << sentence;
  format.rate_hz = 44100;
  EXPECT_EQ(code_of([&] { output_format(format, "a.webm"); }, &sentence), ExitCode::kOutput);
  EXPECT_NE(sentence.find("Opus"), std::string::npos) << sentence;
  EXPECT_EQ(code_of([&] { output_format(format, "a.m4a"); }), ExitCode::kOk);
  // Vorbis, which WebM takes too, has it.
  ffmpeg("-i talk.wav -ar 44100 -c:a libvorbis a.webm");
  Reader reader(folder_ / "a.webm");
  write_sound(folder_ / "b.webm", output_format(reader.format(), "b.webm"), read_all(reader));
  EXPECT_EQ(Reader(folder_ / "b.webm").format().rate_hz, 44100);
}

TEST_F(Foreign, AFilmKeepsAllButItsFirstSound) {
  put_bytes(folder_ / "words.srt", "1\n00:00:00,100 --> 00:00:00,900\nGood morning.\n");
  ffmpeg(
      "-f lavfi -i testsrc=d=1:s=64x64 -i talk.wav -f lavfi -i sine=d=1 -i words.srt -map 0 -map 1 -map 2 -map 3 -c:v "
      "mpeg4 -timecode 01:02:03:04 "
      "-c:a aac -c:s mov_text -metadata title='The [error] of my ways' -metadata:s:a:0 language=fra -metadata:s:a:1 "
      "language=deu film.mp4");
  Reader reader(folder_ / "film.mp4");
  EXPECT_EQ(reader.format().origin.language, "fra");
  std::vector<double> samples = read_all(reader);
  for (double& x : samples) x *= 0.5;
  Writer writer(folder_ / "soft.mp4", output_format(reader.format(), folder_ / "soft.mp4"));
  writer.write(samples);
  writer.close();
  for (const char* name : {"film", "soft"})
    ffmpeg(std::string("-i ") + name + ".mp4 -map 0:v -map 0:a:1 -map 0:s -c copy -f streamhash " + name + ".hash");
  EXPECT_EQ(bytes_of(folder_ / "soft.hash"), bytes_of(folder_ / "film.hash"));
  ffmpeg("-i soft.mp4 -map 0:v -c copy -f ffmetadata tags.txt");
  for (const char* tag : {"title=The [error] of my ways", "timecode=01:02:03:04"})
    EXPECT_NE(bytes_of(folder_ / "tags.txt").find(tag), std::string::npos) << tag;
  Reader soft(folder_ / "soft.mp4");
  EXPECT_EQ(soft.format().origin.language, "fra");
  double power = 0, expected = 0;
  for (const double x : read_all(soft)) power += x * x;
  for (const double x : samples) expected += x * x;
  EXPECT_NEAR(power / expected, 1, 0.1);

  // Its sound alone; and what cannot be: MPEG-4 pictures in WebM.
  Writer sound(folder_ / "sound.m4a", output_format(reader.format(), folder_ / "sound.m4a"));
  sound.write(samples);
  sound.close();
  ffmpeg("-i sound.m4a -map 0 -c copy -f streamhash sound.hash");
  EXPECT_EQ(bytes_of(folder_ / "sound.hash").find(",v,"), std::string::npos);
  std::string sentence;
  const auto into_webm = [&] {
    Writer webm(folder_ / "film.webm", output_format(reader.format(), folder_ / "film.webm"));
    for (int i = 0; i < 10; ++i) webm.write(samples);
    webm.close();
  };
  EXPECT_EQ(code_of(into_webm, &sentence), ExitCode::kOutput) << sentence;
  EXPECT_NE(sentence.find("WebM"), std::string::npos) << sentence;
  EXPECT_FALSE(fs::exists(folder_ / "film.webm"));
}

TEST_F(Foreign, WhatIsNotFinishedIsNotThere) {
  {
    StreamFormat format;
    format.rate_hz = 16000;
    format.channels = 1;
    Writer writer(folder_ / "half.m4a", output_format(format, folder_ / "half.m4a"));
    writer.write(noise(16000, 1, 16000));
  }
  for (const auto& entry : fs::directory_iterator(folder_)) EXPECT_EQ(entry.path().filename(), "talk.wav");
}

TEST_F(Foreign, ALongTagIsNoFault) {
  put_bytes(folder_ / "tags.txt", ";FFMETADATA1\ncomment=" + std::string(300000, 'x') + "\n");
  ffmpeg("-i talk.wav -i tags.txt -map_metadata 1 -metadata:s:a:0 language=eng long.m4a");
  EXPECT_EQ(Reader(folder_ / "long.m4a").format().origin.language, "eng");
}

TEST_F(Foreign, WhatIsCutShortIsRefused) {
  for (const std::string kind : {"m4a", "mka", "aac", "avi"}) {
    ffmpeg("-i talk.wav whole." + kind);
    const std::string whole = bytes_of(folder_ / ("whole." + kind));
    put_bytes(folder_ / ("cut." + kind), whole.substr(0, whole.size() * 6 / 10));
    EXPECT_NE(refusal("cut." + kind).find("cut short or damaged"), std::string::npos);
    if (kind == "m4a") continue;  // its index was at the end
    Reader reader(folder_ / ("cut." + kind), Damage::kTakeTheRest);
    const std::size_t frames = read_all(reader).size() / 2;
    EXPECT_GT(frames, 25000u) << kind;
    EXPECT_LT(frames, 50000u) << kind;
    EXPECT_TRUE(reader.shortfall()) << kind;
  }
  EXPECT_EQ(code_of([&] { Reader reader(folder_ / "cut.m4a", Damage::kTakeTheRest); }), ExitCode::kAudio);
  put_bytes(folder_ / "junk.m4a", std::string("\0\0\0\x1C", 4) + "ftypM4A and nothing that is any good");
  refusal("junk.m4a");
}

TEST_F(Foreign, WithoutFfprobeNothingIsCutAndNoTitleKnown) {
  ffmpeg("-i talk.wav -metadata:s:a:0 title=Talk -c:a aac talk.m4a");
  fs::create_directory(folder_ / "bin");
  ASSERT_EQ(std::system(("ln -s \"$(command -v ffmpeg)\" '" + (folder_ / "bin").string() + "/ffmpeg'").c_str()), 0);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", (folder_ / "bin").c_str(), 1);
  Reader reader(folder_ / "talk.m4a");
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_GE(reader.format().frames, 60000);
  EXPECT_TRUE(reader.format().origin.track_tags.empty());
}

TEST_F(Foreign, WithoutFfmpegASentenceSaysWhatToInstall) {
  ffmpeg("-i talk.wav talk.m4a");
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  EXPECT_NE(refusal("talk.m4a").find("apt install ffmpeg"), std::string::npos);
  std::string sentence;
  const StreamFormat format = Reader(folder_ / "talk.wav").format();
  EXPECT_EQ(code_of([&] { Writer writer(folder_ / "new.m4a", output_format(format, folder_ / "new.m4a")); }, &sentence),
            ExitCode::kOutput);
  EXPECT_NE(sentence.find("apt install ffmpeg"), std::string::npos) << sentence;
  EXPECT_FALSE(fs::exists(folder_ / "new.m4a"));
  ::setenv("PATH", path.c_str(), 1);
}

}  // namespace
}  // namespace pellucid::audio
