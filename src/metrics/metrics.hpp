// How good a denoised signal is, given the clean one: the measures that papers report.
//
//   double before = pellucid::metrics::si_sdr(clean, noisy);
//   double after = pellucid::metrics::stoi(clean, denoised, 16000);
//
// Every function takes two time-aligned mono signals of the same length, full scale 1, the reference first. Higher is
// better unless said otherwise. NaN means that the measure is undefined for this pair (a silent reference, or less
// speech than it needs): check with std::isnan before averaging. Throws Error(kInput) when lengths differ, are zero, or
// the rate is not positive. All are safe to call from several threads.
#pragma once

#include <span>

namespace pellucid::metrics {

/// Scale-invariant signal-to-distortion ratio in dB, means removed (Le Roux et al., "SDR - half-baked or well done?",
/// ICASSP 2019), limited to ±100 dB so that a perfect or a silent estimate does not spoil a mean. NaN for a constant
/// reference.
double si_sdr(std::span<const float> clean, std::span<const float> estimate);

/// Short-time objective intelligibility, about 0..1 (Taal et al., IEEE TASLP 2011): 10 kHz, silent frames of the
/// reference removed, 15 third-octave bands, 30-frame segments, clipped at -15 dB. NaN when fewer than 30 frames
/// (about 0.4 s) of speech remain.
double stoi(std::span<const float> clean, std::span<const float> estimate, int rate_hz);

/// Extended STOI, about 0..1 (Jensen and Taal, IEEE TASLP 2016). NaN as for stoi().
double estoi(std::span<const float> clean, std::span<const float> estimate, int rate_hz);

struct Intelligibility {
  double stoi = 0, estoi = 0;
};
/// Both of the above for little more than the cost of one.
Intelligibility intelligibility(std::span<const float> clean, std::span<const float> estimate, int rate_hz);

/// Segmental SNR in dB, -10..35 (Hu and Loizou, IEEE TASLP 2008): 30 ms Hann frames, 75 % overlap, each frame limited
/// to -10..35 dB. NaN when the signal is shorter than two frames.
double segmental_snr(std::span<const float> clean, std::span<const float> estimate, int rate_hz);

/// Perceptual evaluation of speech quality, wide band: a mean opinion score of about 1.02..4.64 (ITU-T P.862.2, on the
/// model of P.862). Signals above 16 kHz are brought down to it. Delays are found and taken out, as the
/// recommendation does, though the lengths have to be equal. NaN below 16 kHz, below 0.25 s, above 4 minutes, and where
/// either signal is silent or the reference has no 200 ms of speech in one piece; `*undefined` then says which of these
/// holds of the estimate ("it is silent"). Throws Error(kInput) for samples that are no numbers.
double pesq_wide_band(std::span<const float> clean, std::span<const float> estimate, int rate_hz,
                      const char** undefined = nullptr);

/// The same for telephone speech, 1.02..4.55 (ITU-T P.862 with the mapping of P.862.1): the band of a handset, of
/// signals that have 16 kHz or more.
double pesq_narrow_band(std::span<const float> clean, std::span<const float> estimate, int rate_hz,
                        const char** undefined = nullptr);

/// Log-spectral distance in dB, 0 for equal signals; lower is better (Gray and Markel, IEEE TASSP 1976): the root mean
/// square over frequency of the difference of the two log power spectra, averaged over 32 ms Hann frames, half
/// overlapped. Both spectra are floored 80 dB below the loudest bin of the reference. NaN for a silent reference.
double log_spectral_distance(std::span<const float> clean, std::span<const float> estimate, int rate_hz);

/// Weighted spectral slope distance, 0 for equal signals, lower is better (Klatt, ICASSP 1982, as in the composite
/// measures of Hu and Loizou 2008): 25 critical bands up to 3.8 kHz, 30 ms frames, 75 % overlap, mean of the best 95 %
/// of the frames. Depends on the level through a floor of -100 dB. NaN below 8000 Hz and for less than two frames.
double weighted_spectral_slope(std::span<const float> clean, std::span<const float> estimate, int rate_hz);

/// Log-likelihood ratio of linear prediction, 0 for equal signals, 2 at most; lower is better (Itakura 1975, as in the
/// composite measures of Hu and Loizou 2008): order 16 (10 below 10 kHz), 30 ms Hann frames, 75 % overlap, each frame
/// limited to 2, mean of the best 95 %. Frames in which the reference is digital silence are left out: published
/// programs differ there. NaN when no frame is left.
double log_likelihood_ratio(std::span<const float> clean, std::span<const float> estimate, int rate_hz);

struct Composite {
  double csig = 0, cbak = 0, covl = 0;
};
/// Mean opinion scores, 1..5, of the speech, of the background and of the whole, as a listening test by ITU-T P.835
/// would give them, from other measures (Hu and Loizou, IEEE TASLP 2008). `pesq` is that of pesq_wide_band(), as in
/// today's papers. The other parts are to be of signals at PESQ's 16 kHz, too: LLR's 16 coefficients, WSS and segmental
/// SNR say something else of the same sound at 48 kHz. NaN where a part is.
Composite composite(double pesq, double llr, double wss, double segmental_snr_db);

}  // namespace pellucid::metrics
