#include <speex/speex_preprocess.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "peers.hpp"

namespace pellucid::peers {

Timed run_speexdsp(const Samples& input, int rate_hz) {
  const std::size_t frame = static_cast<std::size_t>(rate_hz) * 16 / 1000;
  const std::unique_ptr<SpeexPreprocessState, void (*)(SpeexPreprocessState*)> state(
      speex_preprocess_state_init(static_cast<int>(frame), rate_hz), speex_preprocess_state_destroy);
  std::vector<spx_int16_t> samples((input.size() + frame - 1) / frame * frame);
  for (std::size_t i = 0; i < input.size(); ++i) {
    samples[i] = static_cast<spx_int16_t>(std::lrint(std::clamp(input[i] * 32768.0f, -32768.0f, 32767.0f)));
  }
  const double start_s = cpu_seconds();
  for (std::size_t at = 0; at < samples.size(); at += frame) speex_preprocess_run(state.get(), samples.data() + at);
  Timed timed;
  timed.cpu_s = cpu_seconds() - start_s;
  for (std::size_t i = 0; i < input.size(); ++i) timed.output.push_back(static_cast<float>(samples[i]) / 32768.0f);
  return timed;
}

}  // namespace pellucid::peers
