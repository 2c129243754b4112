#include "training/provenance.hpp"

#include <nlohmann/json.hpp>

#include "support/parse_json.hpp"

namespace pellucid::training {

Recipe recipe_to_go_on(const std::string& where, const std::string& training, const Architecture& architecture) {
  const auto json = parse_json(training);
  const bool has_recipe = json.is_object() && json.contains("recipe") && json["recipe"].is_string();
  Recipe recipe = Recipe::parse(where + ": its recipe", has_recipe ? json["recipe"].get<std::string>() : "");
  recipe.model = architecture;
  recipe.distill = {};
  TrainOptions& t = recipe.train;
  t.start.clear();
  t.warmup_steps = 100;
  t.average = 0.998;
  t.fixed_statistics = 1;
  return recipe;
}

int seed_of_part(int seed, int part) {
  constexpr std::uint32_t kStep = 1000003;  // far from the seeds that people count up
  return static_cast<int>((static_cast<std::uint32_t>(seed) + kStep * static_cast<std::uint32_t>(part)) & 0x7fffffff);
}

std::string ancestry(const std::string& name, const std::string& training) {
  const auto before = parse_json(training);
  nlohmann::ordered_json told = {{"name", name}};
  for (const char* key : {"step", "hours_of_audio", "cpu_hours", "seed", "start", "averaged"})
    if (before.is_object() && before.contains(key)) told[key] = before[key];
  return told.dump();
}

}  // namespace pellucid::training
