// What goes through Reader and Writer comes out as it was: container, sample format, rate, channels, length, time.
#include "audio/stream.hpp"

#include <sndfile.h>

#include <algorithm>
#include <cstring>

#include "test_folder.hpp"

namespace pellucid::audio {
namespace {

struct Case {
  const char* name;
  int code, rate_hz, channels;
  double step;  // of the sample format; 0: lossy
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name << " " << c.rate_hz << " Hz x" << c.channels; }

class EveryFormat : public FolderTest, public ::testing::WithParamInterface<Case> {};

// The lag in samples at which two sounds fit best.
int best_lag(const std::vector<double>& a, const std::vector<double>& b, std::size_t channels) {
  int best = 0;
  double highest = -1;
  const auto frames = static_cast<int>(std::min(a.size(), b.size()) / channels);
  for (int lag = -1500; lag <= 1500; ++lag) {
    double sum = 0;
    for (int i = 2000; i + 2000 < frames; i += 3) {
      sum += a[static_cast<std::size_t>(i) * channels] * b[static_cast<std::size_t>(i + lag) * channels];
    }
    if (sum > highest) {
      highest = sum;
      best = lag;
    }
  }
  return best;
}

TEST_P(EveryFormat, KeepsFormatLengthAndTime) {
  const Case& c = GetParam();
  const std::size_t frames = 20011;
  const std::vector<double> samples = noise(frames, c.channels, c.rate_hz);
  StreamFormat format;
  format.rate_hz = c.rate_hz;
  format.channels = c.channels;
  format.code = c.code;
  const std::filesystem::path first = folder_ / c.name, second = folder_ / ("again." + std::string(c.name));
  write_sound(first, format, samples);

  Reader reader(first);
  EXPECT_EQ(reader.format().code & (SF_FORMAT_TYPEMASK | SF_FORMAT_SUBMASK), c.code);
  EXPECT_EQ(reader.format().rate_hz, c.rate_hz);
  EXPECT_EQ(reader.format().channels, c.channels);
  const std::vector<double> read = read_all(reader);
  ASSERT_EQ(read.size(), samples.size());
  if (c.step > 0) {
    for (std::size_t i = 0; i < samples.size(); ++i) ASSERT_NEAR(read[i], samples[i], c.step / 2) << i;
  } else {
    EXPECT_EQ(best_lag(samples, read, static_cast<std::size_t>(c.channels)), 0);
  }

  // Once more: a lossless file is the same to the bit, a lossy one keeps its length.
  Reader again(first);
  const StreamFormat output = output_format(again.format(), second);
  write_sound(second, output, read_all(again));
  if (c.step > 0) {
    EXPECT_EQ(bytes_of(first), bytes_of(second));
  }
  Reader last(second);
  EXPECT_EQ(last.format().code, reader.format().code);
  EXPECT_EQ(read_all(last).size(), samples.size());
}

constexpr int kWav = SF_FORMAT_WAV, kOgg = SF_FORMAT_OGG;
INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat,
                         ::testing::Values(Case{"u8.wav", kWav | SF_FORMAT_PCM_U8, 8000, 1, 0x1p-7},
                                           Case{"s16.wav", kWav | SF_FORMAT_PCM_16, 44100, 2, 0x1p-15},
                                           Case{"s24.wav", kWav | SF_FORMAT_PCM_24, 96000, 2, 0x1p-23},
                                           Case{"s32.wav", kWav | SF_FORMAT_PCM_32, 48000, 1, 0x1p-31},
                                           Case{"f32.wav", kWav | SF_FORMAT_FLOAT, 384000, 1, 0x1p-23},
                                           Case{"f64.wav", kWav | SF_FORMAT_DOUBLE, 11025, 1, 0x1p-50},
                                           Case{"wide.wav", SF_FORMAT_WAVEX | SF_FORMAT_PCM_16, 48000, 32, 0x1p-15},
                                           Case{"big.rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 16000, 1, 0x1p-15},
                                           Case{"a.w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16, 16000, 1, 0x1p-15},
                                           Case{"s16.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 22050, 2, 0x1p-15},
                                           Case{"s24.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 384000, 8, 0x1p-23},
                                           Case{"s16.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 12345, 3, 0x1p-15},
                                           Case{"s16.au", SF_FORMAT_AU | SF_FORMAT_PCM_16, 8000, 1, 0x1p-15},
                                           Case{"alac.caf", SF_FORMAT_CAF | SF_FORMAT_ALAC_16, 44100, 2, 0x1p-15},
                                           Case{"vorbis.ogg", kOgg | SF_FORMAT_VORBIS, 44100, 2, 0},
                                           Case{"o48.opus", kOgg | SF_FORMAT_OPUS, 48000, 2, 0},
                                           Case{"o16.opus", kOgg | SF_FORMAT_OPUS, 16000, 1, 0},
                                           Case{"o8.opus", kOgg | SF_FORMAT_OPUS, 8000, 1, 0},
                                           Case{"a44.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 2, 0},
                                           Case{"a16.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 16000, 1, 0}),
                         [](const auto& test) {
                           std::string name = test.param.name;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST_F(FolderTest, ClipsAndRoundsIntegers) {
  StreamFormat format;
  format.rate_hz = 16000;
  format.channels = 1;
  format.code = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  Writer writer(folder_ / "a.wav", format);
  writer.write(std::vector<double>{1.5, -1.5, 1.0, -1.0, 0.4 / 32768, 0.6 / 32768, -0.6 / 32768});
  EXPECT_EQ(writer.clipped_samples(), 3u);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "a.wav"));
  writer.close();
  Reader reader(folder_ / "a.wav");
  const double top = 32767.0 / 32768, one = 1.0 / 32768;
  EXPECT_EQ(read_all(reader), (std::vector<double>{top, -1, top, -1, 0, one, -one}));
}

TEST_F(FolderTest, KeepsTagsAndChannelPlaces) {
  StreamFormat format;
  format.rate_hz = 48000;
  format.channels = 3;
  format.code = SF_FORMAT_WAVEX | SF_FORMAT_PCM_16;
  format.tags[SF_STR_TITLE] = "A talk";
  format.channel_map = {SF_CHANNEL_MAP_LEFT, SF_CHANNEL_MAP_RIGHT, SF_CHANNEL_MAP_LFE};
  write_sound(folder_ / "a.wav", format, noise(100, 3, 48000));
  const Reader reader(folder_ / "a.wav");
  EXPECT_EQ(reader.format().tags.at(SF_STR_TITLE), "A talk");
  EXPECT_EQ(reader.format().channel_map, format.channel_map);
}

TEST_F(FolderTest, KeepsWhereABroadcastWaveLiesInTime) {
  SF_BROADCAST_INFO info{};
  std::strcpy(info.description, "An interview");
  std::strcpy(info.origination_date, "2026-11-29");
  info.time_reference_low = 480000;
  StreamFormat format;
  format.rate_hz = 48000;
  format.channels = 1;
  format.code = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&info);
  format.broadcast.assign(bytes, bytes + sizeof(info));
  write_sound(folder_ / "a.wav", format, noise(100, 1, 48000));
  const Reader first(folder_ / "a.wav");
  write_sound(folder_ / "b.wav", first.format(), noise(100, 1, 48000));
  const Reader second(folder_ / "b.wav");
  ASSERT_EQ(second.format().broadcast.size(), sizeof(info));
  SF_BROADCAST_INFO back;
  std::memcpy(&back, second.format().broadcast.data(), sizeof(back));
  EXPECT_STREQ(back.description, "An interview");
  EXPECT_EQ(std::string(back.origination_date, 10), "2026-11-29");
  EXPECT_EQ(back.time_reference_low, 480000u);
  write_sound(folder_ / "c.flac", output_format(second.format(), folder_ / "c.flac"), noise(100, 1, 48000));
}

TEST_F(FolderTest, KeepsCuePointsLabelsAndIxml) {
  const auto u32 = [](std::uint32_t value) { return std::string(reinterpret_cast<const char*>(&value), 4); };
  const auto chunk = [&](const std::string& id, const std::string& data) {
    return id + u32(static_cast<std::uint32_t>(data.size())) + data;
  };
  const std::string cue = u32(1) + u32(1) + u32(50) + "data" + u32(0) + u32(0) + u32(50);
  const std::string labels = "adtllabl" + u32(4 + 8) + u32(1) + std::string("answer\0\0", 8);
  const std::string ixml = "<BWFXML><SCENE>4</SCENE></BWFXML>   ";
  StreamFormat format;
  format.rate_hz = 48000;
  format.channels = 1;
  format.code = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  format.tags[SF_STR_TITLE] = "A talk";
  write_sound(folder_ / "a.wav", format, noise(100, 1, 48000));
  std::string bytes = bytes_of(folder_ / "a.wav") + chunk("cue ", cue) + chunk("LIST", labels) + chunk("iXML", ixml);
  bytes.replace(4, 4, u32(static_cast<std::uint32_t>(bytes.size() - 8)));
  put_bytes(folder_ / "a.wav", bytes);
  Reader first(folder_ / "a.wav");
  ASSERT_EQ(first.format().chunks.size(), 3u);
  write_sound(folder_ / "b.wav", output_format(first.format(), folder_ / "b.wav"), read_all(first));
  const std::string written = bytes_of(folder_ / "b.wav");
  for (const std::string& kept : {chunk("cue ", cue), chunk("LIST", labels), chunk("iXML", ixml)})
    EXPECT_NE(written.find(kept), std::string::npos) << kept;
  Reader second(folder_ / "b.wav");
  EXPECT_EQ(second.format().tags.at(SF_STR_TITLE), "A talk");
  EXPECT_EQ(second.format().frames, 100);
  // Too much for what stands before the samples is left out, and elsewhere there is no place.
  put_bytes(folder_ / "much.wav", bytes + chunk("iXML", std::string(70000, ' ')));
  EXPECT_EQ(Reader(folder_ / "much.wav").format().chunks.size(), 3u);
  write_sound(folder_ / "c.flac", output_format(second.format(), folder_ / "c.flac"), read_all(second));
}

TEST_F(FolderTest, AnotherEndingTakesTheNearestSampleFormat) {
  StreamFormat in;
  in.rate_hz = 44100;
  in.channels = 2;
  const auto code = [&](int subtype, const char* target) {
    in.code = SF_FORMAT_WAV | subtype;
    return output_format(in, target).code;
  };
  EXPECT_EQ(code(SF_FORMAT_PCM_16, "a.flac"), SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  EXPECT_EQ(code(SF_FORMAT_FLOAT, "a.flac"), SF_FORMAT_FLAC | SF_FORMAT_PCM_24);
  EXPECT_EQ(code(SF_FORMAT_PCM_U8, "a.AIFF"), SF_FORMAT_AIFF | SF_FORMAT_PCM_U8);
  EXPECT_EQ(code(SF_FORMAT_PCM_24, "a.ogg"), SF_FORMAT_OGG | SF_FORMAT_VORBIS);
  EXPECT_EQ(code(SF_FORMAT_PCM_16, "a.mp3"), SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III);
  EXPECT_EQ(code(SF_FORMAT_PCM_16, "no-ending"), SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  EXPECT_EQ(code(SF_FORMAT_IMA_ADPCM, "-"), SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  EXPECT_EQ(code(SF_FORMAT_IMA_ADPCM, "a.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16) << "its blocks cannot keep a length";
  EXPECT_EQ(code(SF_FORMAT_MPEG_LAYER_III, "a.flac"), SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  EXPECT_EQ(code_of([&] { code(SF_FORMAT_PCM_16, "a.opus"); }), ExitCode::kOutput) << "44.1 kHz is none of Opus";
  in.channels = 9;
  EXPECT_EQ(code_of([&] { code(SF_FORMAT_PCM_16, "a.mp3"); }), ExitCode::kOutput);
}

TEST_F(FolderTest, SizesBeyond32BitsAreStatedOrRefused) {
  StreamFormat in;
  in.rate_hz = 48000;
  in.channels = 2;
  in.code = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  in.frames = 1'100'000'000;
  const auto path = folder_ / "long.wav";
  write_sound(path, output_format(in, path), noise(100, 2, 48000));
  EXPECT_EQ(bytes_of(path).substr(0, 4), "RF64");
  Reader reader(path);
  EXPECT_EQ(read_all(reader).size(), 200u);
  std::string sentence;
  const auto refused = [&](const StreamFormat& format, const char* name) {
    EXPECT_EQ(code_of([&] { Writer writer(folder_ / name, format); }, &sentence), ExitCode::kOutput);
    EXPECT_NE(sentence.find(name), std::string::npos) << sentence;
    EXPECT_FALSE(std::filesystem::exists(folder_ / name));
  };
  refused(in, "narrow.wav");
  refused(output_format(in, "long.aiff"), "long.aiff");
  EXPECT_EQ(output_format(in, "long.flac").code, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  in.frames /= 2;
  EXPECT_EQ(output_format(in, path).code, in.code);
}

TEST_F(FolderTest, AFullDiskIsAnErrorForEveryFormat) {
  for (const int code : {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_WAV | SF_FORMAT_FLOAT}) {
    StreamFormat format;
    format.rate_hz = 16000;
    format.channels = 1;
    format.code = code;
    std::string sentence;
    EXPECT_EQ(code_of([&] { write_sound("/dev/full", format, noise(100000, 1, 16000)); }, &sentence),
              ExitCode::kOutput);
    EXPECT_NE(sentence.find("No space left"), std::string::npos) << sentence;
  }
}

}  // namespace
}  // namespace pellucid::audio
