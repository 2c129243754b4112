// What the exporter writes is valid ONNX: the format's own checker and its shape inference take it.
#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include <set>

#include "../nn/owned_network.hpp"
#include "../nn/random_model.hpp"
#include "onnx/network_graph.hpp"

namespace pellucid::onnx {
namespace {

::onnx::ModelProto exported(const nn::Architecture& architecture, std::uint64_t seed, const Metadata& metadata = {}) {
  const std::vector<std::uint8_t> bytes = nn::test::make_random_model(architecture, seed);
  nn::ModelFile file;
  EXPECT_EQ(file.parse(bytes.data(), bytes.size()).status, nn::ModelStatus::kOk);
  ::onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(network_to_onnx(file, "1.2.3", metadata)));
  return model;
}

Shape shape_of(const ::onnx::ValueInfoProto& value) {
  Shape shape;
  for (const auto& dimension : value.type().tensor_type().shape().dim()) shape.push_back(dimension.dim_value());
  return shape;
}

// The checker, then strict shape inference on a copy without the declared shapes of the outputs: they have to follow.
void expect_valid(const ::onnx::ModelProto& model) {
  ASSERT_NO_THROW(::onnx::checker::check_model(model));
  ::onnx::ModelProto open = model;
  for (auto& output : *open.mutable_graph()->mutable_output()) {
    output.mutable_type()->mutable_tensor_type()->clear_shape();
  }
  const ::onnx::ShapeInferenceOptions strict(true, 1, true);
  ASSERT_NO_THROW(::onnx::shape_inference::InferShapes(open, ::onnx::OpSchemaRegistry::Instance(), strict));
  for (int i = 0; i < model.graph().output_size(); ++i) {
    EXPECT_EQ(shape_of(open.graph().output(i)), shape_of(model.graph().output(i))) << model.graph().output(i).name();
  }
}

TEST(Checker, TakesEveryMixer) {
  for (const nn::Architecture& a : nn::test::every_combination()) {
    SCOPED_TRACE(nn::test::combination_name(a));
    expect_valid(exported(a, 1));
  }
}

TEST(Checker, TakesRandomArchitectures) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    expect_valid(exported(nn::test::any_architecture(seed), seed));
  }
}

TEST(Checker, SaysWhatTheModelIs) {
  const ::onnx::ModelProto model = exported(nn::test::small_architecture(), 1,
                                            {{"name", "own"}, {"licence", "MIT"}, {"source_checksum", "crc32:1"}});
  ASSERT_EQ(model.opset_import_size(), 1);
  EXPECT_EQ(model.opset_import(0).domain(), "");
  EXPECT_EQ(model.opset_import(0).version(), 13);
  EXPECT_EQ(model.producer_name(), "pellucid");
  EXPECT_EQ(model.producer_version(), "1.2.3");
  std::map<std::string, std::string> found;
  for (const auto& entry : model.metadata_props()) found[entry.key()] = entry.value();
  const std::map<std::string, std::string> expected = {
      {"name", "own"},           {"licence", "MIT"},     {"source_checksum", "crc32:1"}, {"sample_rate_hz", "16000"},
      {"window_samples", "512"}, {"hop_samples", "256"}, {"compression", "0.3"}};
  EXPECT_EQ(found, expected);
}

TEST(Checker, EveryStateHasItsWayBack) {
  for (const auto time : {nn::TimeMixer::kGru, nn::TimeMixer::kConv, nn::TimeMixer::kAttention}) {
    const nn::Architecture a = nn::test::small_architecture(time);
    const ::onnx::ModelProto model = exported(a, 1);
    std::map<std::string, Shape> outputs;
    for (const auto& output : model.graph().output()) outputs[output.name()] = shape_of(output);
    ASSERT_EQ(model.graph().input(0).name(), "spectrum");
    EXPECT_EQ(shape_of(model.graph().input(0)), (Shape{1, a.bins() + 1, 2}));
    EXPECT_EQ(outputs["cleaned"], (Shape{1, a.bins() + 1, 2}));
    std::uint64_t floats = 0;
    for (int i = 1; i < model.graph().input_size(); ++i) {
      const auto& input = model.graph().input(i);
      EXPECT_EQ(input.name().rfind("state.", 0), 0u) << input.name();
      EXPECT_EQ(outputs["new_" + input.name()], shape_of(input)) << input.name();
      std::uint64_t count = 1;
      for (const std::int64_t size : shape_of(input)) count *= size;
      floats += count;
    }
    EXPECT_EQ(model.graph().input_size(), model.graph().output_size());
    EXPECT_EQ(floats, nn::state_floats(a));
  }
}

}  // namespace
}  // namespace pellucid::onnx
