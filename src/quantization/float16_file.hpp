// A float model with its weights in float16: half the bytes, computed in float32 as before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace pellucid::quantization {

/// The nearest IEEE 754 binary16 number, of two as near the even one. Infinite from 65520 on.
std::uint16_t half_of(float value);

/// `bytes`, a float model file that can be read, with every tensor of numbers in float16. Throws Error(kModel) where a
/// number is beyond float16; `where` names the file in the sentence.
std::string encode_float16(std::span<const std::byte> bytes, const std::string& where);

}  // namespace pellucid::quantization
