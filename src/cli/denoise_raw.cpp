#include "cli/denoise_raw.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "cli/denoise_aligned.hpp"
#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/say.hpp"

namespace pellucid::cli {
namespace {

constexpr int kPatienceMs = 200;  // so long may Ctrl-C go unnoticed

// Waits until there is something; returns how many bytes came, 0 at the end.
std::size_t read_some(int input, unsigned char* bytes, std::size_t size) {
  const ssize_t got = read_or_stop(input, bytes, size);
  if (got < 0) throw Error(ExitCode::kInput, "Standard input cannot be read: {}.", std::strerror(errno));
  return static_cast<std::size_t>(got);
}

void write_all(int output, const std::vector<unsigned char>& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    stop_if_interrupted();
    const ssize_t put = ::write(output, bytes.data() + done, bytes.size() - done);
    if (put >= 0) {
      done += static_cast<std::size_t>(put);
    } else if (errno == EAGAIN) {
      pollfd wait{output, POLLOUT, 0};
      ::poll(&wait, 1, kPatienceMs);
    } else if (errno != EINTR) {
      throw Error(ExitCode::kOutput, "Standard output cannot be written: {}.", std::strerror(errno));
    }
  }
}

}  // namespace

void denoise_raw(int input, int output, const RawFormat& format, const DenoiseSettings& settings) {
  AlignedDenoiser aligned(settings, format.rate_hz, format.channels, "standard input");
  const std::size_t frame_bytes = audio::bytes_per_sample(format.pcm) * static_cast<std::size_t>(format.channels);
  std::vector<unsigned char> bytes(AlignedDenoiser::kBlockFrames * frame_bytes), coded;
  std::vector<double> block;
  std::uint64_t repaired = 0;
  const auto write = [&] {
    coded.resize(block.size() * audio::bytes_per_sample(format.pcm));
    audio::encode_pcm(format.pcm, block, coded.data());
    write_all(output, coded);
  };
  std::size_t held = 0;  // bytes of a frame that is not whole yet
  while (const std::size_t got = read_some(input, bytes.data() + held, bytes.size() - held)) {
    const std::size_t whole = (held + got) / frame_bytes * frame_bytes;
    block.resize(whole / audio::bytes_per_sample(format.pcm));
    audio::decode_pcm(format.pcm, {bytes.data(), whole}, block.data());
    for (double& sample : block) {
      if (std::isfinite(static_cast<float>(sample))) continue;
      sample = 0;
      ++repaired;
    }
    held += got - whole;
    std::memmove(bytes.data(), bytes.data() + whole, held);
    aligned.process(block);
    write();
  }
  for (aligned.finish(block); !block.empty(); aligned.finish(block)) write();
  if (repaired > 0) {
    say("pellucid: {} samples were no numbers (NaN or infinite) and were taken as silence.\n", repaired);
  }
  if (held > 0) {
    throw Error(ExitCode::kAudio,
                "standard input: ends {} bytes into a frame of {}; what came before is written; is its format another "
                "than --raw says?",
                held, frame_bytes);
  }
}

}  // namespace pellucid::cli
