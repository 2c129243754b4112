// How fast pairs are mixed, in seconds of audio a second on one core, as a whole and with each augmentation alone.
//
//   loader_bench CORPUS [CHUNK_S]
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <exception>
#include <string>
#include <vector>

#include "corpus/loader_pair.hpp"

namespace {

using namespace pellucid::corpus;

double speed(const ClipSource& clips, const MixOptions& options, std::size_t samples) {
  const PairMaker maker(clips, options, Split::kTrain);
  std::vector<float> noisy(samples), clean(samples);
  // Processor time: what else runs on the machine does not count.
  const std::clock_t start = std::clock();
  std::uint64_t pairs = 0;
  double elapsed_s = 0;
  for (; elapsed_s < 1.0; elapsed_s = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC)
    for (int k = 0; k < 16; ++k) maker.make(1, pairs++, noisy, clean);
  return static_cast<double>(pairs * samples) / clips.rate_hz() / elapsed_s;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) {
    fmt::print(stderr, "Usage: loader_bench CORPUS [CHUNK_S]\n");
    return 2;
  }
  const Corpus corpus = Corpus::open(argv[1]);
  const CorpusClips clips(corpus);
  const double chunk_s = argc > 2 ? std::atof(argv[2]) : 3;
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
  fmt::print("{:14} {:>8}\n", "mix", "s/s");
  fmt::print("{:14} {:8.0f}\n", "usual", speed(clips, usual, samples));
  fmt::print("{:14} {:8.0f}\n", "plain", speed(clips, plain, samples));
  for (const auto& [name, entry] : alone) {
    MixOptions options = plain;
    options.*entry = 1;
    fmt::print("{:14} {:8.0f}\n", name, speed(clips, options, samples));
  }
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "loader_bench: {}\n", error.what());
  return 1;
}
