// Every kind of layer and whole frames, each as multiply-adds a second and as a share of what the core can do at most,
// measured in the same run: for networks of the sizes `small` and `base` with random weights.
//
//   bench_layers [--benchmark_filter=base/.*] [--kernels=avx2]
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../tests/nn/owned_network.hpp"
#include "../tests/nn/random_model.hpp"
#include "../tests/nn/sparse_model.hpp"
#include "dsp/stft.hpp"
#include "engine/denoiser.hpp"
#include "support/peak.hpp"

namespace {

using namespace pellucid;
using nn::Architecture;
using nn::Kernels;
using Memory = std::vector<float>;

Architecture small_size() {
  Architecture a = nn::test::small_architecture();
  a.channels = 16, a.bands = 20, a.width = 32, a.hidden = 32;
  return a;
}

Architecture base_size() {
  Architecture a = nn::test::small_architecture();
  a.channels = 48, a.encoder_layers = 2, a.bands = 24, a.width = 64, a.hidden = 64, a.blocks = 3;
  return a;
}

Memory random_memory(std::size_t count) {
  nn::test::Random random(count);
  Memory memory(count + nn::kSlack);
  for (float& value : memory) value = static_cast<float>(random.uniform());
  return memory;
}

/// Runs `body` and counts `multiply_adds` for each time.
template <typename Body>
void measure(benchmark::State& state, double multiply_adds, double peak, Body&& body) {
  for (auto _ : state) {
    body();
    benchmark::ClobberMemory();
  }
  using benchmark::Counter;
  if (multiply_adds == 0) return;
  state.counters["multiply_adds"] = Counter(multiply_adds, Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = Counter(multiply_adds / peak, Counter::kIsIterationInvariantRate);
}

struct Bench {
  std::string size;
  Architecture a;
  const Kernels& kernels;
  double peak;

  template <typename Body>
  void add(const std::string& name, double multiply_adds, Body body) const {
    benchmark::RegisterBenchmark((size + "/" + name).c_str(),
                                 [multiply_adds, peak = peak, body](benchmark::State& state) mutable {
                                   measure(state, multiply_adds, peak, body);
                                 });
  }

  /// rows of x, x_stride apart, times a matrix [in][out]; with slope and residual, or neither.
  void product(const std::string& name, std::size_t rows, std::size_t in, std::size_t out, std::size_t x_stride,
               bool more) const {
    auto x = random_memory(rows * x_stride + in), w = random_memory(nn::padded(out, kernels.panel) * in);
    auto y = random_memory(rows * out), bias = random_memory(out), slope = bias, residual = y;
    const auto multiply_adds = static_cast<double>(rows * in * out);
    add(name, multiply_adds, [=, k = &kernels]() mutable {
      nn::Affine affine = {};
      affine.rows = rows, affine.in = in, affine.out = out;
      affine.x = x.data(), affine.x_stride = x_stride;
      affine.w = w.data(), affine.w_panel = k->panel * in, affine.w_row = k->panel;
      affine.bias = bias.data();
      if (more) affine.slope = slope.data(), affine.residual = residual.data();
      affine.residual_stride = affine.y_stride = out;
      affine.y = y.data();
      k->affine(affine);
    });
  }

  /// The same product, of a network that is block-sparse: `share` of the blocks of a random weight.
  void sparse_product(const std::string& name, std::size_t rows, std::size_t in, std::size_t out, double share) const {
    auto x = random_memory(rows * in), w = random_memory(nn::padded(out, kernels.panel) * in),
         y = random_memory(rows * out);
    std::vector<std::uint32_t> end, step;
    nn::test::Random random(1);
    const double all = 1 - std::pow(1 - share, static_cast<double>(kernels.panel) / nn::kBlockOutputs);  // of a panel
    for (std::size_t panel = 0; panel < out; panel += kernels.panel) {
      for (std::size_t i = 0, last = 0; i < in; i += nn::kBlockInputs) {
        if (random.uniform() >= 2 * all - 1) continue;
        step.push_back(static_cast<std::uint32_t>(i - last));
        last = i;
      }
      end.push_back(static_cast<std::uint32_t>(step.size()));
    }
    add(name, share * static_cast<double>(rows * in * out), [=, k = &kernels]() mutable {
      nn::Affine affine = {};
      affine.rows = rows, affine.in = in, affine.out = out;
      affine.x = x.data(), affine.x_stride = in;
      affine.w = w.data(), affine.block_end = end.data(), affine.block_step = step.data();
      affine.y = y.data(), affine.y_stride = out;
      k->affine(affine);
    });
  }

  void layers() const {
    const std::size_t C = a.channels, D = a.width, B = a.bands, H = a.hidden, P = a.positions(), k = a.kernel;
    const std::size_t bins = a.bins();
    product("in", P, k * 3 * a.fold, C, 3 * a.fold, true);
    product("encoder", P, k * C, C, C, true);
    product("reduce", B, P, C, P, false);
    product("reduce.proj", B, C, D, C, true);
    product("gru.input", B, D, 3 * H, D, false);
    for (const int percent : {100, 75, 50, 25, 12})
      sparse_product("gru.input of " + std::to_string(percent) + " % of the blocks", B, D, 3 * H, 0.01 * percent);
    product("gru.out", B, H, D, H, true);
    product("freq.out", B, D, D, D, true);
    product("expand", P, B, C, B, true);
    product("out", P, k * C, 2 * a.fold, C, false);
    const Kernels* set = &kernels;
    add("freq.mix", static_cast<double>(B * B * D),
        [=, w = random_memory(B * B * D), z = random_memory(B * D), m = random_memory(B * D)]() mutable {
          set->mix_bands(w.data(), z.data(), m.data(), B, D);
        });
    add("gru.gates", 0,
        [=, i = random_memory(B * 3 * H), g = random_memory(B * 3 * H), h = random_memory(B * H)]() mutable {
          set->gru_gates(i.data(), g.data(), h.data(), B, H);
        });
    const nn::Compression powers = {dsp::make_power(-0.35), dsp::make_power(0.15), dsp::make_power(1.1666667)};
    add("compress", 0,
        [=, x = random_memory(2 * bins), f = random_memory(3 * bins), s = random_memory(2 * bins)]() mutable {
          set->compress(powers, x.data(), f.data(), s.data(), bins);
        });
    add("decompress", 0,
        [=, m = random_memory(2 * bins), f = random_memory(3 * bins), x = random_memory(2 * bins),
         s = random_memory(2 * bins)]() mutable {
          set->decompress(powers, m.data(), f.data(), x.data(), s.data(), bins);
        });
  }

  void transforms() const {
    struct Transforms {
      alignas(64) std::uint8_t memory[1 << 16];
      dsp::StftPlan plan;
      dsp::StftAnalysis analysis;
      dsp::StftSynthesis synthesis;
    };
    auto t = std::make_shared<Transforms>();
    dsp::Arena arena(t->memory, sizeof t->memory);
    const bool made =
        t->plan.init(a.window_samples, arena) && t->analysis.init(t->plan, arena) && t->synthesis.init(t->plan, arena);
    if (!made) std::abort();
    add("transform and back", 0,
        [t, hop = random_memory(a.hop_samples), spectrum = random_memory(a.window_samples + 2)]() mutable {
          t->analysis.process(t->plan, hop.data(), spectrum.data());
          t->synthesis.process(t->plan, spectrum.data(), hop.data());
        });
  }

  void frames() const {
    network("network", nn::test::make_random_model(a, 1));
    for (const int percent : {50, 25}) {
      network("network of " + std::to_string(percent) + " % of the blocks",
              nn::test::make_sparse_model(a, 1, 0.01 * percent));
    }
    whole_frame();
  }

  void network(const std::string& name, std::vector<std::uint8_t> model) const {
    auto owned = std::make_shared<nn::test::OwnedNetwork>(std::move(model), kernels);
    add(name, static_cast<double>(nn::multiply_adds_per_frame(owned->file)),
        [owned, x = random_memory(2 * a.bins() + 2), y = random_memory(2 * a.bins() + 2)]() mutable {
          owned->network.process_frame(owned->state, x.data(), y.data());
        });
  }

  void whole_frame() const {
    const auto multiply_adds = static_cast<double>(nn::multiply_adds_per_frame(a));
    auto owned = std::make_shared<nn::test::OwnedNetwork>(nn::test::make_random_model(a, 1), kernels);
    dsp::Arena sizes;
    engine::Settings settings{a.sample_rate_hz, 1};
    settings.kernels.floats = &kernels;
    engine::Denoiser{}.init(owned->file, settings, sizes);
    auto memory = std::shared_ptr<void>(std::aligned_alloc(64, sizes.bytes()), std::free);
    dsp::Arena arena(memory.get(), sizes.bytes());
    auto denoiser = std::make_shared<engine::Denoiser>();
    if (!denoiser->init(owned->file, settings, arena)) std::abort();
    add("whole frame", multiply_adds, [owned, memory, denoiser, hop = random_memory(a.hop_samples)]() mutable {
      Memory out = hop;
      denoiser->process(engine::Source::interleaved(hop.data(), 1), engine::Sink::interleaved(out.data(), 1),
                        hop.size() - nn::kSlack);
      benchmark::DoNotOptimize(out.data());
    });
  }
};

}  // namespace

int main(int argc, char** argv) {
  const Kernels* kernels = &nn::best_kernels();
  constexpr const char* kOption = "--kernels=";
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], kOption, std::strlen(kOption)) != 0) continue;
    kernels = nn::kernels_named(argv[i] + std::strlen(kOption));
    if (kernels == nullptr) {
      std::fprintf(stderr, "bench_layers: this processor runs no kernels of %s.\n", argv[i]);
      return 2;
    }
    for (int j = i; j + 1 < argc; ++j) argv[j] = argv[j + 1];
    --argc;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const double peak = peak_multiply_adds_per_s(nn::kernels_at);
  std::printf("%s kernels; the peak of this core: %.1f G multiply-adds a second\n", kernels->name, 1e-9 * peak);
  for (const Bench& bench :
       {Bench{"small", small_size(), *kernels, peak}, Bench{"base", base_size(), *kernels, peak}}) {
    std::printf("%s: %.1f M multiply-adds a second of sound\n", bench.size.c_str(),
                1e-6 * 62.5 * static_cast<double>(nn::multiply_adds_per_frame(bench.a)));
    bench.frames();
    bench.transforms();
    bench.layers();
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
