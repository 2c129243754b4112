// What every command's help says of how it ends (support/error.hpp).
#pragma once

namespace pellucid::cli {

inline constexpr const char* kExitCodes = R"(Exit codes:
    0  done
    1  a defect in Pellucid itself
    2  an option is unknown, missing or out of range
    3  an input is missing, unreadable, or a folder where a file is meant
    4  an input is not sound, is damaged or empty, or is not supported
    5  a model is unknown, damaged or of another version
    6  a recipe has a wrong key or value, or is for another architecture
    7  an output exists already, cannot be written, or the disk is full
    8  a corpus or dataset is missing something, is damaged or empty
    9  training cannot go on
   10  some files of several failed; the rest is done
   11  a sound device is missing, busy, refused or went away
  130  stopped by Ctrl-C; what was finished is kept)";

}  // namespace pellucid::cli
