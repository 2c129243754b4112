// The little of JSON that a safetensors header is made of, read in place and without trust: every step says whether it
// could be done, nothing is copied, nothing recurses.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pellucid::nn {

/// A piece of the header: between the quotes of a string, escapes as they stand.
struct Text {
  const char* data = nullptr;
  size_t size = 0;

  bool equals(const char* other) const {
    size_t i = 0;
    while (i < size && other[i] != '\0' && data[i] == other[i]) ++i;
    return i == size && other[i] == '\0';
  }
  bool starts_with(const char* other) const {
    size_t i = 0;
    while (i < size && other[i] != '\0' && data[i] == other[i]) ++i;
    return other[i] == '\0';
  }
};

class JsonReader {
 public:
  JsonReader(const char* data, size_t size) : at_(data), end_(data + size) {}

  /// Takes `c`, after white space.
  bool take(char c) {
    skip_space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool at_end() {
    skip_space();
    return at_ == end_;
  }
  bool string(Text* text);
  /// A whole number without sign, below 2^63.
  bool number(uint64_t* value);

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  const char* at_;
  const char* end_;
};

/// A decimal of digits with at most one point and no sign ("256", "0.3"), below 1e9 with at most 9 places.
bool parse_decimal(const Text& text, double* value);
/// The same without a point.
bool parse_whole(const Text& text, uint32_t* value);

}  // namespace pellucid::nn
