#include "strict_device.hpp"

#if TORCH_VERSION_MAJOR < 2

#include <ATen/EmptyTensor.h>
#include <ATen/NativeFunctions.h>
#include <ATen/native/CPUFallback.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <atomic>
#include <tuple>
#include <vector>

namespace pellucid::training::test {
namespace {

using at::IntArrayRef;
using at::Tensor;
using c10::optional;

constexpr c10::DispatchKeySet kKeys(c10::DispatchKey::XPU);
constexpr c10::DeviceType kType = c10::DeviceType::XPU;

struct Memory : at::Allocator {
  at::DataPtr allocate(std::size_t bytes) const override {
    void* data = c10::GetCPUAllocator()->raw_allocate(bytes);
    return {data, data, c10::GetCPUAllocator()->raw_deleter(), c10::Device(kType, 0)};
  }
};
Memory g_memory;
std::atomic<long> g_operators, g_to_cpu;
thread_local bool t_in_operator = false;  // whose copies are the CPU's own

Tensor empty(IntArrayRef size, optional<at::ScalarType> type, optional<at::Layout>, optional<at::Device>,
             optional<bool>, optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &g_memory, kKeys, c10::dtype_or_default(type), format);
}

Tensor empty_strided(IntArrayRef size, IntArrayRef stride, optional<at::ScalarType> type, optional<at::Layout>,
                     optional<at::Device>, optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &g_memory, kKeys, c10::dtype_or_default(type));
}

// The same memory, seen as a tensor of the CPU.
Tensor seen_from_cpu(const Tensor& t) {
  if (t.device().is_cpu()) return t;
  return at::from_blob(t.data_ptr(), t.sizes(), t.strides(), t.options().device(at::kCPU));
}

Tensor copy_from(const Tensor& from, const Tensor& to, bool) {
  g_to_cpu += to.device().is_cpu() && !t_in_operator;
  seen_from_cpu(to).copy_(seen_from_cpu(from));
  return to;
}

Tensor copy_from_and_resize(const Tensor& from, const Tensor& to) {
  at::native::resize_(to, from.sizes(), c10::nullopt);
  return copy_from(from, to, false);
}

void on_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& arguments = op.schema().arguments();
  const auto check = [&](const Tensor& t) {
    // A single number may come from the host, as a scalar does.
    TORCH_CHECK(!t.defined() || t.dim() == 0 || t.device().type() == kType, op.schema().name(),
                ": a tensor of the CPU among a device's");
  };
  for (const c10::IValue& value : torch::jit::last(*stack, arguments.size())) {
    if (value.isTensor()) check(value.toTensor());
    if (value.isTensorList())
      for (const Tensor& t : value.toTensorVector()) check(t);
  }
  ++g_operators;
  g_to_cpu += op.schema().name() == "aten::_local_scalar_dense";
  t_in_operator = true;
  at::native::cpu_fallback(op, stack);
  t_in_operator = false;
}

// Its schema does not say that it changes the running statistics, so the fallback would change copies.
std::tuple<Tensor, Tensor, Tensor> batch_norm(const Tensor& x, const optional<Tensor>& weight,
                                              const optional<Tensor>& bias, const optional<Tensor>& mean,
                                              const optional<Tensor>& variance, bool training, double momentum,
                                              double epsilon) {
  const auto seen = [](const optional<Tensor>& t) {
    return t && t->defined() ? optional<Tensor>(seen_from_cpu(*t)) : c10::nullopt;
  };
  const auto [y, by_mean, by_deviation] = at::native_batch_norm(seen_from_cpu(x), seen(weight), seen(bias), seen(mean),
                                                                seen(variance), training, momentum, epsilon);
  return {y.to(x.device()), by_mean.to(x.device()), by_deviation.to(x.device())};
}

// LibTorch would take a kernel that this device has not.
std::tuple<Tensor, Tensor> gru(const Tensor& x, const Tensor& start, at::TensorList weights, bool, std::int64_t, double,
                               bool, bool, bool) {
  std::vector<Tensor> out;
  Tensor h = start[0];
  for (std::int64_t t = 0; t < x.size(0); ++t) {
    const auto a = at::linear(x[t], weights[0], weights[2]).chunk(3, -1);
    const auto b = at::linear(h, weights[1], weights[3]).chunk(3, -1);
    const Tensor r = at::sigmoid(a[0] + b[0]), u = at::sigmoid(a[1] + b[1]), n = at::tanh(a[2] + r * b[2]);
    h = n + u * (h - n);
    out.push_back(h);
  }
  return {at::stack(out), h.unsqueeze(0)};
}

C10_REGISTER_GUARD_IMPL(XPU, c10::impl::NoOpDeviceGuardImpl<kType>);

TORCH_LIBRARY_IMPL(_, XPU, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_cpu>()); }

TORCH_LIBRARY_IMPL(aten, XPU, m) {
  m.impl("empty.memory_format", &empty);
  m.impl("empty_strided", &empty_strided);
  m.impl("_copy_from", &copy_from);
  m.impl("_copy_from_and_resize", &copy_from_and_resize);
  m.impl("native_batch_norm", &batch_norm);
  // Views: what the fallback gives would be copies.
  m.impl("as_strided", &at::native::as_strided_tensorimpl);
  m.impl("view", static_cast<Tensor (*)(const Tensor&, IntArrayRef)>(&at::native::view));
  m.impl("_reshape_alias", &at::native::_reshape_alias);
  m.impl("unfold", &at::native::unfold);
  m.impl("view_as_real", &at::native::view_as_real);
  m.impl("view_as_complex", &at::native::view_as_complex);
}

TORCH_LIBRARY_IMPL(aten, AutogradXPU, m) { m.impl("gru.input", &gru); }

}  // namespace

torch::Device strict_device() {
  c10::SetAllocator(kType, &g_memory);
  return {kType, 0};
}

Work strict_device_work() { return {g_operators, g_to_cpu}; }

}  // namespace pellucid::training::test

#endif
