// WAV files of 16-bit samples, one channel, 16 kHz, a hop at a time: no seeking, no memory beyond a hop.
//
//   WavReader in;
//   if (const char* problem = in.open("in.wav", 16000)) …   // a clause for a sentence
//   size_t n = in.read(hop, 256);                           // fewer at the end
#pragma once

#include "board/io.hpp"

namespace pellucid::chip {

class WavReader {
 public:
  /// Null, or what is wrong with the file.
  const char* open(const char* path, uint32_t sample_rate_hz);
  uint32_t samples() const { return samples_; }
  /// Reads up to `count` of the samples left; the rest of `to` becomes zero. Returns how many there were.
  size_t read(int16_t* to, size_t count);
  void close() { chip::close(file_); }

 private:
  const char* read_header(uint32_t sample_rate_hz);
  bool skip(uint32_t bytes);

  int file_ = -1;
  uint32_t samples_ = 0, left_ = 0;
};

class WavWriter {
 public:
  /// `samples` is how many will be written.
  const char* open(const char* path, uint32_t sample_rate_hz, uint32_t samples);
  const char* write(const int16_t* from, size_t count);
  void close() { chip::close(file_); }

 private:
  int file_ = -1;
};

}  // namespace pellucid::chip
