// A picture with 256 colours: 224 of a heat map and 32 greys, text, lines, and the PNG file of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid::metrics {

struct Rgb {
  std::uint8_t red = 0, green = 0, blue = 0;
};

inline constexpr int kHeatColors = 224;  ///< palette entries 0..223: dark (quiet) to light (loud)
inline constexpr int kGreys = 32;        ///< palette entries 224 (white) to 255 (black)
inline constexpr std::uint8_t kWhite = kHeatColors;
inline constexpr std::uint8_t kBlack = kHeatColors + kGreys - 1;

/// The palette: perceptually even, lightness rises all the way (after "magma" by van der Walt and Smith, CC0).
Rgb palette_color(int index);
/// The entry of a grey, 0 white to 1 black.
std::uint8_t grey(double darkness);

enum class Font { kRegular, kBold };
enum class Align { kLeft, kCenter, kRight };

class Image {
 public:
  Image(int width, int height);
  int width() const { return width_; }
  int height() const { return height_; }
  std::uint8_t at(int x, int y) const { return pixels_[index(x, y)]; }
  /// Outside the picture nothing happens.
  void set(int x, int y, std::uint8_t color);
  void fill(int x, int y, int width, int height, std::uint8_t color);
  void frame(int x, int y, int width, int height, std::uint8_t color);

  /// Text on white, `y` the top of the line. UTF-8; what the font does not have (beyond Latin-1) becomes '?'.
  void text(int x, int y, std::string_view utf8, Font font, Align align, double darkness = 1.0);
  /// The same turned left by 90 degrees, centred on `y`, `x` the left edge.
  void text_upwards(int x, int y, std::string_view utf8, Font font, double darkness = 1.0);

  /// The bytes of a PNG file (libpng, 8-bit palette).
  std::vector<std::uint8_t> png() const;

 private:
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x);
  }
  int width_, height_;
  std::vector<std::uint8_t> pixels_;
};

int text_width(std::string_view utf8, Font font);
int text_height(Font font);
/// Shortened in the middle by "..." to at most `width` pixels.
std::string text_fit(std::string_view utf8, Font font, int width);

}  // namespace pellucid::metrics
