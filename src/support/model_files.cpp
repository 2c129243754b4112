#include "support/model_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace pellucid {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char*, 2> kExtensions{".pellucid", ".safetensors"};
constexpr std::size_t kLargestModelBytes = 256u << 20;
#ifdef _WIN32
constexpr char kBetweenFolders = ';';
std::FILE* open_to_read(const fs::path& path) { return ::_wfopen(path.c_str(), L"rb"); }
#else
constexpr char kBetweenFolders = ':';
std::FILE* open_to_read(const fs::path& path) { return std::fopen(path.c_str(), "rb"); }
#endif

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error) && !fs::is_directory(path, error);
}

}  // namespace

std::string environment(const char* name) {
#ifdef _WIN32
  const wchar_t* const value = ::_wgetenv(fs::path(name).c_str());
  return value != nullptr ? fs::path(value).string() : std::string();
#else
  const char* const value = std::getenv(name);
  return value != nullptr ? value : std::string();
#endif
}

bool has_model_extension(const fs::path& path) {
  return std::find(kExtensions.begin(), kExtensions.end(), path.extension().string()) != kExtensions.end();
}

std::vector<fs::path> model_folders(const std::vector<fs::path>& others) {
  std::vector<fs::path> folders;
  const std::string list = environment("PELLUCID_MODELS");
  for (std::size_t start = 0; start <= list.size();) {
    const std::size_t end = std::min(list.find(kBetweenFolders, start), list.size());
    if (end > start) folders.emplace_back(list.substr(start, end - start));
    start = end + 1;
  }
  folders.insert(folders.end(), others.begin(), others.end());
  return folders;
}

std::vector<std::string> model_names(const std::vector<fs::path>& folders) {
  std::vector<std::string> names;
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (has_model_extension(entry.path()) && is_file(entry.path())) names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::optional<fs::path> find_named_model(const std::string& name, const std::vector<fs::path>& folders) {
  for (const fs::path& folder : folders) {
    for (const char* extension : kExtensions) {
      const fs::path candidate = folder / (name + extension);
      if (is_file(candidate)) return candidate;
    }
  }
  return std::nullopt;
}

std::optional<fs::path> find_model_file(const std::string& name, const std::vector<fs::path>& folders) {
  if (fs::path(name).has_parent_path() || is_file(name)) return name;
  return find_named_model(name, folders);
}

std::optional<std::string> read_model_file(const fs::path& path, std::vector<std::byte>& bytes) {
  bytes.clear();
  std::error_code error;
  if (fs::is_directory(path, error)) return "is a folder where a model file is meant";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(open_to_read(path), std::fclose);
  if (!file) return std::string("the model cannot be opened: ") + std::strerror(errno);
  std::array<std::byte, 1 << 16> block;
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), file.get())) {
    bytes.insert(bytes.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(got));
    if (bytes.size() > kLargestModelBytes) {
      return "is no model: it has more than " + std::to_string(kLargestModelBytes >> 20) + " MiB";
    }
  }
  if (std::ferror(file.get()) != 0) return "the model cannot be read";
  if (bytes.empty()) return "the model is empty (0 bytes); get the file again";
  return std::nullopt;
}

}  // namespace pellucid
