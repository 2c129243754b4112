#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#include "metrics/image.hpp"
#include "metrics/spectrogram.hpp"
#include "support/error.hpp"

namespace pellucid::metrics {
namespace {

std::vector<float> tone(double hz, double amplitude, int rate_hz, double seconds) {
  std::vector<float> x(static_cast<std::size_t>(rate_hz * seconds));
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate_hz));
  }
  return x;
}

TEST(Palette, LightnessRisesWithTheLevel) {
  double last = -1;
  for (int i = 0; i < kHeatColors; ++i) {
    const Rgb c = palette_color(i);
    const double lightness = 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue;
    EXPECT_GE(lightness, last - 1.0) << i;  // rounding to whole steps
    last = lightness;
  }
  EXPECT_EQ(palette_color(kWhite).red, 255);
  EXPECT_EQ(palette_color(kBlack).green, 0);
}

TEST(Image, PngDecodesToTheSamePixels) {
  Image image(37, 11);
  for (int y = 0; y < 11; ++y) {
    for (int x = 0; x < 37; ++x) image.set(x, y, static_cast<std::uint8_t>((x * 7 + y * 13) % 256));
  }
  image.set(-1, 0, 0);
  image.set(37, 11, 0);
  const std::vector<std::uint8_t> bytes = image.png();
  png_image reader{};
  reader.version = PNG_IMAGE_VERSION;
  ASSERT_TRUE(png_image_begin_read_from_memory(&reader, bytes.data(), bytes.size()));
  reader.format = PNG_FORMAT_RGB;
  ASSERT_EQ(reader.width, 37U);
  ASSERT_EQ(reader.height, 11U);
  std::vector<std::uint8_t> rgb(PNG_IMAGE_SIZE(reader));
  ASSERT_TRUE(png_image_finish_read(&reader, nullptr, rgb.data(), 0, nullptr));
  for (int y = 0; y < 11; ++y) {
    for (int x = 0; x < 37; ++x) {
      const Rgb want = palette_color(image.at(x, y));
      const std::uint8_t* got = &rgb[static_cast<std::size_t>(3 * (y * 37 + x))];
      ASSERT_EQ(got[0], want.red);
      ASSERT_EQ(got[1], want.green);
      ASSERT_EQ(got[2], want.blue);
    }
  }
}

TEST(Image, TextLeavesInkWhereItIsAsked) {
  Image image(200, 60);
  image.text(100, 5, "Grüße 12.5", Font::kBold, Align::kCenter);
  int ink = 0, left = 200, right = 0;
  for (int y = 0; y < 60; ++y) {
    for (int x = 0; x < 200; ++x) {
      if (image.at(x, y) == kWhite) continue;
      ++ink;
      left = std::min(left, x);
      right = std::max(right, x);
      EXPECT_GE(y, 5);
      EXPECT_LT(y, 5 + text_height(Font::kBold));
    }
  }
  EXPECT_GT(ink, 100);
  EXPECT_NEAR(0.5 * (left + right), 100, 3);
  EXPECT_LE(right - left, text_width("Grüße 12.5", Font::kBold));
}

TEST(Image, TextIsShortenedInTheMiddle) {
  const std::string name = "a-very-long-näme-of-a-recording-über-alles.flac";
  const std::string shortened = text_fit(name, Font::kRegular, 150);
  EXPECT_LE(text_width(shortened, Font::kRegular), 150);
  EXPECT_NE(shortened.find("..."), std::string::npos);
  EXPECT_EQ(shortened.front(), 'a');
  EXPECT_EQ(shortened.substr(shortened.size() - 5), ".flac");
  EXPECT_EQ(text_fit("short", Font::kRegular, 150), "short");
  for (int width = 0; width < 300; ++width) {  // never cuts a character in two
    EXPECT_EQ(text_fit(name, Font::kRegular, width).find('?'), std::string::npos);
  }
  EXPECT_EQ(text_width("\xff\xfe", Font::kRegular), text_width("??", Font::kRegular));
  EXPECT_EQ(text_width("\xc3", Font::kRegular), text_width("?", Font::kRegular));
}

TEST(Spectrogram, AToneStandsAtItsFrequencyAndLevel) {
  constexpr int kColumns = 50, kRows = 80;  // rows of 100 Hz
  for (int rate_hz : {16000, 48000}) {
    const std::vector<float> x = tone(2050, 0.1, rate_hz, 1.0);
    const std::vector<float> db = spectrogram_db(x, rate_hz, kColumns, kRows, 8000, 1.0);
    for (int c = 5; c < kColumns - 5; ++c) {
      int loudest = 0;
      for (int r = 0; r < kRows; ++r) {
        if (db[static_cast<std::size_t>(r * kColumns + c)] > db[static_cast<std::size_t>(loudest * kColumns + c)]) {
          loudest = r;
        }
      }
      EXPECT_EQ(loudest, kRows - 1 - 20) << rate_hz;
    }
  }
  // Exactly on a bin the level is the tone's: -20 dB below a full-scale sine.
  const std::vector<float> x = tone(2000, 0.1, 16000, 1.0);
  const std::vector<float> db = spectrogram_db(x, 16000, 10, 256, 8000, 1.0);
  float loudest = -200;
  for (int r = 0; r < 256; ++r) loudest = std::max(loudest, db[static_cast<std::size_t>(r * 10 + 5)]);
  EXPECT_NEAR(loudest, -20.0, 0.3);
}

TEST(Spectrogram, ColumnsBeyondTheEndAreEmptyAndNanIsSilence) {
  std::vector<float> x = tone(1000, 0.5, 16000, 0.5);
  x[4000] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> db = spectrogram_db(x, 16000, 100, 10, 8000, 1.0);
  for (int c = 0; c < 100; ++c) EXPECT_EQ(std::isinf(db[static_cast<std::size_t>(c)]), c >= 50) << c;
  for (float v : db) EXPECT_FALSE(std::isnan(v));
}

TEST(Spectrogram, LevelsDoNotDependOnTheBlocks) {
  const std::vector<float> x = tone(700, 0.3, 16000, 2.5);
  for (const int columns : {3, 70, 1000, 50000}) {  // columns longer than windows, and shorter than a sample
    const std::vector<float> want = spectrogram_db(x, 16000, columns, 20, 8000, 3.0);
    for (const std::size_t block : {std::size_t{1}, std::size_t{173}, std::size_t{20000}}) {
      SpectrogramLevels levels({16000, columns, 20, 8000, 3.0});
      for (std::size_t at = 0; at < x.size(); at += block)
        levels.add(std::span(x).subspan(at, std::min(block, x.size() - at)));
      EXPECT_EQ(levels.finish(), want) << columns << " columns, blocks of " << block;
    }
  }
}

TEST(Spectrogram, PictureHasTheSizeAskedForAndDiffersWithTheSound) {
  const std::vector<float> quiet = tone(500, 0.01, 16000, 1), loud = tone(3000, 0.5, 16000, 2);
  const SpectrogramPanel panels[] = {{quiet, 16000, "Before", "a"}, {loud, 16000, "After", "b"}};
  const Image both = draw_spectrograms(panels, {.width = 640, .panel_height = 120});
  const Image one = draw_spectrograms({panels, 1}, {.width = 640, .panel_height = 120});
  EXPECT_EQ(both.width(), 640);
  EXPECT_EQ(one.width(), 640);
  EXPECT_GT(both.height(), one.height() + 120);
  int heat = 0;
  for (int y = 0; y < one.height(); ++y) {
    for (int x = 0; x < one.width(); ++x) heat += one.at(x, y) < kHeatColors;
  }
  EXPECT_GT(heat, 400 * 120);
  EXPECT_THROW(draw_spectrograms({}), Error);
  const SpectrogramPanel empty[] = {{{}, 16000, "x", ""}};
  EXPECT_THROW(draw_spectrograms(empty), Error);
}

TEST(Spectrogram, HoursAndMomentsCanBeDrawn) {
  const std::vector<float> one_sample(1, 0.5F), long_one(8000 * 200, 0.1F);
  const SpectrogramPanel shortest[] = {{one_sample, 8000, "one sample", ""}};
  EXPECT_EQ(draw_spectrograms(shortest).width(), 1200);
  const SpectrogramPanel longest[] = {{long_one, 8000, "200 s", ""}};
  EXPECT_EQ(draw_spectrograms(longest).width(), 1200);
}

}  // namespace
}  // namespace pellucid::metrics
