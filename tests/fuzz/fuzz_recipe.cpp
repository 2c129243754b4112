#include <cmath>
#include <sstream>
#include <string>

#include "support/error.hpp"
#include "targets.hpp"
#include "training/memory.hpp"
#include "training/recipe.hpp"

namespace pellucid::fuzz {
namespace {

// What was let through can be written, read back and counted.
void expect_whole(const training::Recipe& recipe) {
  const std::string text = recipe.to_toml();
  const training::Recipe again = training::Recipe::parse("again", text);
  PELLUCID_PROMISE(again.to_toml() == text && again.fingerprint() == recipe.fingerprint());
  const double bytes = training::least_memory_bytes(recipe);
  PELLUCID_PROMISE(std::isfinite(bytes) && bytes > 0);
}

}  // namespace

void recipe(const uint8_t* bytes, size_t size) {
  if (size == 0) return;
  const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  try {
    if (bytes[0] % 2 == 0) {
      expect_whole(training::Recipe::parse("fuzz.toml", text));
      return;
    }
    training::Recipe recipe = training::Recipe::parse("fuzz.toml", "");
    std::istringstream lines(text);
    std::vector<std::string> settings;
    for (std::string line; std::getline(lines, line);) settings.push_back(line);
    recipe.apply(settings);
    expect_whole(recipe);
  } catch (const Error& error) {
    PELLUCID_PROMISE(error.code() == ExitCode::kRecipe && error.what()[0] != '\0');
  }
}

}  // namespace pellucid::fuzz
