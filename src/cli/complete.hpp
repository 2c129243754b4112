// What may come next on the command line, for the shells: completions/ asks by `pellucid complete -- WORD...`. It is
// read from the options themselves, so that it always is what this program takes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace pellucid::cli {

/// `words` are those behind `pellucid`, the last one being typed (may be empty). Prints to standard output a line a
/// candidate, `WORD` or `WORD<tab>DESCRIPTION`, then one of `:files`, `:folders` (the shell adds those of the disk) and
/// `:none`. A word of the form `--option=VALUE` is completed whole. What a value may be is told by its type's name:
/// `{one,two}` those words, MODEL a model's name or file, FILE, DIR; anything else is not completed.
void complete(const CLI::App& app, std::vector<std::string> words);

}  // namespace pellucid::cli
