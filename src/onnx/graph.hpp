// Builds an ONNX graph (onnx/onnx.proto, IR version 7) node by node and gives the file's bytes.
//
//   Graph graph("small");
//   graph.input("x", {1, 4}, "four numbers");
//   graph.constant("half", {1}, {0.5f});
//   graph.node("Mul", {"x", "half"}, "y");
//   graph.output("y", {1, 4}, "their halves");
//   std::string bytes = graph.model({.producer_version = "0.1.0", .metadata = {{"name", "small"}}});
//
// Names are the caller's: each is given once, and a node's inputs are given before it. All tensors are float32, but
// those of `integers`, which are int64.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "onnx/protobuf.hpp"

namespace pellucid::onnx {

/// The operators are those of this version of ONNX's default domain: ONNX 1.8, what every runtime of today reads.
inline constexpr std::int64_t kOpset = 13;

using Shape = std::vector<std::int64_t>;
using Metadata = std::vector<std::pair<std::string, std::string>>;

struct Attribute {
  const char* name;
  std::variant<std::int64_t, Shape, std::string> value;
};

struct ModelDescription {
  std::string producer_version;
  std::string doc;
  Metadata metadata;  ///< keys once each
};

class Graph {
 public:
  explicit Graph(std::string name) : name_(std::move(name)) {}

  void input(const std::string& name, const Shape& shape, const std::string& doc);
  void output(const std::string& name, const Shape& shape, const std::string& doc);
  /// Each returns the name it was given, so that calls can stand where a name is meant.
  std::string constant(const std::string& name, const Shape& shape, const std::vector<float>& values);
  std::string integers(const std::string& name, const Shape& values);
  std::string node(const char* op, const std::vector<std::string>& inputs, const std::string& output,
                   const std::vector<Attribute>& attributes = {});
  /// A node with several outputs; an empty name is an output that nobody wants.
  void node_of(const char* op, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
               const std::vector<Attribute>& attributes = {});

  std::string model(const ModelDescription& description) const;

 private:
  std::string name_;
  ProtoWriter nodes_, constants_, inputs_, outputs_;
};

}  // namespace pellucid::onnx
