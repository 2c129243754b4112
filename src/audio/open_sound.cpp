#include "audio/open_sound.hpp"

#include <cstdio>
#include <mutex>
#include <shared_mutex>

namespace pellucid::audio {
namespace {

std::shared_mutex& openings() {
  static std::shared_mutex mutex;
  return mutex;
}

// Nobody else opens a file meanwhile.
SNDFILE* open_alone(int mode, SF_VIRTUAL_IO& io, SF_INFO& info, void* user, std::string* reason) {
  SNDFILE* file = ::sf_open_virtual(&io, mode, &info, user);
  if (file != nullptr) return file;
  *reason = ::sf_strerror(nullptr);
  reason->erase(reason->find_last_not_of(". \n") + 1);
  return nullptr;
}

}  // namespace

SNDFILE* open_for_reading(SF_VIRTUAL_IO& io, SF_INFO& info, void* user, std::string* reason) {
  const SF_INFO asked = info;
  {
    const std::shared_lock beside_others(openings());
    if (SNDFILE* file = ::sf_open_virtual(&io, SFM_READ, &info, user)) return file;
  }
  const std::unique_lock alone(openings());
  info = asked;
  io.seek(0, SEEK_SET, user);
  return open_alone(SFM_READ, io, info, user, reason);
}

SNDFILE* open_for_writing(SF_VIRTUAL_IO& io, SF_INFO& info, void* user, std::string* reason) {
  const std::unique_lock alone(openings());
  return open_alone(SFM_WRITE, io, info, user, reason);
}

}  // namespace pellucid::audio
