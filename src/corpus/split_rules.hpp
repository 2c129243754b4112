// Which speaker or noise source a recording belongs to: a table of patterns, read from a CSV.
//
//   kind,pattern,group,label
//   noise,kitchen20/*/*-*-*.*,kitchen20/{3},kitchen
//   speech,picovoice_wakeword/**,picovoice_wakeword,en
//
// The first line whose pattern matches the recording's path (below its source folder, '/'-separated) decides. A pattern
// covers the whole path: `*` stands for any text without a '/', as short as it can be; `**` for any text, folders too;
// `?` for one character other than '/'; everything else for itself. `group` and `label` may hold
//   {1} {2} ..  what the first, second .. wildcard stood for      {folder}  the folder the recording is in
//   {name}      the file's name without its extension             {stem}    the same without digits, '_', '-', ' ', '.'
//   at its end
// A group of `-` leaves the recording out of the corpus. `kind` is speech, noise, rir or empty for any; `label` (a
// noise class, a language) may be empty. A recording that no line matches belongs to the group named like its folder,
// labelled like its first folder; one that lies directly in a source folder to the group of that folder's name. A fifth
// column `split` (train, valid, test or empty) puts a group on a side of the split in place of chance. Lines that begin
// with # are comments.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/scan.hpp"

namespace pellucid::corpus {

/// The group of recordings that are to be left out.
inline constexpr const char* kLeaveOut = "-";

struct GroupRule {
  std::optional<Kind> kind;
  std::string pattern, group, label;
  std::optional<Split> split;
};

struct GroupAndLabel {
  std::string group, label;
  std::optional<Split> split = std::nullopt;
};

class GroupRules {
 public:
  /// No rule: every folder is a group.
  GroupRules() = default;
  /// Throws Error(kInput) when the file cannot be read and Error(kUsage) with the line when it is wrong.
  static GroupRules load(const std::filesystem::path& csv);
  static GroupRules parse(std::string_view csv, const std::string& name);

  /// `folder`: SourceFile's.
  GroupAndLabel find(Kind kind, const std::string& name, const std::string& folder) const;
  GroupAndLabel find(const SourceFile& file) const { return find(file.kind, file.name, file.folder); }
  const std::vector<GroupRule>& rules() const { return rules_; }

 private:
  std::vector<GroupRule> rules_;
};

/// Whether the pattern covers the whole text; `captures` (may be null) gets what each wildcard stood for.
bool glob_match(std::string_view pattern, std::string_view text, std::vector<std::string>* captures = nullptr);

}  // namespace pellucid::corpus
