#include "cli/complete.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/models.hpp"

namespace pellucid::cli {
namespace {

bool is_positional(const CLI::Option& option) { return option.get_lnames().empty() && option.get_snames().empty(); }

bool takes_value(const CLI::Option& option) { return option.get_type_size() != 0 && option.get_expected_max() != 0; }

bool is_hidden(const CLI::App& command) { return command.get_group().empty(); }

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// Writes what fits behind what is typed.
class Candidates {
 public:
  explicit Candidates(std::string_view typed) : typed_(typed) {}

  void offer(const std::string& word, const std::string& description = "") const {
    if (!word.starts_with(typed_)) return;
    fmt::print("{}{}{}{}\n", before_, word, description.empty() ? "" : "\t", first_line(description));
  }

  // A value: what help shows for it says what it may be.
  void offer_values(const CLI::Option& option) const {
    const std::string type = option.get_type_name();
    const std::size_t open = type.find('{');
    if (open != std::string::npos) {  // {one,two}
      const std::string list = type.substr(open + 1, type.find('}', open) - open - 1);
      for (const std::string& choice : CLI::detail::split(list, ',')) offer(choice);
    }
    if (type.find("MODEL") != std::string::npos) {
      for (const std::string& name : model_names()) offer(name, "a shipped model");
    }
    const bool files = type.find("FILE") != std::string::npos || type.find("MODEL") != std::string::npos;
    const bool folders = type.find("DIR") != std::string::npos;
    fmt::print("{}\n", files ? ":files" : folders ? ":folders" : ":none");
  }

  // `--option=` is typed already, and belongs to the word.
  void behind(std::string_view option) {
    before_ = std::string(option) + '=';
    typed_.remove_prefix(before_.size());
  }

 private:
  std::string_view typed_;
  std::string before_;
};

// What the words before the one that is being typed say about it.
struct Place {
  const CLI::Option* option = nullptr;  // whose value it may be
  int values_left = 0;
  int positionals = 0;
  bool options_ended = false;
  std::set<const CLI::Option*> seen;
};

const CLI::Option* option_named(const CLI::App& command, const std::string& word) {
  return command.get_option_no_throw(word.substr(0, word.find('=')));
}

Place read(const CLI::App& command, const std::vector<std::string>& words) {
  Place place;
  for (const std::string& word : words) {
    if (word == "=") continue;  // bash makes three words of --option=value
    if (!place.options_ended && word == "--") {
      place.options_ended = true;
      place.values_left = 0;
    } else if (!place.options_ended && word.size() > 1 && word[0] == '-') {
      place.option = option_named(command, word);
      place.values_left = 0;
      if (place.option == nullptr) continue;
      place.seen.insert(place.option);
      if (!takes_value(*place.option) || word.find('=') != std::string::npos) continue;
      place.values_left = place.option->get_allow_extra_args() ? place.option->get_items_expected_max() : 1;
    } else if (place.values_left > 0) {
      --place.values_left;
    } else {
      ++place.positionals;
    }
  }
  return place;
}

const CLI::Option* positional_at(const CLI::App& command, int index) {
  for (const CLI::Option* option : command.get_options()) {
    if (!is_positional(*option)) continue;
    if (index < option->get_items_expected_max()) return option;
    index -= option->get_items_expected_max();
  }
  return nullptr;
}

void complete_options(const CLI::App& command, const Place& place, const Candidates& candidates) {
  for (const CLI::Option* option : command.get_options()) {
    if (is_positional(*option) || (place.seen.count(option) > 0 && option->get_items_expected_max() < 2)) continue;
    for (const std::string& name : option->get_lnames()) candidates.offer("--" + name, option->get_description());
  }
  fmt::print(":none\n");
}

void complete_in(const CLI::App& command, const std::vector<std::string>& before, const std::string& typed) {
  const Place place = read(command, before);
  Candidates candidates(typed);
  if (!place.options_ended && typed.starts_with("-") && typed != "-") {
    const std::size_t equals = typed.find('=');
    const CLI::Option* option = equals == std::string::npos ? nullptr : option_named(command, typed);
    if (option == nullptr) return complete_options(command, place, candidates);
    candidates.behind(std::string_view(typed).substr(0, equals));
    return candidates.offer_values(*option);
  }
  const CLI::Option* option = place.values_left > 0 ? place.option : positional_at(command, place.positionals);
  if (option == nullptr &&
      command.get_options().size() < 2) {  // a program of its own, whose options are not known here
    fmt::print(":files\n");
    return;
  }
  if (typed == "-" || option == nullptr) return complete_options(command, place, candidates);
  candidates.offer_values(*option);
}

}  // namespace

void complete(const CLI::App& app, std::vector<std::string> words) {
  std::string typed = words.empty() ? std::string() : words.back();
  if (!words.empty()) words.pop_back();
  if (typed == "=") typed.clear();
  if (!words.empty()) {
    const auto named = [&](const CLI::App* command) { return command->get_name() == words.front(); };
    for (const CLI::App* command : app.get_subcommands(named)) {
      complete_in(*command, {words.begin() + 1, words.end()}, typed);
    }
    return;
  }
  const Candidates candidates(typed);
  if (typed.starts_with("-")) return complete_options(app, {}, candidates);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App* c) { return !is_hidden(*c); })) {
    candidates.offer(command->get_name(), command->get_description());
  }
  fmt::print(":none\n");
}

}  // namespace pellucid::cli
