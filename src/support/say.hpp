// Lines for a person on stderr. Where nobody can read them (a full disk, a reader that has gone) they are lost, and the
// work goes on; fmt::print would throw, even out of a destructor.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace pellucid {

template <typename... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  std::fputs(fmt::format(format, std::forward<Args>(args)...).c_str(), stderr);
}

}  // namespace pellucid
