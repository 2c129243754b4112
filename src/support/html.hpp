// Names of others in pages of ours.
#pragma once

#include <string>
#include <string_view>

namespace pellucid {

/// Text for HTML and SVG: & < > " escaped.
inline std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char* entity = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : nullptr;
    if (entity != nullptr) {
      out += entity;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace pellucid
