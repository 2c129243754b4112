#include "metrics/image.hpp"

#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csetjmp>

#include "metrics/font_data.hpp"
#include "support/error.hpp"

namespace pellucid::metrics {
namespace {

/// Code points of UTF-8 text; a byte that is none counts as one '?'.
std::vector<char32_t> decode(std::string_view text) {
  std::vector<char32_t> out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    char32_t code = length == 1 ? lead : lead & (0x7FU >> length);
    bool good = length > 0 && i + length <= text.size();
    for (std::size_t k = 1; good && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      good = next >> 6 == 2;
      code = (code << 6) | (next & 0x3FU);
    }
    out.push_back(good ? code : U'?');
    i += good ? length : 1;
  }
  return out;
}

const FontGlyph& glyph(char32_t code, Font font) {
  std::size_t index = U'?' - 32;
  if (code >= 32 && code < 127) index = code - 32;
  if (code >= 160 && code < 256) index = code - 160 + 95;
  return font == Font::kBold ? kBold[index] : kRegular[index];
}

/// Calls draw(x, y, ink) with ink 0..1 for every inked pixel of the line, relative to its top left corner.
template <typename Draw>
void rasterize(std::string_view text, Font font, Draw draw) {
  int left = 0;
  for (char32_t code : decode(text)) {
    const FontGlyph& g = glyph(code, font);
    for (int i = 0; g.ink[i] != '\0'; ++i) {
      const char digit = g.ink[i];
      const int level = digit >= 'a' ? digit - 'a' + 10 : digit - '0';
      if (level > 0) draw(left + i % g.width, g.top + i / g.width, level / 15.0);
    }
    left += g.width;
  }
}

void append_bytes(png_structp png, png_bytep data, png_size_t bytes) {
  auto* out = static_cast<std::vector<std::uint8_t>*>(png_get_io_ptr(png));
  out->insert(out->end(), data, data + bytes);
}

}  // namespace

Rgb palette_color(int index) {
  static constexpr std::array<Rgb, 9> kHeat = {{{0, 0, 4},
                                                {28, 16, 68},
                                                {79, 18, 123},
                                                {129, 37, 129},
                                                {181, 54, 122},
                                                {229, 80, 100},
                                                {251, 135, 97},
                                                {254, 194, 135},
                                                {252, 253, 191}}};
  if (index >= kHeatColors) {
    const auto level = static_cast<std::uint8_t>(255 - (index - kHeatColors) * 255 / (kGreys - 1));
    return {level, level, level};
  }
  const double at = std::max(0, index) * (kHeat.size() - 1.0) / (kHeatColors - 1);
  const std::size_t low = std::min<std::size_t>(static_cast<std::size_t>(at), kHeat.size() - 2);
  const double part = at - static_cast<double>(low);
  const auto mix = [&](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(std::lround(a + part * (b - a)));
  };
  return {mix(kHeat[low].red, kHeat[low + 1].red), mix(kHeat[low].green, kHeat[low + 1].green),
          mix(kHeat[low].blue, kHeat[low + 1].blue)};
}

std::uint8_t grey(double darkness) {
  return static_cast<std::uint8_t>(kHeatColors + std::lround(std::clamp(darkness, 0.0, 1.0) * (kGreys - 1)));
}

Image::Image(int width, int height)
    : width_(width),
      height_(height),
      pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), kWhite) {}

void Image::set(int x, int y, std::uint8_t color) {
  if (x >= 0 && x < width_ && y >= 0 && y < height_) pixels_[index(x, y)] = color;
}

void Image::fill(int x, int y, int width, int height, std::uint8_t color) {
  for (int j = y; j < y + height; ++j) {
    for (int i = x; i < x + width; ++i) set(i, j, color);
  }
}

void Image::frame(int x, int y, int width, int height, std::uint8_t color) {
  fill(x, y, width, 1, color);
  fill(x, y + height - 1, width, 1, color);
  fill(x, y, 1, height, color);
  fill(x + width - 1, y, 1, height, color);
}

void Image::text(int x, int y, std::string_view utf8, Font font, Align align, double darkness) {
  const int width = text_width(utf8, font);
  const int left = align == Align::kLeft ? x : align == Align::kRight ? x - width : x - width / 2;
  rasterize(utf8, font, [&](int i, int j, double ink) { set(left + i, y + j, grey(ink * darkness)); });
}

void Image::text_upwards(int x, int y, std::string_view utf8, Font font, double darkness) {
  const int bottom = y + text_width(utf8, font) / 2;
  rasterize(utf8, font, [&](int i, int j, double ink) { set(x + j, bottom - i, grey(ink * darkness)); });
}

std::vector<std::uint8_t> Image::png() const {
  std::vector<std::uint8_t> out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  if (info == nullptr) {
    png_destroy_write_struct(&png, nullptr);
    throw Error(ExitCode::kInternal, "libpng cannot start writing a picture of {} x {} pixels", width_, height_);
  }
  std::array<png_color, 256> palette{};
  for (int i = 0; i < 256; ++i) {
    const Rgb c = palette_color(i);
    palette[static_cast<std::size_t>(i)] = {c.red, c.green, c.blue};
  }
  // libpng reports errors by longjmp, so nothing that has a destructor is made from here on.
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    throw Error(ExitCode::kInternal, "libpng cannot write a picture of {} x {} pixels", width_, height_);
  }
  png_set_write_fn(png, &out, append_bytes, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width_), static_cast<png_uint_32>(height_), 8,
               PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_PLTE(png, info, palette.data(), 256);
  png_write_info(png, info);
  for (int y = 0; y < height_; ++y) png_write_row(png, pixels_.data() + index(0, y));
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return out;
}

int text_width(std::string_view utf8, Font font) {
  int width = 0;
  for (char32_t code : decode(utf8)) width += glyph(code, font).width;
  return width;
}

int text_height(Font font) { return font == Font::kBold ? kBoldHeight : kRegularHeight; }

std::string text_fit(std::string_view utf8, Font font, int width) {
  std::string text(utf8);
  if (text_width(text, font) <= width) return text;
  // Bytes are taken out of the middle; a character cut in two would show as '?', so cut at its first byte.
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) >> 6) == 2; };
  std::size_t head = text.size() / 2, tail = text.size() - head;
  std::string shortened = "...";
  while (head > 0 || tail > 0) {
    (head >= tail ? head : tail) -= 1;
    while (head > 0 && continues(utf8[head])) --head;
    while (tail > 0 && continues(utf8[utf8.size() - tail])) --tail;
    shortened = std::string(utf8.substr(0, head)) + "..." + std::string(utf8.substr(utf8.size() - tail));
    if (text_width(shortened, font) <= width) break;
  }
  return shortened;
}

}  // namespace pellucid::metrics
