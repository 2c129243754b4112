#include "cli/eval_pairs.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "audio/stream.hpp"
#include "support/csv.hpp"
#include "support/error.hpp"
#include "support/read_file.hpp"
#include "support/utf8.hpp"

namespace pellucid::cli {
namespace fs = std::filesystem;
namespace {

using Files = std::map<std::string, fs::path>;

/// ".denoised" and ".residue" are what `pellucid denoise` puts beside its inputs.
std::string result_word(const fs::path& path) { return path.stem().extension().string(); }

std::string without_ending(fs::path relative) {
  relative.replace_extension();
  if (relative.extension() == ".denoised") relative.replace_extension();
  return relative.generic_string();
}

/// Of files of one name those that `option` means: results where it takes results, else what they were made of.
void prefer(std::vector<fs::path>& files, bool results) {
  const auto is_meant = [&](const fs::path& path) { return (result_word(path) == ".denoised") == results; };
  if (std::any_of(files.begin(), files.end(), is_meant))
    files.erase(std::remove_if(files.begin(), files.end(), std::not_fn(is_meant)), files.end());
}

Files files_of(const fs::path& folder, const char* option, bool results) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw Error(ExitCode::kInput, "{} '{}': {}; give a folder of sound files.", option, folder.string(),
                fs::exists(folder, error) ? "is no folder" : "there is no such folder");
  }
  std::map<std::string, std::vector<fs::path>> by_name;
  try {
    for (const auto& entry :
         fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink)) {
      const fs::path& path = entry.path();
      if (!entry.is_regular_file() || !audio::has_sound_extension(path)) continue;
      if (path.filename().string().front() == '.' || result_word(path) == ".residue") continue;
      by_name[without_ending(path.lexically_relative(folder))].push_back(path);
    }
  } catch (const fs::filesystem_error& failure) {
    throw Error(ExitCode::kInput, "{} '{}': cannot be read ({}).", option, folder.string(), failure.code().message());
  }
  Files files;
  for (auto& [name, same] : by_name) {
    prefer(same, results);
    std::sort(same.begin(), same.end());
    if (same.size() > 1) {
      throw Error(ExitCode::kInput, "{}: '{}' and '{}' have the same name; files are matched by name, keep one.",
                  option, same[0].string(), same[1].string());
    }
    files[name] = same[0];
  }
  if (files.empty()) {
    throw Error(ExitCode::kInput, "{} '{}': holds no sound file; expected .wav, .flac, .ogg and the like.", option,
                folder.string());
  }
  return files;
}

/// The file of `name`, or else a sentence that it is missing.
fs::path partner(const Files& files, const std::string& name, const fs::path& of, const fs::path& folder,
                 std::vector<std::string>& unmatched) {
  const auto found = files.find(name);
  if (found != files.end()) return found->second;
  unmatched.push_back(fmt::format("{}: has no partner of that name in {}; left out", of.string(), folder.string()));
  return {};
}

std::optional<double> parse_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// A name of a list as match_files would give it.
std::string listed_name(const std::string& name) {
  return audio::has_sound_extension(name) ? without_ending(name) : fs::path(name).generic_string();
}

std::map<std::string, EvalCondition> from_csv(std::istream& in, const fs::path& file) {
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> header = csv_fields(line);
  const auto column = [&](const char* name) {
    return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  };
  const std::size_t name = column("name"), snr = column("snr"), noise = column("noise");
  if (name == header.size() || (snr == header.size() && noise == header.size())) {
    throw Error(ExitCode::kInput, "--log '{}': the first line is '{}', expected columns name, snr and noise.",
                file.string(), line.substr(0, 80));
  }
  std::map<std::string, EvalCondition> conditions;
  while (std::getline(in, line)) {
    const std::vector<std::string> fields = csv_fields(line);
    if (name >= fields.size() || fields[name].empty()) continue;
    EvalCondition condition;
    if (snr < fields.size()) condition.snr_db = parse_number(fields[snr]);
    if (noise < fields.size()) condition.noise = fields[noise];
    conditions[listed_name(fields[name])] = condition;
  }
  return conditions;
}

std::map<std::string, EvalCondition> from_json(const std::string& text, const fs::path& file) {
  const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array()) {
    throw Error(ExitCode::kInput, "--log '{}': is no JSON array of objects with id, snr and noise.", file.string());
  }
  std::map<std::string, EvalCondition> conditions;
  for (const auto& item : list) {
    if (!item.is_object()) continue;
    const char* key = item.contains("name") ? "name" : "id";
    if (!item.contains(key) || !item[key].is_string()) continue;
    EvalCondition condition;
    if (item.contains("snr") && item["snr"].is_number()) condition.snr_db = item["snr"].get<double>();
    if (item.contains("noise") && item["noise"].is_string()) condition.noise = item["noise"].get<std::string>();
    conditions[listed_name(item[key].get<std::string>())] = condition;
  }
  return conditions;
}

}  // namespace

EvalPairs match_files(const fs::path& clean, const fs::path& noisy, const fs::path& enhanced) {
  EvalPairs result;
  std::error_code error;
  if (fs::is_regular_file(clean, error) && fs::is_regular_file(noisy, error) &&
      (enhanced.empty() || fs::is_regular_file(enhanced, error))) {
    result.pairs.push_back({noisy.stem().string(), clean, noisy, enhanced, {}});
    return result;
  }
  const Files clean_files = files_of(clean, "--clean", false), noisy_files = files_of(noisy, "--noisy", false);
  const Files enhanced_files = enhanced.empty() ? Files() : files_of(enhanced, "--enhanced", true);
  for (const auto& [name, path] : noisy_files) {
    EvalPair pair{name, partner(clean_files, name, path, clean, result.unmatched), path, {}, {}};
    if (pair.clean.empty()) continue;
    if (!enhanced.empty()) pair.enhanced = partner(enhanced_files, name, path, enhanced, result.unmatched);
    if (enhanced.empty() || !pair.enhanced.empty()) result.pairs.push_back(std::move(pair));
  }
  for (const auto& [name, path] : clean_files) partner(noisy_files, name, path, noisy, result.unmatched);
  for (const auto& [name, path] : enhanced_files) partner(noisy_files, name, path, noisy, result.unmatched);
  if (result.pairs.empty()) {
    throw Error(ExitCode::kInput,
                "No file of '{}' has a partner of the same name in '{}'{}; files are matched by name.", noisy.string(),
                clean.string(), enhanced.empty() ? "" : " and '" + enhanced.string() + "'");
  }
  return result;
}

std::map<std::string, EvalCondition> read_conditions(const fs::path& file) {
  std::error_code error;
  if (fs::is_directory(file, error) || !fs::exists(file, error)) {
    throw Error(ExitCode::kInput, "--log '{}': cannot be read; give a log.csv or a list.json.", file.string());
  }
  const std::string text(without_byte_order_mark(read_file(file, ExitCode::kInput)));
  if (file.extension() == ".json") return from_json(text, file);
  std::istringstream in(text);
  return from_csv(in, file);
}

std::vector<fs::path> find_conditions(const fs::path& noisy) {
  std::error_code error;
  const fs::path folder = fs::absolute(noisy, error).lexically_normal();
  const fs::path parent = (folder.has_filename() ? folder : folder.parent_path()).parent_path();
  std::vector<fs::path> found;
  for (const char* name : {"log.csv", "list.json"}) {
    if (fs::is_regular_file(parent / name, error)) found.push_back(parent / name);
  }
  return found;
}

}  // namespace pellucid::cli
