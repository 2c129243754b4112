#include "support/walk.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <system_error>

namespace pellucid {
namespace {

namespace fs = std::filesystem;

class Walk {
 public:
  explicit Walk(const std::function<bool(const fs::path&)>& enter) : enter_(enter) {}

  Walked from(const fs::path& top) {
    links_.insert(top);
    // A link's turn comes when everything has been found that does not lie behind one: so names are always the same.
    while (!links_.empty()) {
      folders_.push_back(links_.extract(links_.begin()).value());
      while (!folders_.empty()) {
        const fs::path folder = std::move(folders_.back());
        folders_.pop_back();
        list(folder);
      }
    }
    std::sort(result_.files.begin(), result_.files.end());
    std::sort(result_.unreadable.begin(), result_.unreadable.end());
    return std::move(result_);
  }

 private:
  void list(const fs::path& folder) {
    struct stat info {};
    if (::stat(folder.c_str(), &info) == 0 && !seen_.emplace(info.st_dev, info.st_ino).second) return;
    std::error_code error;
    fs::directory_iterator it(folder, error);
    for (; !error && it != fs::directory_iterator(); it.increment(error)) {
      const fs::path& path = it->path();
      if (path.filename().native().starts_with('.')) continue;
      std::error_code none;
      if (!it->is_directory(none)) {
        result_.files.push_back(path);
      } else if (!enter_ || enter_(path)) {
        if (it->is_symlink(none))
          links_.insert(path);
        else
          folders_.push_back(path);
      }
    }
    if (error) result_.unreadable.emplace_back(folder, error.message());
  }

  const std::function<bool(const fs::path&)>& enter_;
  Walked result_;
  std::vector<fs::path> folders_;
  std::set<fs::path> links_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace

Walked walk(const fs::path& folder, const std::function<bool(const fs::path&)>& enter) {
  return Walk(enter).from(folder);
}

}  // namespace pellucid
