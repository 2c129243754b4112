#include "nn/json.hpp"

namespace pellucid::nn {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

bool JsonReader::string(Text* text) {
  if (!take('"')) return false;
  text->data = at_;
  while (at_ != end_ && *at_ != '"') {
    const unsigned char c = static_cast<unsigned char>(*at_++);
    if (c < 0x20) return false;
    if (c != '\\') continue;
    if (at_ == end_) return false;
    const char escape = *at_++;
    switch (escape) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        break;
      case 'u':
        for (int i = 0; i < 4; ++i) {
          if (at_ == end_ || !is_hex(*at_++)) return false;
        }
        break;
      default:
        return false;
    }
  }
  if (at_ == end_) return false;
  text->size = static_cast<size_t>(at_ - text->data);
  ++at_;
  return true;
}

bool JsonReader::number(uint64_t* value) {
  skip_space();
  if (at_ == end_ || !is_digit(*at_)) return false;
  const bool zero = *at_ == '0';
  uint64_t sum = 0;
  int digits = 0;
  while (at_ != end_ && is_digit(*at_)) {
    if (++digits > 18) return false;
    sum = sum * 10 + static_cast<uint64_t>(*at_++ - '0');
  }
  if (zero && digits > 1) return false;
  *value = sum;
  return true;
}

bool parse_decimal(const Text& text, double* value) {
  double sum = 0.0, scale = 1.0;
  uint32_t whole = 0, places = 0;
  bool point = false;
  for (size_t i = 0; i < text.size; ++i) {
    const char c = text.data[i];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (!is_digit(c) || ++(point ? places : whole) > 9) return false;
    sum = sum * 10.0 + static_cast<double>(c - '0');
    if (point) scale *= 10.0;
  }
  if (whole == 0 || (point && places == 0)) return false;
  *value = sum / scale;
  return true;
}

bool parse_whole(const Text& text, uint32_t* value) {
  double decimal;
  for (size_t i = 0; i < text.size; ++i) {
    if (!is_digit(text.data[i])) return false;
  }
  if (!parse_decimal(text, &decimal)) return false;
  *value = static_cast<uint32_t>(decimal);
  return true;
}

}  // namespace pellucid::nn
