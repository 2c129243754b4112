#include "corpus/split_rules.hpp"

#include <unistd.h>

#include "corpus/index.hpp"
#include "support/csv.hpp"
#include "support/error.hpp"
#include "support/read_file.hpp"
#include "support/utf8.hpp"

namespace pellucid::corpus {
namespace {

struct Wildcard {
  std::size_t length = 0;  // in the pattern; 0: none
  bool folders = false;    // may stand for '/'
  bool single = false;     // exactly one character of UTF-8
};

Wildcard wildcard_at(std::string_view pattern, std::size_t at) {
  if (at >= pattern.size()) return {};
  if (pattern[at] == '?') return {1, false, true};
  if (pattern[at] != '*') return {};
  if (at + 1 < pattern.size() && pattern[at + 1] == '*') return {2, true, false};
  return {1, false, false};
}

// match[p] tells whether pattern from p on covers text from t on, for every t: filled from the end, so the time is the
// product of the lengths whatever the pattern.
class Matcher {
 public:
  Matcher(std::string_view pattern, std::string_view text)
      : pattern_(pattern), text_(text), fits_((pattern.size() + 1) * (text.size() + 1), 0) {
    for (std::size_t p = pattern.size() + 1; p-- > 0;) {
      for (std::size_t t = text.size() + 1; t-- > 0;) fits_[cell(p, t)] = compute(p, t) ? 1 : 0;
    }
  }

  bool fits(std::size_t p, std::size_t t) const { return fits_[cell(p, t)] != 0; }

 private:
  std::size_t cell(std::size_t p, std::size_t t) const { return p * (text_.size() + 1) + t; }

  bool compute(std::size_t p, std::size_t t) const {
    if (p == pattern_.size()) return t == text_.size();
    const Wildcard wild = wildcard_at(pattern_, p);
    if (wild.length == 0) return t < text_.size() && pattern_[p] == text_[t] && fits(p + 1, t + 1);
    const bool can_take = t < text_.size() && (wild.folders || text_[t] != '/');
    if (wild.single) {
      const std::size_t length = utf8_length(text_, t);
      return can_take && length > 0 && fits(p + 1, t + length);
    }
    return fits(p + wild.length, t) || (can_take && fits(p, t + 1));
  }

  std::string_view pattern_, text_;
  std::vector<char> fits_;
};

std::string without_extension(std::string_view base) {
  const std::size_t dot = base.rfind('.');
  return std::string(dot == std::string_view::npos || dot == 0 ? base : base.substr(0, dot));
}

std::string fill_in(const std::string& pattern, const std::string& name, const std::vector<std::string>& captures) {
  const std::size_t slash = name.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : name.substr(0, slash);
  const std::string base =
      without_extension(slash == std::string::npos ? name : std::string_view(name).substr(slash + 1));
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::size_t end = pattern[i] == '{' ? pattern.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      out += pattern[i];
      continue;
    }
    const std::string key = pattern.substr(i + 1, end - i - 1);
    if (key == "folder") {
      out += folder;
    } else if (key == "name") {
      out += base;
    } else if (key == "stem") {
      const std::size_t last = base.find_last_not_of("0123456789_- .");
      out += last == std::string::npos ? base : base.substr(0, last + 1);
    } else {
      out += captures[static_cast<std::size_t>(std::stoi(key)) - 1];  // checked when the rule was read
    }
    i = end;
  }
  return out;
}

// What is wrong with the {..} of a template, empty when nothing is.
std::string template_fault(const std::string& text, std::size_t wildcards) {
  for (std::size_t i = text.find('{'); i != std::string::npos; i = text.find('{', i + 1)) {
    const std::size_t end = text.find('}', i);
    if (end == std::string::npos) return fmt::format("'{}' has a '{{' without a '}}'", text);
    const std::string key = text.substr(i + 1, end - i - 1);
    if (key == "folder" || key == "name" || key == "stem") continue;
    const bool number = !key.empty() && key.size() <= 2 && key.find_first_not_of("0123456789") == std::string::npos;
    if (!number)
      return fmt::format("'{{{}}}' is unknown; expected {{1}}, {{2}}, {{folder}}, {{name}} or {{stem}}", key);
    const std::size_t n = static_cast<std::size_t>(std::stoi(key));
    if (n < 1 || n > wildcards)
      return fmt::format("'{{{}}}' is asked for, the pattern has {} wildcards", key, wildcards);
  }
  return "";
}

constexpr const char* kHeader = "kind,pattern,group,label";
constexpr const char* kHeaderWithSplit = "kind,pattern,group,label,split";

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text, std::vector<std::string>* captures) {
  const Matcher matcher(pattern, text);
  if (!matcher.fits(0, 0)) return false;
  if (captures == nullptr) return true;
  captures->clear();
  std::size_t t = 0;
  for (std::size_t p = 0; p < pattern.size();) {
    const Wildcard wild = wildcard_at(pattern, p);
    if (wild.length == 0) {
      ++p, ++t;
      continue;
    }
    const std::size_t start = t;
    if (wild.single) {
      t += utf8_length(text, t);
    } else {
      while (!matcher.fits(p + wild.length, t)) ++t;
    }
    captures->emplace_back(text.substr(start, t - start));
    p += wild.length;
  }
  return true;
}

GroupRules GroupRules::load(const std::filesystem::path& csv) {
  std::error_code error;
  if (std::filesystem::is_directory(csv, error) || ::access(csv.c_str(), R_OK) != 0) {
    throw Error(ExitCode::kInput, "--groups {}: cannot be read, expected a CSV file with the header {}", csv.string(),
                kHeader);
  }
  return parse(read_file(csv, ExitCode::kInput), csv.string());
}

GroupRules GroupRules::parse(std::string_view csv, const std::string& name) {
  GroupRules result;
  csv = without_byte_order_mark(csv);
  bool header_seen = false;
  std::size_t columns = 4;
  int number = 0;
  while (!csv.empty()) {
    ++number;
    const std::size_t end = csv.find('\n');
    std::string_view line = csv.substr(0, end);
    csv.remove_prefix(end == std::string_view::npos ? csv.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos || line.starts_with('#')) continue;
    const auto fail = [&](const std::string& what) {
      throw Error(ExitCode::kUsage, "--groups {}, line {}: {}", name, number, what);
    };
    if (!is_utf8(line)) fail("found bytes that are no UTF-8, expected a table in UTF-8; save it so");
    if (!header_seen) {
      if (line != kHeader && line != kHeaderWithSplit)
        fail(fmt::format("found the header '{}', expected '{}' or '{}'", line, kHeader, kHeaderWithSplit));
      header_seen = true;
      columns = line == kHeader ? 4 : 5;
      continue;
    }
    const std::vector<std::string> fields = csv_fields(line);
    if (fields.size() != columns)
      fail(fmt::format("found {} fields, expected {} ({})", fields.size(), columns,
                       columns == 4 ? kHeader : kHeaderWithSplit));
    GroupRule rule{std::nullopt, fields[1], fields[2], fields[3], std::nullopt};
    if (columns == 5 && !fields[4].empty()) {
      rule.split = split_from_string(fields[4]);
      if (!rule.split) fail(fmt::format("found the split '{}', expected train, valid, test or nothing", fields[4]));
    }
    if (!fields[0].empty()) {
      rule.kind = kind_from_string(fields[0]);
      if (!rule.kind) fail(fmt::format("found the kind '{}', expected speech, noise, rir or nothing", fields[0]));
    }
    if (rule.pattern.empty() || rule.group.empty()) fail("the pattern or the group is empty, expected a text");
    std::size_t wildcards = 0;
    for (std::size_t p = 0; p < rule.pattern.size();) {
      const Wildcard wild = wildcard_at(rule.pattern, p);
      wildcards += wild.length > 0 ? 1 : 0;
      p += wild.length > 0 ? wild.length : 1;
    }
    for (const std::string* text : {&rule.group, &rule.label}) {
      if (const std::string fault = template_fault(*text, wildcards); !fault.empty()) fail(fault);
    }
    result.rules_.push_back(std::move(rule));
  }
  if (!header_seen) throw Error(ExitCode::kUsage, "--groups {}: found no line, expected the header {}", name, kHeader);
  return result;
}

GroupAndLabel GroupRules::find(Kind kind, const std::string& name, const std::string& folder) const {
  std::vector<std::string> captures;
  for (const GroupRule& rule : rules_) {
    if (rule.kind && *rule.kind != kind) continue;
    if (!glob_match(rule.pattern, name, &captures)) continue;
    return {fill_in(rule.group, name, captures), fill_in(rule.label, name, captures), rule.split};
  }
  const std::size_t slash = name.rfind('/');
  if (slash == std::string::npos) return {folder, ""};
  return {name.substr(0, slash), name.substr(0, name.find('/'))};
}

}  // namespace pellucid::corpus
