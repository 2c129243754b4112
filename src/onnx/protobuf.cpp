#include "onnx/protobuf.hpp"

namespace pellucid::onnx {
namespace {

enum WireType : std::uint32_t { kVarint = 0, kLengthDelimited = 2 };

}  // namespace

void ProtoWriter::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
  bytes_.push_back(static_cast<char>(value));
}

void ProtoWriter::integer(std::uint32_t field, std::int64_t value) {
  varint(field << 3 | kVarint);
  varint(static_cast<std::uint64_t>(value));
}

void ProtoWriter::text(std::uint32_t field, std::string_view value) {
  varint(field << 3 | kLengthDelimited);
  varint(value.size());
  bytes_.append(value);
}

}  // namespace pellucid::onnx
