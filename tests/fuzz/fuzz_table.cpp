#include <string>

#include "corpus/split_rules.hpp"
#include "support/csv.hpp"
#include "support/error.hpp"
#include "targets.hpp"

namespace pellucid::fuzz {
namespace {

void fields(const std::string& text) {
  const std::string line = text.substr(0, text.find_first_of("\r\n"));
  const std::vector<std::string> read = csv_fields(line);
  PELLUCID_PROMISE(!read.empty());
  std::string written;
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (i > 0) written += ',';
    written += csv_field(read[i]);
  }
  PELLUCID_PROMISE(csv_fields(written) == read);
}

/// A table, and behind its last NUL the path of a recording.
void rules(const std::string& text) {
  const std::size_t end = text.rfind('\0');
  const std::string name = end == std::string::npos ? "folder/name_1.wav" : text.substr(end + 1);
  const corpus::GroupRules table = corpus::GroupRules::parse(text.substr(0, end), "groups.csv");
  for (const corpus::Kind kind : {corpus::Kind::kSpeech, corpus::Kind::kNoise, corpus::Kind::kRir}) {
    table.find(kind, name, "folder");
  }
  for (const corpus::GroupRule& rule : table.rules()) {
    std::vector<std::string> captures;
    const bool fits = corpus::glob_match(rule.pattern, name, &captures);
    PELLUCID_PROMISE(fits == corpus::glob_match(rule.pattern, name));
    std::size_t captured = 0;
    for (const std::string& part : captures) captured += part.size();
    PELLUCID_PROMISE(captured <= name.size());
  }
}

}  // namespace

void table(const uint8_t* bytes, size_t size) {
  if (size == 0) return;
  const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  if (bytes[0] % 2 == 0) {
    fields(text);
    return;
  }
  try {
    rules(text);
  } catch (const Error& error) {
    PELLUCID_PROMISE(error.code() == ExitCode::kUsage && error.what()[0] != '\0');
  }
}

}  // namespace pellucid::fuzz
