#include <pellucid/pellucid.hpp>
#include <stdexcept>

#include "../../tests/nn/owned_network.hpp"
#include "dsp/stft.hpp"
#include "onnx/graph.hpp"
#include "peers.hpp"

namespace pellucid::peers {
namespace {

nn::test::OwnedNetwork open(const Bytes& model) {
  nn::test::OwnedNetwork network(model);
  if (!network.ok) throw std::runtime_error("the model cannot be used");
  return network;
}

}  // namespace

Timed run_engine(const Samples& input, int rate_hz, const Bytes& model) {
  Denoiser denoiser(model.data(), model.size(), static_cast<std::uint32_t>(rate_hz));
  const std::size_t hop = static_cast<std::size_t>(rate_hz) * 16 / 1000;
  Timed timed;
  timed.output = input;
  const double start_s = cpu_seconds();
  for (std::size_t at = 0; at < input.size(); at += hop) {
    const std::size_t count = std::min(hop, input.size() - at);
    denoiser.process_interleaved(timed.output.data() + at, timed.output.data() + at, count);
  }
  timed.cpu_s = cpu_seconds() - start_s;
  return timed;
}

Timed run_network(const Samples& spectra, const Bytes& model) {
  nn::test::OwnedNetwork owned = open(model);
  const std::size_t frame = 2 * (std::size_t{owned.network.architecture().bins()} + 1);
  Timed timed;
  timed.output.resize(spectra.size());
  const double start_s = cpu_seconds();
  for (std::size_t at = 0; at + frame <= spectra.size(); at += frame) {
    owned.network.process_frame(owned.state, spectra.data() + at, timed.output.data() + at);
  }
  timed.cpu_s = cpu_seconds() - start_s;
  return timed;
}

Samples spectra_of(const Samples& input, const Bytes& model) {
  const nn::test::OwnedNetwork owned = open(model);
  const nn::Architecture& a = owned.network.architecture();
  dsp::Arena measure;
  dsp::StftPlan plan;
  dsp::StftAnalysis analysis;
  plan.init(a.window_samples, a.hop_samples, measure);
  analysis.init(plan, measure);
  struct alignas(dsp::Arena::kAlignment) Line {
    std::uint8_t bytes[dsp::Arena::kAlignment];
  };
  std::vector<Line> memory(measure.bytes() / sizeof(Line) + 1);
  dsp::Arena arena(memory.data(), memory.size() * sizeof(Line));
  if (!plan.init(a.window_samples, a.hop_samples, arena) || !analysis.init(plan, arena))
    throw std::runtime_error("no transform of that size");
  const std::size_t hop = plan.hop_samples(), frames = input.size() / hop;
  Samples spectra(frames * 2 * plan.bins());
  for (std::size_t t = 0; t < frames; ++t) {
    analysis.process(plan, input.data() + t * hop, spectra.data() + t * 2 * plan.bins());
  }
  return spectra;
}

std::string empty_graph(const Bytes& model) {
  const nn::test::OwnedNetwork owned = open(model);
  const nn::Architecture& a = owned.network.architecture();
  onnx::Graph graph("empty");
  const auto pass = [&](const std::string& input, const std::string& output, const onnx::Shape& shape) {
    graph.input(input, shape, "");
    graph.node("Identity", {input}, output);
    graph.output(output, shape, "");
  };
  pass("spectrum", "cleaned", {1, a.bins() + 1, 2});
  for (std::uint32_t n = 0; n < a.blocks; ++n) {
    const std::string block = "blocks." + std::to_string(n) + ".time";
    if (a.time_mixer == nn::TimeMixer::kGru) {
      pass("state." + block, "new_state." + block, {1, a.bands, a.hidden});
      continue;
    }
    if (a.time_mixer == nn::TimeMixer::kAttention) {
      if (a.context_frames > 1) {
        pass("state." + block, "new_state." + block, {a.context_frames - 1, a.bands, 2 * a.hidden});
      }
      continue;
    }
    for (std::uint32_t l = 0; l < a.time_layers && a.time_kernel > 1; ++l) {
      const std::string layer = block + "." + std::to_string(l);
      const std::int64_t past = std::int64_t{a.time_kernel - 1} << l;
      pass("state." + layer, "new_state." + layer, {past, a.bands, a.width});
    }
  }
  return graph.model({});
}

}  // namespace pellucid::peers
