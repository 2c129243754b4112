#include "corpus/scan.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "audio/stream.hpp"
#include "support/error.hpp"
#include "support/utf8.hpp"
#include "support/walk.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;

class UniqueNames {
 public:
  std::string add(Kind kind, const std::string& wanted) {
    std::string name = wanted;
    for (int n = 2; !taken_.emplace(kind, name).second; ++n) name = fmt::format("{}~{}", wanted, n);
    return name;
  }

 private:
  std::set<std::pair<Kind, std::string>> taken_;
};

[[noreturn]] void fail_folder(const SourceFolder& folder, const std::string& what) {
  const char* option = folder.kind == Kind::kSpeech ? "speech" : folder.kind == Kind::kNoise ? "noise" : "rir";
  throw Error(ExitCode::kInput, "--{} {}: {}, expected a folder of recordings; check the path", option,
              folder.path.string(), what);
}

std::string name_of(const fs::path& folder) {
  const fs::path whole = (folder / "").lexically_normal().parent_path();  // without a slash at its end
  fs::path name = whole.filename();
  std::error_code error;
  if (name.empty() || name == "." || name == "..") name = fs::canonical(folder, error).filename();
  return name.empty() ? "." : valid_utf8(name.string());
}

// A folder given twice is one; of others that have the same name the later ones get a number.
class FolderNames {
 public:
  std::string add(const SourceFolder& folder) {
    std::error_code error;
    const auto [known, is_new] = names_.try_emplace({folder.kind, fs::canonical(folder.path, error)});
    if (is_new) known->second = taken_.add(folder.kind, name_of(folder.path));
    return known->second;
  }

 private:
  std::map<std::pair<Kind, fs::path>, std::string> names_;
  UniqueNames taken_;
};

void scan_folder(const SourceFolder& folder, const std::string& name, ScanResult& result) {
  std::error_code error;
  const fs::file_status status = fs::status(folder.path, error);
  if (!fs::exists(status)) fail_folder(folder, "found nothing there");
  if (!fs::is_directory(status)) fail_folder(folder, "found a file");
  const std::size_t first = result.files.size();
  const Walked walked = walk(folder.path);
  for (const auto& [path, reason] : walked.unreadable)
    fail_folder(folder, path == folder.path ? fmt::format("cannot be read ({})", reason)
                                            : fmt::format("its {} cannot be read ({})",
                                                          path.lexically_relative(folder.path).string(), reason));
  for (const fs::path& path : walked.files) {
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
    file.folder = name;
    file.name = valid_utf8(path.lexically_relative(folder.path).generic_string());
    file.bytes = static_cast<std::uint64_t>(info.st_size);
    file.modified_ns = static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1000000000 + info.st_mtim.tv_nsec;
    result.files.push_back(std::move(file));
  }
  std::sort(result.files.begin() + static_cast<std::ptrdiff_t>(first), result.files.end(),
            [](const SourceFile& a, const SourceFile& b) {
              return a.name != b.name ? a.name < b.name : a.file.native() < b.file.native();
            });
}

}  // namespace

ScanResult scan(const std::vector<SourceFolder>& folders) {
  ScanResult result;
  FolderNames folders_named;
  for (const Kind kind : {Kind::kSpeech, Kind::kNoise, Kind::kRir}) {
    for (const SourceFolder& folder : folders) {
      if (folder.kind == kind) scan_folder(folder, folders_named.add(folder), result);
    }
  }
  // Two folders may hold files of the same relative name: the later ones get a number.
  UniqueNames taken;
  for (SourceFile& file : result.files) file.name = taken.add(file.kind, file.name);
  return result;
}

}  // namespace pellucid::corpus
