// MP3 files whose tag is missing or wrong lose nothing.
#include "audio/mpeg.hpp"

#include <fcntl.h>
#include <sndfile.h>

#include "audio/sound.hpp"
#include "test_folder.hpp"

namespace pellucid::audio {
namespace {

class Mpeg : public FolderTest {
 protected:
  // Noise, then much silence, at a bit rate that follows: what the first frames take says nothing of the rest.
  std::string make(int rate_hz, int channels) {
    SF_INFO info{};
    info.samplerate = rate_hz;
    info.channels = channels;
    info.format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III;
    SNDFILE* file = ::sf_open((folder_ / "a.mp3").c_str(), SFM_WRITE, &info);
    EXPECT_NE(file, nullptr);
    int mode = SF_BITRATE_MODE_VARIABLE;
    ::sf_command(file, SFC_SET_BITRATE_MODE, &mode, sizeof(mode));
    std::vector<double> samples(static_cast<std::size_t>(rate_hz * channels) * 4, 0.0);
    Random random(2);
    for (int i = 0; i < rate_hz * channels; ++i) samples[static_cast<std::size_t>(i)] = random.uniform(-0.5, 0.5);
    ::sf_write_double(file, samples.data(), static_cast<sf_count_t>(samples.size()));
    ::sf_close(file);
    return bytes_of(folder_ / "a.mp3");
  }

  MpegScan scan(const std::string& bytes) {
    put_bytes(folder_ / "scanned.mp3", bytes);
    const int descriptor = ::open((folder_ / "scanned.mp3").c_str(), O_RDONLY);
    const auto result = scan_mpeg(descriptor);
    ::close(descriptor);
    EXPECT_TRUE(result.has_value());
    return result.value_or(MpegScan{});
  }

  std::vector<double> read(const std::string& bytes) {
    put_bytes(folder_ / "read.mp3", bytes);
    Reader reader(folder_ / "read.mp3");
    return read_all(reader);
  }
};

TEST_F(Mpeg, CountsWhatTheTagStates) {
  for (const auto& [rate_hz, channels] : {std::pair{44100, 2}, {48000, 1}, {16000, 1}, {22050, 2}}) {
    const MpegScan found = scan(make(rate_hz, channels));
    EXPECT_EQ(found.tagged_frames, std::optional<std::int64_t>(found.frames));
    EXPECT_FALSE(found.needs_tag());
    EXPECT_EQ(found.samples_per_frame, rate_hz >= 32000 ? 1152 : 576);
    EXPECT_NEAR(static_cast<double>(found.frames * found.samples_per_frame), 4.0 * rate_hz, 4 * 1152);
  }
}

TEST_F(Mpeg, AFileWithoutATagIsReadToItsEnd) {
  for (const auto& [rate_hz, channels] : {std::pair{44100, 2}, {16000, 1}}) {
    const std::string tagged = make(rate_hz, channels);
    const MpegScan found = scan(tagged);
    const std::string bare = tagged.substr(0, static_cast<std::size_t>(found.first_frame)) +
                             tagged.substr(static_cast<std::size_t>(found.audio_start));
    const std::vector<double> samples = read(bare), whole = read(tagged);
    ASSERT_EQ(samples.size(), static_cast<std::size_t>(found.frames * found.samples_per_frame * channels));
    // What the tag would have cut off at the start is there now; the rest is the same sound, later by that much.
    ASSERT_EQ(whole.size(), static_cast<std::size_t>(rate_hz * channels) * 4);
    std::size_t shift = 0;
    double best = 1e9;
    for (std::size_t lag = 0; lag < 2500; ++lag) {
      double sum = 0;
      for (std::size_t i = 5000; i < 6000; ++i) sum += std::abs(samples[i + lag] - whole[i]);
      if (sum < best) {
        best = sum;
        shift = lag;
      }
    }
    EXPECT_GT(shift, 500u);
    for (std::size_t i = 0; i + shift < samples.size() && i < whole.size(); ++i) {
      ASSERT_NEAR(samples[i + shift], whole[i], 1e-6) << i;
    }
  }
}

TEST_F(Mpeg, FilesPutBehindOneAnotherAreReadToTheEnd) {
  const std::string one = make(44100, 1);
  const std::size_t frames = read(one).size(), twice = read(one + one).size();
  EXPECT_EQ(frames, 4u * 44100);
  EXPECT_GE(twice, 2 * frames);
  EXPECT_LE(twice, 2 * frames + 8 * 1152);
}

TEST_F(Mpeg, SeekingCountsTheSameSamples) {
  const std::string tagged = make(44100, 1);
  const MpegScan found = scan(tagged);
  put_bytes(folder_ / "bare.mp3", tagged.substr(static_cast<std::size_t>(found.audio_start)));
  const Sound all = load(folder_ / "bare.mp3");
  for (const std::int64_t start : {100, 528, 529, 600, 44100}) {
    Reader reader(folder_ / "bare.mp3");
    ASSERT_TRUE(reader.seek(start));
    std::vector<float> block(2000);
    ASSERT_EQ(reader.read(block), 2000u);
    for (std::size_t i = 1200; i < block.size(); ++i) {
      ASSERT_NEAR(block[i], all.samples[static_cast<std::size_t>(start) + i], 1e-3f) << start << " " << i;
    }
  }
}

TEST_F(Mpeg, NoiseIsNoFile) {
  std::string bytes(300000, '\0');
  Random random(6);
  for (char& c : bytes) c = static_cast<char>(random.integer(256));
  put_bytes(folder_ / "noise", bytes);
  const int descriptor = ::open((folder_ / "noise").c_str(), O_RDONLY);
  const auto found = scan_mpeg(descriptor);
  EXPECT_LT(found ? found->frames : 0, 200);
  ::close(descriptor);
  put_bytes(folder_ / "empty", "");
  const int empty = ::open((folder_ / "empty").c_str(), O_RDONLY);
  EXPECT_FALSE(scan_mpeg(empty).has_value());
  ::close(empty);
}

}  // namespace
}  // namespace pellucid::audio
