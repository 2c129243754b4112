#include "corpus/scan.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "audio/stream.hpp"
#include "support/error.hpp"
#include "support/utf8.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_folder(const SourceFolder& folder, const std::string& what) {
  const char* option = folder.kind == Kind::kSpeech ? "speech" : folder.kind == Kind::kNoise ? "noise" : "rir";
  throw Error(ExitCode::kInput, "--{} {}: {}, expected a folder of recordings; check the path", option,
              folder.path.string(), what);
}

void scan_folder(const SourceFolder& folder, ScanResult& result) {
  std::error_code error;
  const fs::file_status status = fs::status(folder.path, error);
  if (!fs::exists(status)) fail_folder(folder, "found nothing there");
  if (!fs::is_directory(status)) fail_folder(folder, "found a file");
  const std::size_t first = result.files.size();
  fs::recursive_directory_iterator it(folder.path, fs::directory_options::none, error);
  if (error) fail_folder(folder, "cannot be read (" + error.message() + ")");
  for (; it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (error) fail_folder(folder, "cannot be read to its end (" + error.message() + ")");
    const fs::path& path = it->path();
    const std::string base = path.filename().string();
    if (base.starts_with('.')) {
      if (it->is_directory(error) && !it->is_symlink(error)) it.disable_recursion_pending();
      continue;
    }
    struct stat info {};
    // A recording that is not there, as behind a link to nothing, stays among them: decoding it names it.
    const bool gone = ::stat(path.c_str(), &info) != 0;
    if (!gone && !S_ISREG(info.st_mode)) continue;
    if (!audio::has_sound_extension(path)) {
      ++result.other[valid_utf8(audio::lower_extension(path))];
      continue;
    }
    SourceFile file;
    file.kind = folder.kind;
    file.file = path;
    file.name = valid_utf8(path.lexically_relative(folder.path).generic_string());
    file.bytes = static_cast<std::uint64_t>(info.st_size);
    file.modified_ns = static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1000000000 + info.st_mtim.tv_nsec;
    result.files.push_back(std::move(file));
  }
  if (error) fail_folder(folder, "cannot be read to its end (" + error.message() + ")");
  std::sort(result.files.begin() + static_cast<std::ptrdiff_t>(first), result.files.end(),
            [](const SourceFile& a, const SourceFile& b) {
              return a.name != b.name ? a.name < b.name : a.file.native() < b.file.native();
            });
}

}  // namespace

ScanResult scan(const std::vector<SourceFolder>& folders) {
  ScanResult result;
  for (const Kind kind : {Kind::kSpeech, Kind::kNoise, Kind::kRir}) {
    for (const SourceFolder& folder : folders) {
      if (folder.kind == kind) scan_folder(folder, result);
    }
  }
  // Two folders may hold files of the same relative name: the later ones get a number.
  std::set<std::pair<Kind, std::string>> taken;
  for (SourceFile& file : result.files) {
    std::string name = file.name;
    for (int n = 2; !taken.emplace(file.kind, name).second; ++n) name = fmt::format("{}~{}", file.name, n);
    file.name = name;
  }
  return result;
}

}  // namespace pellucid::corpus
