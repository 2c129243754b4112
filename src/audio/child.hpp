// The programs ffmpeg and ffprobe as processes of their own: arguments as a vector, without a shell.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace pellucid::audio {

/// A file in memory for what a program says, which can be told of a full disk; -1 where there is none.
int make_said();
/// What stands in it.
std::string said_text(int said);

/// The process, -1 where there is no such program. `third` becomes its descriptor 3 where it is one.
pid_t start_program(const std::vector<std::string>& words, int input, int output, int error, int third = -1);

/// How it ended, as a shell tells it.
int wait_for_program(pid_t process);

}  // namespace pellucid::audio
