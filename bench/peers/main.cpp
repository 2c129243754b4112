// One system over one recording; run.js calls it and makes the table.
//
//   bench_peers SYSTEM RATE_HZ IN OUT [MODEL]      IN and OUT: raw float32, mono (for `network`: spectra)
//
// SYSTEM: speexdsp, webrtc, engine, network, or spectra, which writes what `network` reads. Prints the processor
// seconds that the recording took.
#include <fmt/format.h>

#include <cstring>
#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>

#include "peers.hpp"

namespace {

using namespace pellucid::peers;

Bytes read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + " cannot be opened");
  return {std::istreambuf_iterator<char>(in), {}};
}

Samples read_samples(const std::string& path) {
  const Bytes bytes = read_bytes(path);
  Samples samples(bytes.size() / sizeof(float));
  std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(float));
  return samples;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 5) {
    fmt::print(stderr, "Usage: bench_peers speexdsp|webrtc|engine|network|spectra|empty RATE_HZ IN OUT [MODEL]\n");
    return 2;
  }
  const int rate_hz = std::stoi(argv[2]);
  const Samples input = read_samples(argv[3]);
  const Bytes model = argc > 5 ? read_bytes(argv[5]) : Bytes();
  std::ofstream out(argv[4], std::ios::binary);
  if (std::string(argv[1]) == "empty") {
    out << empty_graph(model);
    return out.flush() ? 0 : 1;
  }
  const std::map<std::string, std::function<Timed(const Samples&)>> systems = {
      {"speexdsp", [&](const Samples& x) { return run_speexdsp(x, rate_hz); }},
      {"webrtc", [&](const Samples& x) { return run_webrtc(x, rate_hz); }},
      {"engine", [&](const Samples& x) { return run_engine(x, rate_hz, model); }},
      {"network", [&](const Samples& x) { return run_network(x, model); }},
      {"spectra", [&](const Samples& x) {
         return Timed{spectra_of(x, model), 0};
       }}};
  const auto& run = systems.at(argv[1]);
  run(input);  // once untimed: caches, pages, the processor's clock
  const Timed timed = run(input);
  out.write(reinterpret_cast<const char*>(timed.output.data()),
            static_cast<std::streamsize>(sizeof(float) * timed.output.size()));
  if (!out.flush()) throw std::runtime_error(std::string(argv[4]) + " cannot be written");
  fmt::print("{{\"cpu_s\": {}}}\n", timed.cpu_s);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_peers: {}\n", error.what());
  return 1;
}
