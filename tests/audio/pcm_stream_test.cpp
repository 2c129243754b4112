// Pipes: WAV strictly forwards, other formats by way of a spool.
#include "audio/pcm_stream.hpp"

#include <fcntl.h>
#include <sndfile.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>
#include <thread>

#include "test_folder.hpp"

namespace pellucid::audio {
namespace {

ByteSource source_of(const std::string& bytes, std::size_t& at) {
  return [&bytes, &at](unsigned char* to, std::size_t count) {
    const std::size_t got = std::min(count, bytes.size() - at);
    std::memcpy(to, bytes.data() + at, got);
    at += got;
    return got;
  };
}

WavKind parse(const std::string& bytes, WavHeader& header) {
  std::size_t at = 0;
  std::vector<unsigned char> consumed;
  const WavKind kind = parse_wav_header(source_of(bytes, at), header, consumed);
  EXPECT_EQ(std::string(consumed.begin(), consumed.end()), bytes.substr(0, at));
  return kind;
}

TEST(PcmStream, HeadersSurviveARoundTrip) {
  for (const Pcm pcm : {Pcm::kU8, Pcm::kS16, Pcm::kS24, Pcm::kS32, Pcm::kF32, Pcm::kF64}) {
    for (const int channels : {1, 2, 32}) {
      for (const auto& bytes : {std::optional<std::uint64_t>(1000 * 32 * 8), std::optional<std::uint64_t>()}) {
        WavHeader read;
        ASSERT_EQ(parse(make_wav_header({pcm, 48000, channels, bytes}), read), WavKind::kPlain);
        EXPECT_EQ(read.pcm, pcm);
        EXPECT_EQ(read.rate_hz, 48000);
        EXPECT_EQ(read.channels, channels);
        EXPECT_EQ(read.data_bytes, bytes);
      }
    }
  }
}

TEST(PcmStream, HeadersSayWhereChannelsBelong) {
  for (const std::uint32_t mask : {0x0u, 0x7u, 0xBu}) {
    WavHeader read;
    ASSERT_EQ(parse(make_wav_header({Pcm::kS16, 48000, 3, 6000, mask}), read), WavKind::kPlain);
    EXPECT_EQ(read.speaker_mask, mask);
  }
  WavHeader read;
  ASSERT_EQ(parse(make_wav_header({Pcm::kS16, 48000, 3, 6000, 0x3}), read), WavKind::kPlain);
  EXPECT_EQ(read.speaker_mask, 0u) << "two places for three channels";
}

TEST(PcmStream, SizesBeyondRiffAreLeftOpen) {
  const auto back = [](std::uint64_t bytes) {
    WavHeader read;
    EXPECT_EQ(parse(make_wav_header({Pcm::kS16, 48000, 2, bytes}), read), WavKind::kPlain);
    return read.data_bytes;
  };
  for (const std::uint64_t large : {0x7FFFE000u, 0x80000000u, 0xFFFFE000u}) EXPECT_EQ(back(large), large);
  EXPECT_EQ(back(std::uint64_t{5} << 32), std::nullopt);
  EXPECT_EQ(back(0x7FFFF000u), std::nullopt) << "what SoX writes to pipes";
}

TEST(PcmStream, ChunksBeforeTheSamplesAreSkipped) {
  const std::string wav = make_wav_header({Pcm::kS16, 8000, 1, 10});
  WavHeader read;
  EXPECT_EQ(parse(wav.substr(0, 12) + std::string("LIST\x03\0\0\0abc\0", 12) + wav.substr(12), read), WavKind::kPlain);
  EXPECT_EQ(read.data_bytes, std::optional<std::uint64_t>(10));
}

TEST(PcmStream, DamageIsToldFromOtherFormats) {
  const std::string wav = make_wav_header({Pcm::kS16, 8000, 1, 10});
  WavHeader read;
  EXPECT_EQ(parse("fLaC and so on", read), WavKind::kOther);
  EXPECT_EQ(parse("", read), WavKind::kOther);
  for (std::size_t cut = 12; cut < wav.size(); ++cut)
    EXPECT_EQ(parse(wav.substr(0, cut), read), WavKind::kDamaged) << cut;
  std::string no_channels = wav;
  no_channels[22] = 0;
  EXPECT_EQ(parse(no_channels, read), WavKind::kDamaged);
  std::string adpcm = wav;
  adpcm[20] = 0x11;
  EXPECT_EQ(parse(adpcm, read), WavKind::kOther);
  std::string wrong_frame = wav;
  wrong_frame[32] = 3;
  EXPECT_EQ(parse(wrong_frame, read), WavKind::kDamaged);
  Random random(8);
  for (int i = 0; i < 20000; ++i) {
    std::string noisy = wav;
    for (int flips = 0; flips < 3; ++flips) {
      noisy[random.integer(noisy.size())] = static_cast<char>(random.integer(256));
    }
    parse(noisy, read);  // any answer, but an answer
  }
}

TEST(PcmStream, SamplesSurviveARoundTrip) {
  for (const auto& [pcm, bits] : {std::pair{Pcm::kU8, 8}, {Pcm::kS16, 16}, {Pcm::kS24, 24}, {Pcm::kS32, 32}}) {
    const double scale = std::ldexp(1.0, bits - 1);
    const std::vector<double> samples{0, 1 / scale, -1 / scale, -1, (scale - 1) / scale, 0.5, -0.25};
    std::vector<unsigned char> bytes(samples.size() * bytes_per_sample(pcm));
    EXPECT_EQ(encode_pcm(pcm, samples, bytes.data()), 0u);
    std::vector<double> back(samples.size());
    decode_pcm(pcm, bytes, back.data());
    EXPECT_EQ(back, samples) << bits;
    const std::vector<double> loud{1.0, -2.0};
    EXPECT_EQ(encode_pcm(pcm, loud, bytes.data()), 2u);
  }
}

// A named pipe is read like standard input.
class Pipe : public FolderTest {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that refuses its input stops reading
    FolderTest::SetUp();
  }

  std::vector<double> through_pipe(const std::string& bytes, StreamFormat* format = nullptr) {
    const std::filesystem::path pipe = folder_ / "pipe";
    std::filesystem::remove(pipe);
    EXPECT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const std::jthread feeder([&] { put_bytes(pipe, bytes); });
    Reader reader(pipe);
    if (format != nullptr) *format = reader.format();
    return read_all(reader);
  }

  std::string make(int code, int channels, const std::vector<double>& samples) {
    StreamFormat format;
    format.rate_hz = 44100;
    format.channels = channels;
    format.code = code;
    write_sound(folder_ / "whole", format, samples);
    return bytes_of(folder_ / "whole");
  }
};

TEST_F(Pipe, EveryFormatComesThrough) {
  const std::vector<double> samples = noise(50000, 2, 44100);
  for (const int code :
       {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_WAV | SF_FORMAT_PCM_24, SF_FORMAT_WAV | SF_FORMAT_FLOAT,
        SF_FORMAT_WAV | SF_FORMAT_PCM_U8, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, SF_FORMAT_AIFF | SF_FORMAT_PCM_16,
        SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, SF_FORMAT_WAV | SF_FORMAT_ULAW}) {
    const std::string bytes = make(code, 2, samples);
    Reader file(folder_ / "whole");
    StreamFormat format;
    EXPECT_EQ(through_pipe(bytes, &format), read_all(file)) << std::hex << code;
    EXPECT_EQ(format.code, file.format().code);
    EXPECT_EQ(format.rate_hz, 44100);
  }
}

TEST_F(Pipe, AStreamOfUnknownLengthEndsWhereItEnds) {
  std::string bytes = make(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1, noise(5000, 1, 44100));
  bytes.replace(40, 4, "\xFF\xFF\xFF\xFF");
  StreamFormat format;
  EXPECT_EQ(through_pipe(bytes, &format).size(), 5000u);
  EXPECT_EQ(format.frames, -1);
}

TEST_F(Pipe, AStreamCutShortIsRefused) {
  const std::string bytes = make(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1, noise(5000, 1, 44100));
  EXPECT_EQ(code_of([&] { through_pipe(bytes.substr(0, 6000)); }), ExitCode::kAudio);
  EXPECT_EQ(code_of([&] { through_pipe(bytes.substr(0, 30)); }), ExitCode::kAudio);
  EXPECT_EQ(code_of([&] { through_pipe(bytes.substr(0, 44)); }), ExitCode::kAudio);
  EXPECT_EQ(code_of([&] { through_pipe(""); }), ExitCode::kAudio);
  EXPECT_EQ(code_of([&] { through_pipe("not sound at all, but words"); }), ExitCode::kAudio);
}

TEST_F(Pipe, AWriterToAPipeIsReadableByLibsndfile) {
  for (const int subtype : {SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_FLOAT, SF_FORMAT_DOUBLE}) {
    for (const std::int64_t stated : {std::int64_t{-1}, std::int64_t{3001}}) {
      const std::filesystem::path pipe = folder_ / "pipe";
      std::filesystem::remove(pipe);
      ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
      std::string bytes;
      StreamFormat format;
      format.rate_hz = 22050;
      format.channels = 3;
      format.code = SF_FORMAT_WAV | subtype;
      format.frames = stated;
      const std::vector<double> samples = noise(3001, 3, 22050);
      {
        const std::jthread drain([&] { bytes = bytes_of(pipe); });
        write_sound(pipe, format, samples);
      }
      put_bytes(folder_ / "caught.wav", bytes);
      SF_INFO info{};
      SNDFILE* file = ::sf_open((folder_ / "caught.wav").c_str(), SFM_READ, &info);
      ASSERT_NE(file, nullptr) << ::sf_strerror(nullptr);
      EXPECT_EQ(info.channels, 3);
      EXPECT_EQ(info.samplerate, 22050);
      EXPECT_EQ(info.format & SF_FORMAT_SUBMASK, subtype);
      std::vector<double> read(samples.size() + 300);
      EXPECT_EQ(::sf_readf_double(file, read.data(), static_cast<sf_count_t>(read.size() / 3)), 3001);
      ::sf_close(file);
      const double step = subtype == SF_FORMAT_PCM_U8 ? 0x1p-8 : 0x1p-16;
      for (std::size_t i = 0; i < samples.size(); ++i) ASSERT_NEAR(read[i], samples[i], step);
    }
  }
}

TEST(PcmStream, TakesNoMemoryForWhatIsNotThere) {
  const std::string bytes = std::string("RIFF\xff\xff\xff\x7fWAVELIST\xff\xff\xff\x03", 20) + "and no more";  // 64 MiB
  std::size_t at = 0;
  const auto source = [&](unsigned char* to, std::size_t count) {
    const std::size_t got = bytes.copy(reinterpret_cast<char*>(to), count, at);
    at += got;
    return got;
  };
  WavHeader header;
  std::vector<unsigned char> consumed;
  EXPECT_EQ(parse_wav_header(source, header, consumed), WavKind::kDamaged);
  EXPECT_EQ(consumed.size(), bytes.size());
  EXPECT_LT(consumed.capacity(), 256u << 10);
}

}  // namespace
}  // namespace pellucid::audio
