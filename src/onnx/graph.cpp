#include "onnx/graph.hpp"

#include <cstring>

namespace pellucid::onnx {
namespace {

// Field numbers and values of onnx/onnx.proto.
constexpr std::int64_t kIrVersion = 7;
enum ModelField {
  kModelIr = 1,
  kProducer = 2,
  kProducerVersion = 3,
  kModelDoc = 6,
  kGraph = 7,
  kOpsets = 8,
  kProps = 14
};
enum GraphField { kNodes = 1, kGraphName = 2, kInitializers = 5, kInputs = 11, kOutputs = 12 };
enum NodeField { kNodeInput = 1, kNodeOutput = 2, kNodeName = 3, kOpType = 4, kAttributes = 5 };
enum AttributeField { kAttributeName = 1, kInt = 3, kString = 4, kInts = 8, kAttributeType = 20 };
enum AttributeType { kTypeInt = 2, kTypeString = 3, kTypeInts = 7 };
enum TensorField { kDims = 1, kDataType = 2, kTensorName = 8, kRawData = 9 };
enum DataType { kFloat = 1, kInt64 = 7 };

template <typename T>
std::string little_endian(const std::vector<T>& values) {
  std::string bytes;
  bytes.reserve(sizeof(T) * values.size());
  for (const T& value : values) {
    std::uint64_t bits = 0;
    if constexpr (sizeof(T) == 4) {
      std::uint32_t word;
      std::memcpy(&word, &value, 4);
      bits = word;
    } else {
      std::memcpy(&bits, &value, 8);
    }
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes.push_back(static_cast<char>(bits >> 8 * i));
  }
  return bytes;
}

template <typename T>
ProtoWriter tensor(const std::string& name, const Shape& shape, const std::vector<T>& values, DataType type) {
  ProtoWriter writer;
  for (const std::int64_t size : shape) writer.integer(kDims, size);
  writer.integer(kDataType, type);
  writer.text(kTensorName, name);
  writer.text(kRawData, little_endian(values));
  return writer;
}

// ValueInfoProto of a float32 tensor.
ProtoWriter value_info(const std::string& name, const Shape& shape, const std::string& doc) {
  ProtoWriter dimensions;
  for (const std::int64_t size : shape) {
    ProtoWriter dimension;
    dimension.integer(1, size);
    dimensions.message(1, dimension);
  }
  ProtoWriter tensor_type, type, writer;
  tensor_type.integer(1, kFloat);
  tensor_type.message(2, dimensions);
  type.message(1, tensor_type);
  writer.text(1, name);
  writer.message(2, type);
  writer.text(3, doc);
  return writer;
}

ProtoWriter attribute(const Attribute& attribute) {
  ProtoWriter writer;
  writer.text(kAttributeName, attribute.name);
  if (const auto* one = std::get_if<std::int64_t>(&attribute.value)) {
    writer.integer(kInt, *one);
    writer.integer(kAttributeType, kTypeInt);
  } else if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    writer.text(kString, *text);
    writer.integer(kAttributeType, kTypeString);
  } else {
    for (const std::int64_t value : std::get<Shape>(attribute.value)) writer.integer(kInts, value);
    writer.integer(kAttributeType, kTypeInts);
  }
  return writer;
}

}  // namespace

void Graph::input(const std::string& name, const Shape& shape, const std::string& doc) {
  inputs_.message(kInputs, value_info(name, shape, doc));
}

void Graph::output(const std::string& name, const Shape& shape, const std::string& doc) {
  outputs_.message(kOutputs, value_info(name, shape, doc));
}

std::string Graph::constant(const std::string& name, const Shape& shape, const std::vector<float>& values) {
  constants_.message(kInitializers, tensor(name, shape, values, kFloat));
  return name;
}

std::string Graph::integers(const std::string& name, const Shape& values) {
  constants_.message(kInitializers, tensor(name, {static_cast<std::int64_t>(values.size())}, values, kInt64));
  return name;
}

std::string Graph::node(const char* op, const std::vector<std::string>& inputs, const std::string& output,
                        const std::vector<Attribute>& attributes) {
  node_of(op, inputs, {output}, attributes);
  return output;
}

void Graph::node_of(const char* op, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                    const std::vector<Attribute>& attributes) {
  ProtoWriter writer;
  for (const std::string& name : inputs) writer.text(kNodeInput, name);
  std::string first;
  for (const std::string& name : outputs) {
    writer.text(kNodeOutput, name);
    if (first.empty()) first = name;
  }
  writer.text(kNodeName, first);
  writer.text(kOpType, op);
  for (const Attribute& each : attributes) writer.message(kAttributes, attribute(each));
  nodes_.message(kNodes, writer);
}

std::string Graph::model(const ModelDescription& description) const {
  ProtoWriter name;
  name.text(kGraphName, name_);
  ProtoWriter opset;
  opset.text(1, "");  // the default domain
  opset.integer(2, kOpset);

  ProtoWriter writer;
  writer.integer(kModelIr, kIrVersion);
  writer.text(kProducer, "pellucid");
  writer.text(kProducerVersion, description.producer_version);
  writer.text(kModelDoc, description.doc);
  // Fields of one message may stand in any order: the graph is its parts one behind the other.
  writer.text(kGraph, nodes_.bytes() + name.bytes() + constants_.bytes() + inputs_.bytes() + outputs_.bytes());
  writer.message(kOpsets, opset);
  for (const auto& [key, value] : description.metadata) {
    ProtoWriter entry;
    entry.text(1, key);
    entry.text(2, value);
    writer.message(kProps, entry);
  }
  return writer.bytes();
}

}  // namespace pellucid::onnx
