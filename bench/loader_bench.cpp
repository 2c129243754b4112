// How fast pairs are made, in seconds of audio a second on one core, as a whole and with each augmentation alone; and
// how fast they are drawn, which is all that the loader does where a device mixes.
//
//   bench_loader [CORPUS] [CHUNK_S] [MIX]   without a corpus: noise in place of recordings, which costs the same;
//                                           MIX: only this row of the table, for example `usual`
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <exception>
#include <string>
#include <vector>

#include "corpus/loader_pair.hpp"

namespace {

using namespace pellucid::corpus;

// Ten speakers and ten noises, short and long ones.
class MadeUpClips : public ClipSource {
 public:
  MadeUpClips() {
    for (int k = 0; k < 40; ++k) {
      Clip clip;
      clip.kind = k < 20 ? Kind::kSpeech : Kind::kNoise;
      clip.path = clip.group = fmt::format("{}/{}", k / 2, k);
      clip.shard = static_cast<std::uint32_t>(k);
      clip.frames = k % 2 == 0 ? 30000 : 160000;
      clip.active_level_dbfs = -26;
      std::vector<std::int16_t> samples(clip.frames);
      pellucid::Random rng(static_cast<std::uint64_t>(k));
      // Half a second on, a quarter off, as speech goes.
      for (std::size_t i = 0; i < samples.size(); ++i)
        samples[i] = static_cast<std::int16_t>(i / 4000 % 3 == 2 ? 0 : 1600 * quick_normal(rng));
      clips_.push_back(clip);
      samples_.push_back(std::move(samples));
    }
  }
  int rate_hz() const override { return 16000; }
  std::span<const Clip> clips() const override { return clips_; }
  void read(const Clip& clip, std::uint64_t offset_samples, std::span<float> out) const override {
    const std::int16_t* from = samples_[clip.shard].data() + offset_samples;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(from[i]) * 0x1p-15f;
  }

 private:
  std::vector<Clip> clips_;
  std::vector<std::vector<std::int16_t>> samples_;
};

// Of what `make` does with a pair's number.
template <typename Make>
double speed(const PairMaker& maker, std::size_t samples, const Make& make) {
  // Processor time: what else runs on the machine does not count.
  const std::clock_t start = std::clock();
  std::uint64_t pairs = 0;
  double elapsed_s = 0;
  for (; elapsed_s < 1.0; elapsed_s = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC)
    for (int k = 0; k < 16; ++k) make(pairs++);
  return static_cast<double>(pairs * samples) / maker.rate_hz() / elapsed_s;
}

void measure(const ClipSource& clips, double chunk_s, const std::string& wanted) {
  const auto samples = static_cast<std::size_t>(chunk_s * clips.rate_hz());

  const MixOptions usual;
  MixOptions plain;
  for (double MixOptions::*entry :
       {&MixOptions::high_snr_probability, &MixOptions::clean_probability, &MixOptions::silence_probability,
        &MixOptions::second_noise_probability, &MixOptions::synthetic_probability, &MixOptions::babble_probability,
        &MixOptions::transient_probability, &MixOptions::gain_ramp_probability, &MixOptions::equalizer_probability,
        &MixOptions::room_probability, &MixOptions::lowpass_probability, &MixOptions::clip_probability,
        &MixOptions::quantize_probability})
    plain.*entry = 0;
  const std::pair<const char*, double MixOptions::*> alone[] = {{"second noise", &MixOptions::second_noise_probability},
                                                                {"synthetic", &MixOptions::synthetic_probability},
                                                                {"babble", &MixOptions::babble_probability},
                                                                {"transients", &MixOptions::transient_probability},
                                                                {"gain ramps", &MixOptions::gain_ramp_probability},
                                                                {"equaliser", &MixOptions::equalizer_probability},
                                                                {"room", &MixOptions::room_probability},
                                                                {"low-pass", &MixOptions::lowpass_probability},
                                                                {"clipping", &MixOptions::clip_probability},
                                                                {"quantisation", &MixOptions::quantize_probability},
                                                                {"speed", &MixOptions::speed_probability}};
  fmt::print("{:14} {:>8} {:>8}\n", "mix", "s/s", "drawn");
  std::vector<float> noisy(samples), clean(samples);
  const auto row = [&](const std::string& name, const MixOptions& options) {
    if (!wanted.empty() && wanted != name) return;
    const PairMaker maker(clips, options, Split::kTrain);
    fmt::print("{:14} {:8.0f} {:8.0f}\n", name,
               speed(maker, samples, [&](std::uint64_t i) { maker.make(1, i, noisy, clean); }),
               speed(maker, samples, [&](std::uint64_t i) { maker.draw(1, i, samples); }));
  };
  row("usual", usual);
  row("plain", plain);
  for (const auto& [name, entry] : alone) {
    MixOptions options = plain;
    options.*entry = 1;
    row(name, options);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const double chunk_s = argc > 2 ? std::atof(argv[2]) : 3;
  const std::string wanted = argc > 3 ? argv[3] : "";
  if (argc > 1) {
    const Corpus corpus = Corpus::open(argv[1]);
    measure(CorpusClips(corpus), chunk_s, wanted);
  } else {
    measure(MadeUpClips(), chunk_s, wanted);
  }
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_loader: {}\n", error.what());
  return 1;
}
