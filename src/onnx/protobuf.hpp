// Writes protobuf messages in their wire format (protobuf.dev, "Encoding"): as much of it as ONNX files need.
//
//   ProtoWriter dimension;  dimension.integer(1, 257);
//   ProtoWriter shape;      shape.message(1, dimension);
//   std::string bytes = shape.bytes();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pellucid::onnx {

class ProtoWriter {
 public:
  /// An int32, int64 or enum of field number `field`.
  void integer(std::uint32_t field, std::int64_t value);
  /// A string, or bytes.
  void text(std::uint32_t field, std::string_view value);
  void message(std::uint32_t field, const ProtoWriter& value) { text(field, value.bytes_); }

  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value);
  std::string bytes_;
};

}  // namespace pellucid::onnx
