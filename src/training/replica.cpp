#include "training/replica.hpp"

#include "support/error.hpp"

namespace pellucid::training {
namespace {

std::vector<float> flatten(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> flat;
  for (const auto& t : tensors) flat.push_back(t.detach().reshape({-1}));
  if (flat.empty()) return {};
  const auto all = torch::cat(flat).to(torch::kCPU).contiguous();  // one transfer from a device
  return {all.data_ptr<float>(), all.data_ptr<float>() + all.numel()};
}

void unflatten(const std::vector<torch::Tensor>& tensors, const std::vector<float>& flat) {
  if (tensors.empty()) return;
  torch::NoGradGuard no_grad;
  const auto all = torch::from_blob(const_cast<float*>(flat.data()), {std::int64_t(flat.size())}, torch::kFloat32)
                       .to(tensors.front().device());
  std::int64_t at = 0;
  for (auto t : tensors) {
    t.copy_(all.narrow(0, at, t.numel()).view(t.sizes()));
    at += t.numel();
  }
}

}  // namespace

std::vector<float> flat_parameters(const Network& network) { return flatten(network.parameters()); }
void set_parameters(Network& network, const std::vector<float>& flat) { unflatten(network.parameters(), flat); }
std::vector<float> flat_buffers(const Network& network) { return flatten(network.buffers()); }
void set_buffers(Network& network, const std::vector<float>& flat) { unflatten(network.buffers(), flat); }

torch::Device device_of(const Recipe& recipe, const ProcessGroup& group) {
  if (recipe.train.device == "cuda" && !torch::cuda::is_available())
    throw Error(ExitCode::kRecipe, "train.device: found 'cuda', but this LibTorch sees no CUDA device; use 'cpu'");
  torch::Device device(recipe.train.device);
  if (device.is_cpu() || group.count() == 1) return device;
  if (group.local_rank() >= int(torch::cuda::device_count()))
    throw Error(ExitCode::kRecipe,
                "LOCAL_RANK: found {}, but LibTorch sees {} CUDA devices here; start one process for each",
                group.local_rank(), torch::cuda::device_count());
  device.set_index(c10::DeviceIndex(group.local_rank()));
  return device;
}

Replica::Replica(const Recipe& recipe, torch::Device device, const Teacher* teacher)
    : recipe_(recipe),
      device_(device),
      teacher_(teacher),
      network_(std::make_shared<Network>(recipe.model)),
      spectrum_(recipe.model, device),
      objective_(recipe.model, recipe.loss),
      thread_([this] { work(); }) {
  network_->set_weight_bits(recipe.train.weight_bits);
  network_->set_precision(kernels::precision_of(recipe.train.precision));
  network_->to(device);
}

Replica::~Replica() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Replica::start(corpus::Batch batch, bool teacher_alone) {
  {
    const std::lock_guard lock(mutex_);
    batch_ = std::move(batch);
    teacher_alone_ = teacher_alone;
    busy_ = true;
  }
  changed_.notify_all();
}

double Replica::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !busy_; });
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  return loss_;
}

void Replica::work() {
  use_one_thread();
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return busy_ || stop_; });
    if (stop_) return;
    lock.unlock();
    try {
      step();
    } catch (...) {
      error_ = std::current_exception();
    }
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

Mixture Replica::mixture() {
  if (!batch_.drafts.empty()) return mix(batch_.drafts, int(recipe_.model.sample_rate_hz), device_);
  const auto there = [&](std::vector<float>& sound) {
    return torch::from_blob(sound.data(), {batch_.size, batch_.samples}, torch::kFloat32).to(device_);
  };
  return {there(batch_.noisy), there(batch_.clean)};
}

double Replica::backward_on_cpu() {
  const Architecture& a = recipe_.model;
  const Mixture pairs = mixture();
  const long frames = batch_.samples / a.hop_samples;
  const auto features = torch::empty({batch_.size * frames, a.positions(), 3 * a.fold});
  objective_.begin(batch_.size, batch_.samples, pairs.noisy.data_ptr<float>(), pairs.clean.data_ptr<float>(),
                   features.data_ptr<float>());
  torch::Tensor hidden;
  const auto mask = network_->forward(features, frames, teacher_ ? teacher_->listen(&hidden) : Observer()).contiguous();
  const auto gradient = torch::empty_like(mask);
  double value = objective_.evaluate(mask.data_ptr<float>(), gradient.data_ptr<float>());
  if (!teacher_) {
    mask.backward(gradient);
    return value;
  }
  if (teacher_alone_) {
    gradient.zero_();
    value = 0;
  }
  const auto distance = teacher_->distance(features, frames, mask, hidden);
  torch::autograd::backward({mask, distance}, {gradient, torch::ones_like(distance)});
  return value + distance.item<double>();
}

double Replica::backward_on_device() {
  const Mixture pairs = mixture();
  torch::Tensor distance;
  auto value = loss(spectrum_, recipe_.loss, pairs.noisy, pairs.clean, [&](const torch::Tensor& features, long frames) {
    if (!teacher_) return network_->forward(features, frames);
    torch::Tensor hidden;
    const auto mask = network_->forward(features, frames, teacher_->listen(&hidden));
    distance = teacher_->distance(features, frames, mask, hidden);
    return mask;
  });
  if (teacher_) value = teacher_alone_ ? distance : value + distance;
  value.backward();
  return value.item<double>();
}

void Replica::step() {
  network_->train();
  for (auto& p : network_->parameters()) p.mutable_grad() = torch::Tensor();
  loss_ = device_.is_cpu() ? backward_on_cpu() : backward_on_device();
  std::vector<torch::Tensor> made;
  std::size_t numbers = 0;
  for (const auto& p : network_->parameters()) {
    made.push_back(p.grad().defined() ? p.grad() : torch::zeros_like(p));
    numbers += std::size_t(p.numel());
  }
  if (!network_->fixed_statistics())
    for (const auto& b : network_->buffers()) made.push_back(b);
  gradient_ = flatten(made);
  buffers_.assign(gradient_.begin() + std::ptrdiff_t(numbers), gradient_.end());
  gradient_.resize(numbers);
}

}  // namespace pellucid::training
