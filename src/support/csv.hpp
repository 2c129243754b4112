// Comma-separated values after RFC 4180, without line breaks inside a field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pellucid {

/// `text` as one field: in quotes where it needs them.
std::string csv_field(std::string_view text);

/// The fields of one line; a carriage return at its end is dropped.
std::vector<std::string> csv_fields(std::string_view line);

}  // namespace pellucid
