// Folders of sound for tests, gone when the test ends.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "../support/temp_folder.hpp"
#include "audio/stream.hpp"
#include "mix_memory.hpp"

namespace pellucid::corpus {

class MixFolder {
 public:
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  void write_sound(const std::string& name, const std::vector<float>& samples, int rate_hz = 16000) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    audio::StreamFormat format;
    format.rate_hz = rate_hz;
    format.channels = 1;
    format.code = 0x010002;  // WAV, 16-bit
    audio::Writer writer(path_ / name, format);
    writer.write(std::vector<double>(samples.begin(), samples.end()));
    writer.close();
  }

  /// speech/ of four speakers, noise/ of two folders.
  void write_collection() const {
    for (std::uint64_t s = 0; s < 4; ++s) {
      for (std::uint64_t k = 0; k < 2; ++k)
        write_sound("speech/speaker" + std::to_string(s) + "/" + std::to_string(k) + ".wav",
                    talk(10 * s + k, 24000 + 9000 * k));
    }
    for (std::uint64_t k = 0; k < 4; ++k)
      write_sound((k < 2 ? "noise/rain/" : "noise/tools/") + std::to_string(k) + ".wav", hiss(k, 20000 * (k + 1)));
  }

 private:
  const pellucid::test::TempFolder temp_;
  const std::filesystem::path& path_ = temp_.path();
};

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace pellucid::corpus
