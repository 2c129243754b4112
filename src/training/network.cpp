#include "training/network.hpp"

#include <cmath>

namespace pellucid::training {
namespace {

using torch::Tensor;

kernels::Taps pointwise() { return {}; }

kernels::Taps over_positions(int kernel) {
  kernels::Taps taps;
  taps.count = kernel;
  for (int j = 0; j < kernel; ++j) taps.position_step[j] = j - (kernel - 1) / 2;
  return taps;
}

kernels::Taps over_frames(int kernel, int dilation) {
  kernels::Taps taps;
  taps.count = kernel;
  for (int j = 0; j < kernel; ++j) taps.frame_step[j] = -(kernel - 1 - j) * dilation;
  return taps;
}

// Triangles that overlap, evenly spaced on a scale between linear and logarithmic: a start for the learned bands.
Tensor band_triangles(long bands, long positions) {
  Tensor w = torch::zeros({bands, positions});
  const auto centre = [&](double b) {  // ERB-like: narrow at the bottom, wide at the top
    const double x = (b + 0.5) / double(bands), bend = 2.0;
    return (std::exp(bend * x) - 1.0) / (std::exp(bend) - 1.0) * double(positions) - 0.5;
  };
  for (long b = 0; b < bands; ++b) {
    const double low = centre(double(b) - 1), mid = centre(double(b)), high = centre(double(b) + 1);
    for (long p = 0; p < positions; ++p) {
      const double up = (double(p) - low) / std::max(1.0, mid - low),
                   down = (high - double(p)) / std::max(1.0, high - mid);
      w[b][p] = float(std::max(0.0, std::min({up, down, 1.0})));
    }
  }
  return w / (w.sum(1, true) + 1e-6);
}

}  // namespace

Tensor Network::make_parameter(const std::string& name, Tensor value) {
  std::string key = name;
  for (char& c : key)
    if (c == '.') c = '/';
  return register_parameter(key, std::move(value));
}

Network::Layer Network::make_layer(const std::string& name, long out, long in, const kernels::Taps& taps,
                                   bool normalise, bool activate, bool residual) {
  Layer layer;
  layer.name = name;
  layer.taps = taps;
  layer.pointwise = taps.count == 1;
  layer.residual = residual;
  const double bound = 1.0 / std::sqrt(double(in * taps.count));
  layer.weight = make_parameter(name + ".weight", torch::empty({out, taps.count, in}).uniform_(-bound, bound));
  layer.norm.beta = make_parameter(name + ".bias", torch::zeros({out}));
  if (normalise) {
    // A residual branch starts small, so that a deep network starts as a shallow one.
    layer.norm.gamma = make_parameter(name + ".gamma", torch::full({out}, residual ? 0.5 : 1.0));
    std::string key = name;
    for (char& c : key)
      if (c == '.') c = '/';
    layer.norm.running_mean = register_buffer(key + "/mean", torch::zeros({out}));
    layer.norm.running_var = register_buffer(key + "/var", torch::ones({out}));
  }
  if (activate) layer.slope = make_parameter(name + ".slope", torch::full({out}, 0.25));
  return layer;
}

Network::Network(const Architecture& a) : architecture_(a) {
  a.check();
  const auto freq = over_positions(a.kernel);
  in_ = make_layer("in", a.channels, 3 * a.fold, freq, true, true, false);
  for (int i = 1; i <= a.encoder_layers; ++i)
    encoder_.push_back(make_layer("encoder." + std::to_string(i), a.channels, a.channels, freq, true, true, true));
  const Tensor triangles = band_triangles(a.bands, a.positions());
  reduce_ = make_parameter("reduce.weight", triangles.clone());
  reduce_proj_ = make_layer("reduce.proj", a.width, a.channels, pointwise(), true, false, false);
  embedding_ = make_parameter("embedding", torch::randn({a.bands, a.width}) * 0.1);
  for (int n = 0; n < a.blocks; ++n) {
    const std::string time = "blocks." + std::to_string(n) + ".time", f = "blocks." + std::to_string(n) + ".freq";
    Block block;
    if (a.time_mixer == "gru") {
      block.gru_in = make_layer(time + ".ih", 3 * a.hidden, a.width, pointwise(), false, false, false);
      const double bound = 1.0 / std::sqrt(double(a.hidden));
      block.weight_hh =
          make_parameter(time + ".weight_hh", torch::empty({3 * a.hidden, a.hidden}).uniform_(-bound, bound));
      block.bias_hh = make_parameter(time + ".bias_hh", torch::zeros({3 * a.hidden}));
      block.gru_out = make_layer(time + ".out", a.width, a.hidden, pointwise(), true, false, false);
    } else {
      for (int l = 0; l < a.time_layers; ++l)
        block.time_convolutions.push_back(make_layer(time + "." + std::to_string(l), a.width, a.width,
                                                     over_frames(a.time_kernel, 1 << l), true, true, true));
    }
    if (a.freq_mixer == "dense") {
      const Tensor mix = torch::eye(a.bands).unsqueeze(2).repeat({1, 1, a.width});
      block.mix = make_parameter(f + ".mix.weight", mix + torch::randn_like(mix) * 0.5 / std::sqrt(double(a.bands)));
      block.freq = make_layer(f + ".out", a.width, a.width, pointwise(), true, true, false);
    } else {
      block.freq = make_layer(f + ".conv", a.width, a.width, freq, true, true, true);
    }
    blocks_.push_back(block);
  }
  expand_proj_ = make_layer("expand.proj", a.channels, a.width, pointwise(), true, false, false);
  const Tensor back = triangles.t();
  expand_ = make_parameter("expand.weight", (back / (back.sum(1, true) + 1e-6)).contiguous().clone());
  for (int i = 1; i <= a.encoder_layers; ++i)
    decoder_.push_back(make_layer("decoder." + std::to_string(i), a.channels, a.channels, freq, true, true, true));
  out_ = make_layer("out", 2 * a.fold, a.channels, freq, false, false, false);
  torch::NoGradGuard no_grad;
  for (int j = 0; j < a.fold; ++j) out_.norm.beta[2 * j] = 0.5f;  // start near a real mask of one half
}

Tensor Network::run(const Layer& layer, const Tensor& x, long steps) {
  return convolve(x, layer.weight, layer.norm, layer.slope, layer.residual, layer.taps, steps, is_training());
}

Tensor Network::forward(const Tensor& features, long steps, const Observer& observer) {
  const auto show = [&](const std::string& name, const Tensor& t) {
    if (observer) observer(name, t);
  };
  Tensor x = run(in_, features, steps);
  show("in", x);
  std::vector<Tensor> skips{x};
  for (const auto& layer : encoder_) {
    x = run(layer, x, steps);
    show(layer.name, x);
    skips.push_back(x);
  }
  Tensor z = run(reduce_proj_, band_mix(x, reduce_), steps) + embedding_;
  show("reduce", z);
  for (std::size_t n = 0; n < blocks_.size(); ++n) {
    const Block& block = blocks_[n];
    if (block.weight_hh.defined())
      z = z + run(block.gru_out, gru(run(block.gru_in, z, steps), block.weight_hh, block.bias_hh, steps), steps);
    for (const auto& layer : block.time_convolutions) z = run(layer, z, steps);
    show("blocks." + std::to_string(n) + ".time", z);
    z = block.mix.defined() ? z + run(block.freq, depthwise_mix(z, block.mix), steps) : run(block.freq, z, steps);
    show("blocks." + std::to_string(n) + ".freq", z);
  }
  x = skips.back() + band_mix(run(expand_proj_, z, steps), expand_);
  show("expand", x);
  for (std::size_t i = decoder_.size(); i > 0; --i) {
    x = run(decoder_[i - 1], x, steps) + skips[i - 1];
    show(decoder_[i - 1].name, x);
  }
  x = run(out_, x, steps);
  show("mask", x);
  return x;
}

std::vector<std::pair<std::string, Tensor>> Network::folded() const {
  torch::NoGradGuard no_grad;
  std::vector<std::pair<std::string, Tensor>> out;
  const auto add = [&](const std::string& name, const Tensor& t) {
    out.emplace_back(name, t.detach().to(torch::kCPU, torch::kFloat32).contiguous().clone());
  };
  const auto add_layer = [&](const Layer& layer, const std::string& weight_name, const std::string& bias_name) {
    Tensor weight = layer.weight, bias = layer.norm.beta;
    if (layer.norm.gamma.defined()) {
      const Tensor scale =
          layer.norm.gamma.to(torch::kFloat64) / torch::sqrt(layer.norm.running_var.to(torch::kFloat64) + kNormEpsilon);
      weight = weight.to(torch::kFloat64) * scale.view({-1, 1, 1});
      bias = bias.to(torch::kFloat64) - layer.norm.running_mean.to(torch::kFloat64) * scale;
    }
    add(weight_name, layer.pointwise ? weight.flatten(1) : weight);
    add(bias_name, bias);
    if (layer.slope.defined()) add(layer.name + ".slope", layer.slope);
  };
  const auto add_plain = [&](const Layer& layer) { add_layer(layer, layer.name + ".weight", layer.name + ".bias"); };
  add_plain(in_);
  for (const auto& layer : encoder_) add_plain(layer);
  add("reduce.weight", reduce_);
  add_plain(reduce_proj_);
  add("embedding", embedding_);
  for (std::size_t n = 0; n < blocks_.size(); ++n) {
    const Block& block = blocks_[n];
    const std::string prefix = "blocks." + std::to_string(n);
    if (block.weight_hh.defined()) {
      add_layer(block.gru_in, prefix + ".time.weight_ih", prefix + ".time.bias_ih");
      add(prefix + ".time.weight_hh", block.weight_hh);
      add(prefix + ".time.bias_hh", block.bias_hh);
      add_plain(block.gru_out);
    }
    for (const auto& layer : block.time_convolutions) add_plain(layer);
    if (block.mix.defined()) add(prefix + ".freq.mix.weight", block.mix);
    add_plain(block.freq);
  }
  add_plain(expand_proj_);
  add("expand.weight", expand_);
  for (std::size_t i = decoder_.size(); i > 0; --i) add_plain(decoder_[i - 1]);
  add_plain(out_);
  return out;
}

}  // namespace pellucid::training
