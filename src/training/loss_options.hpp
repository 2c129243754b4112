// The weights of a recipe's [loss] table; losses.hpp uses them. No LibTorch here.
#pragma once

namespace pellucid::training {

struct LossOptions {
  double magnitude = 0.7;         ///< (|S|^c - |Y|^c)^2, mean over bins
  double complex = 0.3;           ///< |S_c - Y_c|^2 of the compressed spectra
  double consistency = 0.3;       ///< share of the two above, once more after synthesis and analysis
  double waveform = 0.02;         ///< log10(error energy / clean energy), floor at -30 dB
  double over_suppression = 0.5;  ///< further weight of the magnitude term where speech was removed
  double erb = 0;    ///< exponent of the ERB-rate density as weight of a bin: 0 all alike, 1 all of hearing
  double level = 0;  ///< share of a clip's level taken out of its spectral terms: 1 as if all were at -25 dBFS
  double stoi = 0;   ///< 1 - the correlation of envelopes in third octaves (envelopes.hpp)
  double pesq = 0;   ///< points of PESQ that the estimate is below clean speech (disturbance.hpp)
};

}  // namespace pellucid::training
