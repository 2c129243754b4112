#include "training/stored_model.hpp"

#include <nlohmann/json.hpp>

#include "nn/model_file.hpp"
#include "support/error.hpp"
#include "support/model_files.hpp"

namespace pellucid::training {
namespace {

// A string of the metadata with its JSON escapes undone.
std::string text_of(const nn::ModelFile& file, const char* key) {
  const nn::Text text = file.metadata(key);
  const auto value = nlohmann::json::parse(fmt::format("\"{}\"", std::string(text.data, text.size)), nullptr, false);
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace

StoredModel read_stored_model(const std::filesystem::path& path) {
  std::vector<std::byte> bytes;
  if (const auto wrong = read_model_file(path, bytes))
    throw Error(ExitCode::kModel, "{}: {}; expected a model file", path.string(), *wrong);
  nn::ModelFile file;
  const nn::ModelError error = file.parse(bytes.data(), bytes.size());
  if (error.status != nn::ModelStatus::kOk)
    throw Error(ExitCode::kModel, "{}: not a model that can be used: {}; get the file again or name another model",
                path.string(), error.detail);
  if (file.arithmetic() != nn::Arithmetic::kFloat32)
    throw Error(ExitCode::kModel, "{}: is an int8 model, which cannot be trained; name the float model it was made of",
                path.string());
  StoredModel model{bytes, text_of(file, "name"), text_of(file, "training"), file.architecture(), {}};
  model.sparse = file.sparse();
  model.parameters = nn::parameter_count(file);
  model.multiply_adds = nn::multiply_adds_per_frame(file);
  nn::TensorSpec spec;
  for (std::uint32_t i = 0; nn::tensor_spec(model.architecture, i, &spec); ++i) {
    const torch::Tensor t = torch::empty(std::vector<std::int64_t>(spec.shape, spec.shape + spec.rank));
    file.read(i, t.data_ptr<float>());
    model.tensors.emplace_back(spec.name, t);
  }
  return model;
}

std::shared_ptr<Network> make_network(const StoredModel& model) {
  auto network = std::make_shared<Network>(model.architecture);
  network->load(model.tensors);
  network->eval();
  return network;
}

}  // namespace pellucid::training
