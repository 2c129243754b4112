#include <webrtc/modules/audio_processing/include/audio_processing.h>

#include <memory>
#include <stdexcept>

#include "peers.hpp"

namespace pellucid::peers {

Timed run_webrtc(const Samples& input, int rate_hz) {
  const std::size_t frame = static_cast<std::size_t>(rate_hz) / 100;
  const std::unique_ptr<webrtc::AudioProcessing> processing(webrtc::AudioProcessing::Create());
  processing->noise_suppression()->set_level(webrtc::NoiseSuppression::kHigh);
  processing->noise_suppression()->Enable(true);
  const webrtc::StreamConfig stream(rate_hz, 1);
  Samples samples = input;
  samples.resize((input.size() + frame - 1) / frame * frame);
  Timed timed;
  timed.output.resize(samples.size());
  const double start_s = cpu_seconds();
  for (std::size_t at = 0; at < samples.size(); at += frame) {
    const float* from = samples.data() + at;
    float* to = timed.output.data() + at;
    if (processing->ProcessStream(&from, stream, stream, &to) != webrtc::AudioProcessing::kNoError) {
      throw std::runtime_error("WebRTC's audio processing refused a frame");
    }
  }
  timed.cpu_s = cpu_seconds() - start_s;
  timed.output.resize(input.size());
  return timed;
}

}  // namespace pellucid::peers
