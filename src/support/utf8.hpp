// Text of file names and tables, which may be in any encoding.
#pragma once

#include <string>
#include <string_view>

namespace pellucid {

/// How many bytes the character at `at` takes, 1 to 4; 0 where the bytes there are no UTF-8, or at the text's end.
std::size_t utf8_length(std::string_view text, std::size_t at);

bool is_utf8(std::string_view text);

/// The text with every byte that is not UTF-8 replaced by U+FFFD, the replacement character.
std::string valid_utf8(std::string_view text);

/// The text without the byte order mark that Excel and others put before UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace pellucid
