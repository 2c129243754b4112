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

// Tensors of the file that are as they are in the network, and are weights of products.
bool is_plain_product(const std::string& name) {
  return name == "reduce.weight" || name == "expand.weight" || name.ends_with(".mix.weight") ||
         name.ends_with(".weight_hh");
}

}  // namespace

Tensor Network::make_parameter(const std::string& name, Tensor value) {
  std::string key = name;
  for (char& c : key)
    if (c == '.') c = '/';
  return register_parameter(key, std::move(value));
}

Tensor Network::make_plain(const std::string& name, Tensor value) {
  plains_.emplace_back(name, make_parameter(name, std::move(value)));
  return plains_.back().second;
}

Network::Layer Network::make_layer(const std::string& name, long out, long in, const kernels::Taps& taps,
                                   bool normalise, bool activate, bool residual) {
  Layer layer;
  layer.weight_name = name + ".weight";
  layer.bias_name = name + ".bias";
  layer.slope_name = name + ".slope";
  layer.taps = taps;
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
  layers_.push_back(layer);
  return layer;
}

Network::Recurrence Network::make_recurrence(const std::string& name, long in, long units) {
  Recurrence made;
  made.in = make_layer(name + ".ih", 3 * units, in, pointwise(), false, false, false);
  layers_.back().weight_name = name + ".weight_ih";
  layers_.back().bias_name = name + ".bias_ih";
  const double bound = 1.0 / std::sqrt(double(units));
  made.weight_hh = make_plain(name + ".weight_hh", torch::empty({3 * units, units}).uniform_(-bound, bound));
  made.bias_hh = make_plain(name + ".bias_hh", torch::zeros({3 * units}));
  return made;
}

void Network::make_time_mixer(const std::string& name, Block& block) {
  const Architecture& a = architecture_;
  switch (a.time_mixer) {
    case TimeMixer::kGru:
      block.time_gru = make_recurrence(name, a.width, a.hidden);
      break;
    case TimeMixer::kConv:
      for (std::uint32_t l = 0; l < a.time_layers; ++l)
        block.time_convolutions.push_back(make_layer(name + "." + std::to_string(l), a.width, a.width,
                                                     over_frames(int(a.time_kernel), 1 << l), true, true, true));
      return;
    case TimeMixer::kAttention:
      block.time_qkv = make_layer(name + ".qkv", 3 * a.hidden, a.width, pointwise(), false, false, false);
      block.time_position = make_plain(name + ".position", torch::zeros({a.heads, a.context_frames}));
      break;
  }
  block.time_out = make_layer(name + ".out", a.width, a.hidden, pointwise(), true, false, false);
}

void Network::make_freq_mixer(const std::string& name, Block& block) {
  const Architecture& a = architecture_;
  switch (a.freq_mixer) {
    case FreqMixer::kDense: {
      const Tensor mix = torch::eye(a.bands).unsqueeze(2).repeat({1, 1, a.width});
      block.mix = make_plain(name + ".mix.weight", mix + torch::randn_like(mix) * 0.5 / std::sqrt(double(a.bands)));
      block.freq = make_layer(name + ".out", a.width, a.width, pointwise(), true, true, false);
      return;
    }
    case FreqMixer::kConv:
      block.freq = make_layer(name + ".conv", a.width, a.width, over_positions(int(a.kernel)), true, true, true);
      return;
    case FreqMixer::kGru:
      block.freq_gru[0] = make_recurrence(name + ".up", a.width, a.freq_hidden);
      block.freq_gru[1] = make_recurrence(name + ".down", a.width, a.freq_hidden);
      block.freq = make_layer(name + ".out", a.width, 2 * a.freq_hidden, pointwise(), true, false, false);
      return;
    case FreqMixer::kAttention:
      block.freq_qkv = make_layer(name + ".qkv", 3 * a.freq_hidden, a.width, pointwise(), false, false, false);
      block.freq_position = make_plain(name + ".position", torch::zeros({a.heads, a.bands, a.bands}));
      block.freq = make_layer(name + ".out", a.width, a.freq_hidden, pointwise(), true, false, false);
      return;
  }
}

Network::Network(const Architecture& a) : architecture_(a) {
  check(a);
  const auto freq = over_positions(int(a.kernel));
  in_ = make_layer("in", a.channels, 3 * a.fold, freq, true, true, false);
  for (std::uint32_t i = 1; i <= a.encoder_layers; ++i)
    encoder_.push_back(make_layer("encoder." + std::to_string(i), a.channels, a.channels, freq, true, true, true));
  const Tensor triangles = band_triangles(a.bands, a.positions());
  reduce_ = make_plain("reduce.weight", triangles.clone());
  reduce_proj_ = make_layer("reduce.proj", a.width, a.channels, pointwise(), true, false, false);
  embedding_ = make_plain("embedding", torch::randn({a.bands, a.width}) * 0.1);
  for (std::uint32_t n = 0; n < a.blocks; ++n) {
    blocks_.emplace_back();
    make_time_mixer("blocks." + std::to_string(n) + ".time", blocks_.back());
    make_freq_mixer("blocks." + std::to_string(n) + ".freq", blocks_.back());
  }
  const bool gains = a.output == Output::kBandGains;
  const Tensor back = gains ? band_triangles(a.bands, a.bins()).t() : triangles.t();
  const Tensor expand = (back / (back.sum(1, true) + 1e-6)).contiguous().clone();
  if (gains) {
    out_ = make_layer("out", 1, a.width, pointwise(), false, false, false);
    expand_ = make_plain("expand.weight", expand);
    return;
  }
  expand_proj_ = make_layer("expand.proj", a.channels, a.width, pointwise(), true, false, false);
  expand_ = make_plain("expand.weight", expand);
  for (std::uint32_t i = 1; i <= a.encoder_layers; ++i)
    decoder_.push_back(make_layer("decoder." + std::to_string(i), a.channels, a.channels, freq, true, true, true));
  out_ = make_layer("out", 2 * a.fold, a.channels, freq, false, false, false);
  torch::NoGradGuard no_grad;
  for (std::uint32_t j = 0; j < a.fold; ++j) out_.norm.beta[2 * j] = 0.5f;  // start near a real mask of one half
}

// A row is what makes one output: [out, taps, in], [out, in], and of the bands' mixing [out, in, channel].
Tensor Network::rounded(const Tensor& weight) const {
  if (weight_bits_ == 0) return weight;
  Tensor change;
  {
    torch::NoGradGuard no_grad;
    const bool mix = weight.dim() == 3 && weight.size(0) == architecture_.bands &&
                     weight.size(1) == architecture_.bands && weight.size(2) == architecture_.width;
    const std::vector<std::int64_t> columns =
        weight.dim() == 2 || mix ? std::vector<std::int64_t>{1} : std::vector<std::int64_t>{1, 2};
    const double most = std::ldexp(1.0, weight_bits_ - 1) - 1;
    const Tensor step = weight.abs().amax(columns, true).clamp_min(1e-20) / most;
    change = torch::round(weight / step) * step - weight;
  }
  return weight + change;
}

Tensor Network::run(const Layer& layer, const Tensor& x, long steps) {
  if (settling_ && layer.norm.gamma.defined()) settle(layer, x, steps);
  return convolve(x, rounded(layer.weight), layer.norm, layer.slope, layer.residual, layer.taps, steps,
                  batch_statistics(), precision());
}

Tensor Network::run(const Recurrence& recurrence, const Tensor& x, long steps) {
  return gru(x, rounded(recurrence.in.weight), recurrence.in.norm.beta, rounded(recurrence.weight_hh),
             recurrence.bias_hh, steps, precision());
}

Tensor Network::mix_time(const Block& block, const Tensor& z, long steps) {
  switch (architecture_.time_mixer) {
    case TimeMixer::kGru:
      return z + run(block.time_out, run(block.time_gru, z, steps), steps);
    case TimeMixer::kConv: {
      Tensor y = z;
      for (const auto& layer : block.time_convolutions) y = run(layer, y, steps);
      return y;
    }
    case TimeMixer::kAttention:
      break;
  }
  return z + run(block.time_out, attend(run(block.time_qkv, z, steps), block.time_position, steps), steps);
}

Tensor Network::mix_frequencies(const Block& block, const Tensor& z, long steps) {
  switch (architecture_.freq_mixer) {
    case FreqMixer::kDense:
      return z + run(block.freq, depthwise_mix(z, rounded(block.mix)), steps);
    case FreqMixer::kConv:
      return run(block.freq, z, steps);
    case FreqMixer::kGru: {  // the bands are its steps, and all frames go side by side
      const Tensor bands = z.transpose(0, 1).contiguous();
      const Tensor up = run(block.freq_gru[0], bands, bands.size(0));
      const Tensor down = run(block.freq_gru[1], bands.flip(0), bands.size(0)).flip(0);
      return z + run(block.freq, torch::cat({up, down}, -1).transpose(0, 1), steps);
    }
    case FreqMixer::kAttention:
      break;
  }
  return z + run(block.freq, attend(run(block.freq_qkv, z, steps), block.freq_position, steps), steps);
}

Tensor Network::gains_mask(const Tensor& z, long steps, const Observer& observer) {
  const Tensor gains = torch::sigmoid(run(out_, z, steps));
  if (observer) observer("gains", gains);
  const Tensor real = torch::matmul(gains.squeeze(-1), rounded(expand_).t());
  return torch::stack({real, torch::zeros_like(real)}, -1).view({z.size(0), architecture_.positions(), -1});
}

Tensor Network::forward(const Tensor& features, long steps, const Observer& observer) {
  const auto show = [&](const std::string& name, const Tensor& t) {
    if (observer) observer(name, t);
  };
  Tensor x = run(in_, features, steps);
  show("in", x);
  std::vector<Tensor> skips{x};
  for (std::size_t i = 0; i < encoder_.size(); ++i) {
    x = run(encoder_[i], x, steps);
    show("encoder." + std::to_string(i + 1), x);
    skips.push_back(x);
  }
  Tensor z = run(reduce_proj_, band_mix(x, rounded(reduce_)), steps) + embedding_;
  show("reduce", z);
  for (std::size_t n = 0; n < blocks_.size(); ++n) {
    z = mix_time(blocks_[n], z, steps);
    show("blocks." + std::to_string(n) + ".time", z);
    z = mix_frequencies(blocks_[n], z, steps);
    show("blocks." + std::to_string(n) + ".freq", z);
  }
  if (architecture_.output == Output::kBandGains) {
    x = gains_mask(z, steps, observer);
  } else {
    x = skips.back() + band_mix(run(expand_proj_, z, steps), rounded(expand_));
    show("expand", x);
    for (std::size_t i = decoder_.size(); i > 0; --i) {
      x = run(decoder_[i - 1], x, steps) + skips[i - 1];
      show("decoder." + std::to_string(i), x);
    }
    x = run(out_, x, steps);
  }
  show("mask", x);
  return x;
}

std::vector<std::pair<std::string, Tensor>> Network::folded() const {
  torch::NoGradGuard no_grad;
  std::map<std::string, Tensor> tensors(plains_.begin(), plains_.end());
  for (auto& [name, tensor] : tensors)
    if (is_plain_product(name)) tensor = rounded(tensor);
  for (const Layer& layer : layers_) {
    Tensor weight = rounded(layer.weight), bias = layer.norm.beta;
    if (layer.norm.gamma.defined()) {
      const Tensor scale =
          layer.norm.gamma.to(torch::kFloat64) / torch::sqrt(layer.norm.running_var.to(torch::kFloat64) + kNormEpsilon);
      weight = weight.to(torch::kFloat64) * scale.view({-1, 1, 1});
      bias = bias.to(torch::kFloat64) - layer.norm.running_mean.to(torch::kFloat64) * scale;
    }
    tensors[layer.weight_name] = weight;
    tensors[layer.bias_name] = bias;
    if (layer.slope.defined()) tensors[layer.slope_name] = layer.slope;
  }
  std::vector<std::pair<std::string, Tensor>> out;
  nn::TensorSpec spec;
  for (std::uint32_t i = 0; nn::tensor_spec(architecture_, i, &spec); ++i) {
    const std::vector<std::int64_t> shape(spec.shape, spec.shape + spec.rank);
    const Tensor t = tensors.at(spec.name).detach().to(torch::kCPU, torch::kFloat32);
    out.emplace_back(spec.name, t.contiguous().clone().view(shape));
  }
  return out;
}

std::map<std::string, Tensor> Network::file_parameters() const {
  std::map<std::string, Tensor> all(plains_.begin(), plains_.end());
  for (const Layer& layer : layers_) {
    all[layer.weight_name] = layer.weight;
    all[layer.bias_name] = layer.norm.beta;
    if (layer.slope.defined()) all[layer.slope_name] = layer.slope;
  }
  return all;
}

void Network::load(const std::vector<std::pair<std::string, Tensor>>& tensors) {
  torch::NoGradGuard no_grad;
  const std::map<std::string, Tensor> stored(tensors.begin(), tensors.end());
  const auto copy = [&](const std::string& name, Tensor to) {
    if (const auto found = stored.find(name); to.defined() && found != stored.end())
      to.copy_(found->second.reshape(to.sizes()));
  };
  for (const auto& [name, tensor] : plains_) copy(name, tensor);
  for (const Layer& layer : layers_) {
    copy(layer.weight_name, layer.weight);
    copy(layer.bias_name, layer.norm.beta);
    copy(layer.slope_name, layer.slope);
    if (!layer.norm.gamma.defined()) continue;
    // All that a block adds to its input goes through normalised layers: with none of it the block does nothing, and
    // learns at once to (Goyal et al. 2017, 5.1).
    const bool there = stored.contains(layer.weight_name);
    Tensor(layer.norm.gamma).fill_(there ? std::sqrt(1.0 + kNormEpsilon) : 0.0);
    Tensor(layer.norm.running_mean).zero_();
    Tensor(layer.norm.running_var).fill_(1.0);
  }
}

void Network::settle(const Layer& layer, const Tensor& x, long steps) {
  const Norm& n = layer.norm;
  const Norm none{{}, torch::zeros_like(n.beta), {}, {}};
  const Tensor u = convolve(x, layer.weight, none, {}, false, layer.taps, steps, false);
  const Tensor rows = u.flatten(0, 1), mean = rows.mean(0), var = (rows - mean).square().mean(0);
  const Tensor scale = n.gamma / torch::sqrt(n.running_var + kNormEpsilon);
  Tensor(n.beta).add_((mean - n.running_mean) * scale);
  Tensor(n.gamma).copy_(scale * torch::sqrt(var + kNormEpsilon));
  Tensor(n.running_mean).copy_(mean);
  Tensor(n.running_var).copy_(var);
}

Tensor Network::settle(const Tensor& features, long steps) {
  torch::NoGradGuard no_grad;
  const bool trains = is_training();
  eval();
  settling_ = true;
  const Tensor mask = forward(features, steps);
  settling_ = false;
  train(trains);
  return mask;
}

}  // namespace pellucid::training
