#include "training/recipe.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <sstream>
#include <type_traits>
#include <variant>

#include "support/error.hpp"
#include "support/nearest.hpp"
#include "support/progress.hpp"
#include "support/read_file.hpp"
#include "support/utf8.hpp"

namespace pellucid::training {
namespace {

// One of several names, of an architecture.
struct Choice {
  const nn::ChoiceField* field;
  Architecture* model;
  std::string expected() const {
    std::string names;
    for (std::uint32_t i = 0; field->names[i] != nullptr; ++i) {
      const char* comma = i == 0 ? "" : field->names[i + 1] != nullptr ? ", " : " or ";
      names += fmt::format("{}'{}'", comma, field->names[i]);
    }
    return names;
  }
  bool take(const std::string& name) const {
    std::uint32_t i = 0;
    while (field->names[i] != nullptr && name != field->names[i]) ++i;
    if (field->names[i] != nullptr) field->set(*model, i);
    return field->names[i] != nullptr;
  }
};

using Field = std::variant<int*, std::uint32_t*, double*, std::string*, Choice>;
struct Entry {
  std::string key;
  Field field;
  bool resumable = false;  // may change when a training resumes
};

std::vector<Entry> entries(Recipe& r) {
  auto& m = r.model;
  auto& x = r.mix;
  auto& l = r.loss;
  auto& d = r.distill;
  auto& t = r.train;
  std::vector<Entry> all{{"name", &r.name, true}};
  for (std::uint32_t i = 0; const nn::NumberField* number = nn::number_field(i); ++i)
    all.push_back({fmt::format("model.{}", number->key), &(m.*number->value)});
  all.push_back({"model.compression", &m.compression});
  for (std::uint32_t i = 0; const nn::ChoiceField* choice = nn::choice_field(i); ++i)
    all.push_back({fmt::format("model.{}", choice->key), Choice{choice, &m}});
  const std::initializer_list<Entry> others = {{"mix.snr_min_db", &x.snr_min_db},
                                               {"mix.snr_max_db", &x.snr_max_db},
                                               {"mix.high_snr_probability", &x.high_snr_probability},
                                               {"mix.clean_probability", &x.clean_probability},
                                               {"mix.silence_probability", &x.silence_probability},
                                               {"mix.level_min_dbfs", &x.level_min_dbfs},
                                               {"mix.level_max_dbfs", &x.level_max_dbfs},
                                               {"mix.second_noise_probability", &x.second_noise_probability},
                                               {"mix.synthetic_probability", &x.synthetic_probability},
                                               {"mix.babble_probability", &x.babble_probability},
                                               {"mix.transient_probability", &x.transient_probability},
                                               {"mix.gain_ramp_probability", &x.gain_ramp_probability},
                                               {"mix.equalizer_probability", &x.equalizer_probability},
                                               {"mix.room_probability", &x.room_probability},
                                               {"mix.early_reflections_ms", &x.early_reflections_ms},
                                               {"mix.lowpass_probability", &x.lowpass_probability},
                                               {"mix.resampler_probability", &x.resampler_probability},
                                               {"mix.clip_probability", &x.clip_probability},
                                               {"mix.quantize_probability", &x.quantize_probability},
                                               {"mix.speed_probability", &x.speed_probability},
                                               {"mix.babble_room_probability", &x.babble_room_probability},
                                               {"loss.magnitude", &l.magnitude},
                                               {"loss.complex", &l.complex},
                                               {"loss.consistency", &l.consistency},
                                               {"loss.waveform", &l.waveform},
                                               {"loss.over_suppression", &l.over_suppression},
                                               {"loss.erb", &l.erb},
                                               {"loss.level", &l.level},
                                               {"loss.stoi", &l.stoi},
                                               {"loss.pesq", &l.pesq},
                                               {"distill.teacher", &d.teacher, true},
                                               {"distill.output_weight", &d.output_weight},
                                               {"distill.feature_weight", &d.feature_weight},
                                               {"distill.alone", &d.alone},
                                               {"train.corpus", &t.corpus, true},
                                               {"train.output", &t.output, true},
                                               {"train.start", &t.start, true},
                                               {"train.device", &t.device, true},
                                               {"train.seed", &t.seed},
                                               {"train.steps", &t.steps, true},
                                               {"train.batch", &t.batch},
                                               {"train.chunk_s", &t.chunk_s},
                                               {"train.replicas", &t.replicas},
                                               {"train.loader_workers", &t.loader_workers, true},
                                               {"train.mixing", &t.mixing, true},
                                               {"train.optimizer", &t.optimizer},
                                               {"train.learning_rate", &t.learning_rate},
                                               {"train.warmup_steps", &t.warmup_steps},
                                               {"train.decay", &t.decay, true},
                                               {"train.final_rate", &t.final_rate, true},
                                               {"train.weight_decay", &t.weight_decay},
                                               {"train.clip_norm", &t.clip_norm},
                                               {"train.average", &t.average},
                                               {"train.fixed_statistics", &t.fixed_statistics, true},
                                               {"train.precision", &t.precision, true},
                                               {"train.weight_bits", &t.weight_bits},
                                               {"train.validate_every", &t.validate_every, true},
                                               {"train.checkpoint_every", &t.checkpoint_every, true},
                                               {"train.valid_pairs", &t.valid_pairs, true}};
  all.insert(all.end(), others);
  return all;
}

void assign(const std::string& where, const Entry& e, const toml::node& value) {
  const auto wrong = [&](const std::string& expected) {
    std::ostringstream found;
    found << toml::node_view<const toml::node>(value);
    return Error(ExitCode::kRecipe, "{}: key '{}': found {}, expected {}", where, e.key, found.str(), expected);
  };
  if (auto* const* i = std::get_if<int*>(&e.field)) {
    const auto v = value.value_exact<std::int64_t>();
    if (!v || *v < INT32_MIN || *v > INT32_MAX) throw wrong("a whole number");
    **i = static_cast<int>(*v);
  } else if (auto* const* u = std::get_if<std::uint32_t*>(&e.field)) {
    const auto v = value.value_exact<std::int64_t>();
    if (!v || *v < 0 || *v > UINT32_MAX) throw wrong("a whole number of 0 or more");
    **u = static_cast<std::uint32_t>(*v);
  } else if (auto* const* d = std::get_if<double*>(&e.field)) {
    const auto v = value.value<double>();
    if (!v || !value.is_number() || !std::isfinite(*v)) throw wrong("a number");
    **d = *v;
  } else {
    const auto v = value.value_exact<std::string>();
    const auto* choice = std::get_if<Choice>(&e.field);
    if (!v) throw wrong(choice ? choice->expected() : "a string");
    if (!choice)
      *std::get<std::string*>(e.field) = *v;
    else if (!choice->take(*v))
      throw wrong(choice->expected());
  }
}

void apply(const std::string& where, std::vector<Entry>& known, const toml::table& table, const std::string& prefix) {
  for (const auto& [k, node] : table) {
    const std::string key = prefix + std::string(k.str());
    if (node.is_table()) {
      apply(where, known, *node.as_table(), key + ".");
      continue;
    }
    std::vector<std::string> names;
    const Entry* found = nullptr;
    for (const auto& e : known) {
      names.push_back(e.key);
      if (e.key == key) found = &e;
    }
    if (!found) throw Error(ExitCode::kRecipe, "{}: unknown key '{}'; {}", where, key, did_you_mean(key, names));
    assign(where, *found, node);
  }
}

constexpr std::uintmax_t kMostBytes = 64 << 10;

void expect_size(const std::string& where, std::uintmax_t bytes) {
  if (bytes > kMostBytes)
    throw Error(ExitCode::kRecipe, "{}: found {} bytes, expected a recipe of at most {}; see recipes/", where, bytes,
                kMostBytes);
}

// A recipe may be a stranger's. The parser bounds nested values, not nested tables, and leaves those by recursion: a
// key of many parts would end the program.
void bound(const std::string& where, const std::string& text) {
  constexpr std::ptrdiff_t kMostParts = 100;
  expect_size(where, text.size());
  std::istringstream in(text);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (std::count(line.begin(), line.end(), '.') > kMostParts)
      throw Error(ExitCode::kRecipe, "{}: line {}: found more than {} dots, expected key = value; see recipes/", where,
                  number, kMostParts);
  }
}

std::string read(const std::filesystem::path& path) {
  expect_size(path.string(), std::filesystem::file_size(path));
  std::string text = read_file(path, ExitCode::kRecipe);
  bound(path.string(), text);
  return text;
}

toml::table parse(const std::string& where, std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& e) {
    throw Error(ExitCode::kRecipe, "{}: line {}: {}", where, e.source().begin.line, std::string(e.description()));
  }
}

// "train.steps=5" as a table; a value that is no TOML is taken as a string.
toml::table parse_setting(const std::string& setting) {
  const std::string where = "--set " + setting;
  const std::size_t eq = setting.find('=');
  if (eq == std::string::npos || eq == 0)
    throw Error(ExitCode::kRecipe, "{}: expected key=value, for example --set train.steps=1000", where);
  const std::string key = setting.substr(0, eq), value = setting.substr(eq + 1);
  try {
    return toml::parse(key + " = " + value);
  } catch (const toml::parse_error&) {
    return parse(where, Recipe::setting(key, value));
  }
}

// The keys of a table and of those in it, as "train.steps".
void list_keys(const toml::table& table, const std::string& prefix, std::vector<std::string>* keys) {
  for (const auto& [k, node] : table) {
    const std::string key = prefix + std::string(k.str());
    if (node.is_table())
      list_keys(*node.as_table(), key + ".", keys);
    else
      keys->push_back(key);
  }
}

bool covers(const std::string& fixed, const std::string& key) {
  return fixed.ends_with('.') ? key.starts_with(fixed) : key == fixed;
}

std::string show(const Field& field) {
  if (auto* const* i = std::get_if<int*>(&field)) return fmt::format("{}", **i);
  if (auto* const* u = std::get_if<std::uint32_t*>(&field)) return fmt::format("{}", **u);
  if (auto* const* d = std::get_if<double*>(&field)) {
    const std::string text = fmt::format("{}", **d);  // the shortest that reads back the same
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
  }
  const auto* choice = std::get_if<Choice>(&field);
  std::ostringstream out;
  out << toml::value<std::string>(choice ? choice->field->name(*choice->model) : *std::get<std::string*>(field));
  return out.str();
}

}  // namespace

Recipe Recipe::load(const std::filesystem::path& path, const std::vector<std::string>& settings) {
  if (!std::filesystem::is_regular_file(path))
    throw Error(ExitCode::kRecipe, "{}: no such recipe; expected a TOML file, see recipes/", path.string());
  Recipe recipe;
  recipe.name = path.stem().string();
  auto known = entries(recipe);
  training::apply(path.string(), known, training::parse(path.string(), read(path)), "");
  recipe.apply(settings);
  return recipe;
}

Recipe Recipe::parse(const std::string& where, const std::string& text) {
  Recipe recipe;
  recipe.name = "model";
  auto known = entries(recipe);
  bound(where, text);
  training::apply(where, known, training::parse(where, text), "");
  recipe.check();
  return recipe;
}

void Recipe::apply(const std::vector<std::string>& settings, const std::vector<std::string>& fixed) {
  auto known = entries(*this);
  for (const auto& setting : settings) {
    const toml::table table = parse_setting(setting);
    std::vector<std::string> keys;
    list_keys(table, "", &keys);
    for (const std::string& key : keys)
      if (std::ranges::any_of(fixed, [&](const std::string& f) { return covers(f, key); }))
        throw Error(ExitCode::kRecipe, "--set {}: found '{}', which this command sets itself; leave it out", setting,
                    key);
    training::apply("--set " + setting, known, table, "");
  }
  check();
}

std::string Recipe::setting(const std::string& key, const std::string& text) {
  std::ostringstream quoted;
  quoted << toml::value<std::string>(text);
  return key + "=" + quoted.str();
}

void Recipe::check() const {
  training::check(model);
  Recipe copy = *this;
  const auto expect = [&](const char* key, double value, double low, double high) {
    if (!(value >= low && value <= high))
      throw Error(ExitCode::kRecipe, "{}: found {}, expected {} to {}", key, value, low, high);
  };
  // The model's file is named by it: it must not lead out of the output folder.
  const bool has_control =
      std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 32; });
  if (name.empty() || name.size() > 200 || name[0] == '.' || name.find('/') != std::string::npos || has_control ||
      !is_utf8(name))
    throw Error(ExitCode::kRecipe, "name: found {}, expected a plain file name in UTF-8 without '/' and a leading '.'",
                json_string(valid_utf8(name)));
  if (name == "start")
    throw Error(ExitCode::kRecipe, "name: found 'start', which the copy of train.start is called; take another");
  for (const auto& e : entries(copy)) {
    if (e.key.ends_with("_probability")) expect(e.key.c_str(), *std::get<double*>(e.field), 0, 1);
    if (e.key.starts_with("loss.")) expect(e.key.c_str(), *std::get<double*>(e.field), 0, 3.4e38);
  }
  // Powers of how loud a band or clip is, not weights.
  expect("loss.erb", loss.erb, 0, 10);
  expect("loss.level", loss.level, 0, 10);
  expect("mix.snr_min_db", mix.snr_min_db, -100, 100);
  expect("mix.snr_max_db", mix.snr_max_db, mix.snr_min_db, 100);
  expect("mix.level_min_dbfs", mix.level_min_dbfs, -90, 0);
  expect("mix.level_max_dbfs", mix.level_max_dbfs, mix.level_min_dbfs, 0);
  expect("mix.early_reflections_ms", mix.early_reflections_ms, 0, 2000);
  expect("distill.output_weight", distill.output_weight, 0, 1000);
  expect("distill.feature_weight", distill.feature_weight, 0, 1000);
  expect("distill.alone", distill.alone, 0, 1);
  if (!distill.teacher.empty() && distill.output_weight + distill.feature_weight <= 0)
    throw Error(ExitCode::kRecipe,
                "distill.output_weight: found 0, and distill.feature_weight, too; a teacher needs one above 0");
  if (train.weight_bits != 0 && train.weight_bits != 8)
    throw Error(ExitCode::kRecipe, "train.weight_bits: found {}, expected 0 or 8", train.weight_bits);
  expect("train.steps", train.steps, 1, 1e9);
  expect("train.batch", train.batch, 1, 4096);
  // Less than two windows leave the loss nothing that is whole.
  expect("train.chunk_s", train.chunk_s, std::max(0.25, 2.0 * model.window_samples / model.sample_rate_hz), 60);
  expect("train.replicas", train.replicas, 1, 256);
  expect("train.loader_workers", train.loader_workers, 1, 256);
  expect("train.learning_rate", train.learning_rate, 1e-8, 1);
  expect("train.warmup_steps", train.warmup_steps, 0, 1e9);
  expect("train.decay", train.decay, 0, 1);
  expect("train.final_rate", train.final_rate, 0, 1);
  expect("train.weight_decay", train.weight_decay, 0, 10);
  expect("train.clip_norm", train.clip_norm, 1e-6, 1e6);
  expect("train.average", train.average, 0, 0.999999);
  expect("train.fixed_statistics", train.fixed_statistics, 0, 1);
  expect("train.validate_every", train.validate_every, 1, 1e9);
  expect("train.checkpoint_every", train.checkpoint_every, 1, 1e9);
  expect("train.valid_pairs", train.valid_pairs, 1, 100000);
  if (train.device != "cpu" && train.device != "cuda")
    throw Error(ExitCode::kRecipe, "train.device: found '{}', expected 'cpu' or 'cuda'", train.device);
  if (train.mixing != "loader" && train.mixing != "device")
    throw Error(ExitCode::kRecipe, "train.mixing: found '{}', expected 'loader' or 'device'", train.mixing);
  if (train.optimizer != "adamw" && train.optimizer != "muon")
    throw Error(ExitCode::kRecipe, "train.optimizer: found '{}', expected 'adamw' or 'muon'", train.optimizer);
  if (train.precision != "float32" && train.precision != "bfloat16")
    throw Error(ExitCode::kRecipe, "train.precision: found '{}', expected 'float32' or 'bfloat16'", train.precision);
  if (train.precision == "bfloat16" && train.device != "cpu")
    throw Error(
        ExitCode::kRecipe,
        "train.precision: found 'bfloat16' on the device '{}', expected 'float32'; pairs of bfloat16 are the CPU's",
        train.device);
}

std::string Recipe::to_toml() const {
  Recipe copy = *this;
  std::string out, section;
  for (const auto& e : entries(copy)) {
    const std::size_t dot = e.key.find('.');
    const std::string s = dot == std::string::npos ? "" : e.key.substr(0, dot);
    if (s != section) out += "\n[" + (section = s) + "]\n";
    out += (dot == std::string::npos ? e.key : e.key.substr(dot + 1)) + " = " + show(e.field) + "\n";
  }
  return out;
}

std::string Recipe::fingerprint() const {
  Recipe copy = *this;
  std::string out;
  for (const auto& e : entries(copy))
    if (!e.resumable) out += e.key + "=" + show(e.field) + ";";
  return out;
}

}  // namespace pellucid::training
