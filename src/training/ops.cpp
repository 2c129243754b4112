#include "training/ops.hpp"

#include <dlfcn.h>

#include <atomic>
#include <cmath>
#include <vector>

namespace pellucid::training {
namespace {

using kernels::Index;
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

std::atomic<Form> g_form{Form::kKernels};

bool use_kernels(const Tensor& x) {
  return x.device().is_cpu() && g_form.load(std::memory_order_relaxed) == Form::kKernels;
}

float* data(const Tensor& t) { return t.defined() ? t.data_ptr<float>() : nullptr; }

kernels::Rows rows_of(const Tensor& x, long sequence_frames) { return {x.size(0), sequence_frames, x.size(1)}; }

// What the kernels of one convolution need beside tensors; lives in the autograd context.
struct ConvolveCall : torch::CustomClassHolder {
  kernels::Taps taps;
  kernels::Rows rows;
  bool residual = false, batch_statistics = false;
  kernels::Precision precision = kernels::Precision::kFloat32;
  std::vector<float> scale, shift, inv_std, mean;
};

class Convolve : public torch::autograd::Function<Convolve> {
 public:
  using Optional = c10::optional<Tensor>;  // what autograd wants in place of an undefined tensor
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight, const Optional& gamma_or_none,
                        const Tensor& beta, const Optional& slope_or_none, const Optional& running_mean,
                        const Optional& running_var, const kernels::Taps& taps, long sequence_frames, bool residual,
                        bool batch_statistics, kernels::Precision precision) {
    const Tensor gamma = gamma_or_none.value_or(Tensor()), slope = slope_or_none.value_or(Tensor());
    auto call = c10::make_intrusive<ConvolveCall>();
    call->taps = taps;
    call->rows = rows_of(x, sequence_frames);
    call->residual = residual;
    call->precision = precision;
    call->batch_statistics = batch_statistics && gamma.defined();
    const Index out = weight.size(0), in = weight.size(2), n = x.size(0) * x.size(1);
    const auto size = static_cast<std::size_t>(out);
    const Tensor u = torch::empty({x.size(0), x.size(1), out}, x.options());
    std::vector<double> sum(size), squares(size);
    kernels::convolve(call->rows, taps, in, out, data(x), data(weight), data(u),
                      call->batch_statistics ? sum.data() : nullptr, squares.data(), precision);
    call->scale.assign(size, 1.0f);
    call->shift.assign(data(beta), data(beta) + out);
    call->mean.assign(size, 0.0f);
    call->inv_std.assign(size, 1.0f);
    if (gamma.defined()) {
      float* rm = data(*running_mean);
      float* rv = data(*running_var);
      for (std::size_t c = 0; c < size; ++c) {
        double mean = rm[c], var = rv[c];
        if (call->batch_statistics) {
          mean = sum[c] / double(n);
          var = std::max(0.0, squares[c] / double(n) - mean * mean);
          rm[c] = float(rm[c] + kNormMomentum * (mean - rm[c]));
          rv[c] = float(rv[c] + kNormMomentum * (var * double(n) / double(std::max<Index>(1, n - 1)) - rv[c]));
        }
        const double inv = 1.0 / std::sqrt(var + kNormEpsilon);
        call->mean[c] = float(mean);
        call->inv_std[c] = float(inv);
        call->scale[c] = float(data(gamma)[c] * inv);
        call->shift[c] = float(data(beta)[c] - mean * inv * data(gamma)[c]);
      }
    }
    const Tensor y = torch::empty_like(u);
    kernels::activate(n, out, data(u), {call->scale.data(), call->shift.data(), data(slope)},
                      residual ? data(x) : nullptr, data(y));
    ctx->save_for_backward({x, weight, gamma, slope, u});
    ctx->saved_data["call"] = torch::IValue::make_capsule(call);
    ctx->saved_data["need_dx"] = x.requires_grad();
    return y;
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &gamma = saved[2], &slope = saved[3], &u = saved[4];
    const auto capsule = ctx->saved_data["call"].toCapsule();
    const auto& call = static_cast<const ConvolveCall&>(*capsule);
    const Tensor dy = grads[0].contiguous();
    const Index out = weight.size(0), in = weight.size(2), n = x.size(0) * x.size(1);
    const auto size = static_cast<std::size_t>(out);
    const kernels::Activation activation{call.scale.data(), call.shift.data(), data(slope)};
    std::vector<double> sum(size), sum_u(size), slope_sum(size);
    kernels::activation_sums(n, out, data(u), activation, data(dy), sum.data(), sum_u.data(), slope_sum.data());
    const auto per_channel = [&] { return torch::zeros({out}, x.options()); };
    Tensor dgamma, dslope;
    const Tensor dbeta = per_channel();
    for (std::size_t c = 0; c < size; ++c) data(dbeta)[c] = float(sum[c]);
    if (slope.defined()) {
      dslope = per_channel();
      for (std::size_t c = 0; c < size; ++c) data(dslope)[c] = float(slope_sum[c]);
    }
    std::vector<float> gain(size, 1.0f), slant(size), offset(size);
    if (gamma.defined()) {
      dgamma = per_channel();
      for (std::size_t c = 0; c < size; ++c) {
        const double inv = call.inv_std[c], mean = call.mean[c];
        const double dg = (sum_u[c] - mean * sum[c]) * inv;  // sum of dpre * xhat
        data(dgamma)[c] = float(dg);
        gain[c] = call.scale[c];
        if (call.batch_statistics) {  // d = scale * (dpre - mean(dpre) - xhat * mean(dpre * xhat))
          slant[c] = float(-call.scale[c] * inv * dg / double(n));
          offset[c] = float(-call.scale[c] * (sum[c] - mean * inv * dg) / double(n));
        }
      }
    }
    Tensor dx;
    if (ctx->saved_data["need_dx"].toBool()) dx = call.residual ? dy.clone() : torch::empty_like(x);
    const Tensor dweight = torch::zeros_like(weight);
    kernels::convolve_backward(call.rows, call.taps, in, out, data(x), data(weight),
                               {data(u), data(dy), activation, gain.data(), slant.data(), offset.data()}, data(dx),
                               call.residual, data(dweight), call.precision);
    return {dx, dweight, dgamma, dbeta, dslope, Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

Tensor convolve_plain(const Tensor& x, const Tensor& weight, const Norm& norm, const Tensor& slope, bool residual,
                      const kernels::Taps& taps, long sequence_frames, bool batch_statistics) {
  const long frames = x.size(0), positions = x.size(1), in = x.size(2), out = weight.size(0);
  long before = 0, after = 0, left = 0, right = 0;
  for (int j = 0; j < taps.count; ++j) {
    before = std::max<long>(before, -taps.frame_step[j]);
    after = std::max<long>(after, taps.frame_step[j]);
    left = std::max<long>(left, -taps.position_step[j]);
    right = std::max<long>(right, taps.position_step[j]);
  }
  const Tensor wide = torch::constant_pad_nd(x.view({frames / sequence_frames, sequence_frames, positions, in}),
                                             {0, 0, left, right, before, after});
  std::vector<Tensor> columns;
  for (int j = 0; j < taps.count; ++j)
    columns.push_back(wide.narrow(1, before + taps.frame_step[j], sequence_frames)
                          .narrow(2, left + taps.position_step[j], positions));
  Tensor y = torch::matmul(torch::cat(columns, -1).reshape({frames * positions, taps.count * in}),
                           weight.reshape({out, taps.count * in}).t());
  if (norm.gamma.defined())
    y = torch::batch_norm(y, norm.gamma, norm.beta, norm.running_mean, norm.running_var, batch_statistics,
                          kNormMomentum, kNormEpsilon, false);
  else
    y = y + norm.beta;
  if (slope.defined()) y = torch::where(y > 0, y, y * slope);
  y = y.view({frames, positions, out});
  return residual ? x + y : y;
}

class Gru : public torch::autograd::Function<Gru> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& gates_in, const Tensor& weight_hh, const Tensor& bias_hh,
                        long steps, kernels::Precision precision) {
    const long hidden = weight_hh.size(1), lanes = gates_in.size(1), sequences = gates_in.size(0) / steps;
    const Tensor h = torch::empty({gates_in.size(0), lanes, hidden}, gates_in.options());
    const Tensor saved = torch::empty({gates_in.size(0), lanes, 4 * hidden}, gates_in.options());
    kernels::gru(sequences, steps, lanes, hidden, data(gates_in), data(weight_hh), data(bias_hh), data(h), data(saved),
                 precision);
    ctx->save_for_backward({weight_hh, h, saved});
    ctx->saved_data["steps"] = static_cast<int64_t>(steps);
    ctx->saved_data["precision"] = static_cast<int64_t>(precision);
    return h;
  }
  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const auto s = ctx->get_saved_variables();
    const Tensor &weight_hh = s[0], &h = s[1], &saved = s[2];
    const long steps = ctx->saved_data["steps"].toInt(), hidden = weight_hh.size(1), lanes = h.size(1);
    const Tensor dh = grads[0].contiguous();
    const Tensor dgates = torch::empty({h.size(0), lanes, 3 * hidden}, h.options());
    const Tensor dweight = torch::zeros_like(weight_hh), dbias = torch::zeros({3 * hidden}, h.options());
    kernels::gru_backward(h.size(0) / steps, steps, lanes, hidden, data(weight_hh), data(h), data(saved), data(dh),
                          data(dgates), data(dweight), data(dbias),
                          static_cast<kernels::Precision>(ctx->saved_data["precision"].toInt()));
    return {dgates, dweight, dbias, Tensor(), Tensor()};
  }
};

// LibTorch's own recurrence, which on a GPU is one call into cuDNN and not a number of operators for each step.
Tensor gru_plain(const Tensor& x, const Tensor& weight_ih, const Tensor& bias_ih, const Tensor& weight_hh,
                 const Tensor& bias_hh, long steps) {
  const long hidden = weight_hh.size(1), lanes = x.size(1), in = x.size(2), sequences = x.size(0) / steps;
  const Tensor by_step = x.view({sequences, steps, lanes, in}).transpose(0, 1).reshape({steps, sequences * lanes, in});
  const Tensor start = torch::zeros({1, sequences * lanes, hidden}, x.options());
  const Tensor h = std::get<0>(torch::gru(by_step, start, {weight_ih.flatten(1), weight_hh, bias_ih, bias_hh},
                                          /*has_biases=*/true, /*num_layers=*/1, /*dropout=*/0, /*train=*/true,
                                          /*bidirectional=*/false, /*batch_first=*/false));
  return h.view({steps, sequences, lanes, hidden}).transpose(0, 1).reshape({sequences * steps, lanes, hidden});
}

kernels::Attention attention_of(const Tensor& qkv, const Tensor& position, long steps) {
  const bool over_frames = position.dim() == 2;
  return {qkv.size(0), steps, qkv.size(1), qkv.size(2) / 3, position.size(0), over_frames, position.size(-1)};
}

class Attend : public torch::autograd::Function<Attend> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& qkv, const Tensor& position, long steps) {
    const kernels::Attention attention = attention_of(qkv, position, steps);
    const Tensor y = torch::empty({attention.frames, attention.bands, attention.hidden}, qkv.options());
    const Tensor weights = torch::empty({kernels::attention_weights(attention)}, qkv.options());
    kernels::attend(attention, data(qkv), data(position), data(y), data(weights));
    ctx->save_for_backward({qkv, position, weights});
    ctx->saved_data["steps"] = static_cast<int64_t>(steps);
    return y;
  }
  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const auto s = ctx->get_saved_variables();
    const Tensor &qkv = s[0], &position = s[1], &weights = s[2];
    const Tensor dqkv = torch::empty_like(qkv), dposition = torch::zeros_like(position), dy = grads[0].contiguous();
    kernels::attend_backward(attention_of(qkv, position, ctx->saved_data["steps"].toInt()), data(qkv), data(weights),
                             data(dy), data(dqkv), data(dposition));
    return {dqkv, dposition, Tensor()};
  }
};

Tensor attend_plain(const Tensor& qkv, const Tensor& position, long steps) {
  const long frames = qkv.size(0), bands = qkv.size(1), hidden = qkv.size(2) / 3, heads = position.size(0);
  const long width = hidden / heads, entries = position.size(-1);
  const double scale = 1.0 / std::sqrt(double(width));
  if (position.dim() == 3) {
    const Tensor parts = qkv.view({frames, bands, 3, heads, width}).permute({2, 0, 3, 1, 4});
    const Tensor scores = torch::matmul(parts[0], parts[1].transpose(-2, -1)) * scale + position;
    return torch::matmul(torch::softmax(scores, -1), parts[2]).transpose(1, 2).reshape({frames, bands, hidden});
  }
  const Tensor parts = qkv.view({frames / steps, steps, bands, 3, heads, width});
  // [sequences, steps, bands, heads, width, entries], the oldest first
  const auto windows = [&](int which) {
    return torch::constant_pad_nd(parts.select(3, which), {0, 0, 0, 0, 0, 0, entries - 1, 0}).unfold(1, entries, 1);
  };
  const Tensor scores = (parts.select(3, 0).unsqueeze(-1) * windows(1)).sum(-2) * scale + position.flip(1);
  return (torch::softmax(scores, -1).unsqueeze(-2) * windows(2)).sum(-1).reshape({frames, bands, hidden});
}

// The two band mixings differ in their kernels alone.
template <auto kForward, auto kBackward>
class Mix : public torch::autograd::Function<Mix<kForward, kBackward>> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight) {
    const Tensor y = torch::empty({x.size(0), weight.size(0), x.size(2)}, x.options());
    kForward(x.size(0), weight.size(0), weight.size(1), x.size(2), data(x), data(weight), data(y));
    ctx->save_for_backward({x, weight});
    return y;
  }
  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const auto s = ctx->get_saved_variables();
    const Tensor &x = s[0], &weight = s[1];
    const Tensor dx = torch::zeros_like(x), dweight = torch::zeros_like(weight), dy = grads[0].contiguous();
    kBackward(x.size(0), weight.size(0), weight.size(1), x.size(2), data(x), data(weight), data(dy), data(dx),
              data(dweight));
    return {dx, dweight};
  }
};
using BandMix = Mix<kernels::band_mix, kernels::band_mix_backward>;
using DepthwiseMix = Mix<kernels::depthwise_mix, kernels::depthwise_mix_backward>;

}  // namespace

void set_form(Form form) { g_form = form; }
Form form() { return g_form; }

void use_one_thread() {
  at::set_num_threads(1);
  // OpenBLAS with threads of its own does not hear of that, and its threads spin while they wait.
  if (void* set = ::dlsym(RTLD_DEFAULT, "openblas_set_num_threads")) reinterpret_cast<void (*)(int)>(set)(1);
}

Tensor convolve(const Tensor& x, const Tensor& weight, const Norm& norm, const Tensor& slope, bool residual,
                const kernels::Taps& taps, long sequence_frames, bool batch_statistics, kernels::Precision precision) {
  if (!use_kernels(x)) return convolve_plain(x, weight, norm, slope, residual, taps, sequence_frames, batch_statistics);
  const auto optional = [](const Tensor& t) { return t.defined() ? Convolve::Optional(t) : Convolve::Optional(); };
  return Convolve::apply(x.contiguous(), weight, optional(norm.gamma), norm.beta, optional(slope),
                         optional(norm.running_mean), optional(norm.running_var), taps, sequence_frames, residual,
                         batch_statistics, precision);
}

Tensor gru(const Tensor& x, const Tensor& weight_ih, const Tensor& bias_ih, const Tensor& weight_hh,
           const Tensor& bias_hh, long steps, kernels::Precision precision) {
  if (!use_kernels(x)) return gru_plain(x, weight_ih, bias_ih, weight_hh, bias_hh, steps);
  const Tensor gates_in = convolve(x, weight_ih, {{}, bias_ih, {}, {}}, {}, false, {}, 1, false, precision);
  return Gru::apply(gates_in, weight_hh, bias_hh, steps, precision);
}

Tensor attend(const Tensor& qkv, const Tensor& position, long steps) {
  if (!use_kernels(qkv)) return attend_plain(qkv, position, steps);
  return Attend::apply(qkv.contiguous(), position, steps);
}

Tensor band_mix(const Tensor& x, const Tensor& weight) {
  if (!use_kernels(x)) return torch::matmul(weight, x);
  return BandMix::apply(x.contiguous(), weight);
}

Tensor depthwise_mix(const Tensor& x, const Tensor& weight) {
  if (!use_kernels(x)) return torch::einsum("oic,fic->foc", {weight, x});
  return DepthwiseMix::apply(x.contiguous(), weight);
}

}  // namespace pellucid::training
