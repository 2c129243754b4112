#include "audio/open_sound.hpp"

#include <dlfcn.h>

#include <cstdio>
#include <mutex>
#include <shared_mutex>

// libmpg123 prints warnings to standard error, among whatever a program says there, and libsndfile, which calls it, has
// no switch. The handles that it makes are quiet because it finds this function, in the program, before the library's.
extern "C" [[gnu::visibility("default")]] void* mpg123_new(const char* decoder, int* error);
extern "C" void* mpg123_new(const char* decoder, int* error) {
  constexpr int kAddFlags = 2;   // MPG123_ADD_FLAGS
  constexpr long kQuiet = 0x20;  // MPG123_QUIET
  const auto make = reinterpret_cast<void* (*)(const char*, int*)>(::dlsym(RTLD_NEXT, "mpg123_new"));
  const auto set = reinterpret_cast<int (*)(void*, int, long, double)>(::dlsym(RTLD_NEXT, "mpg123_param"));
  void* handle = make != nullptr ? make(decoder, error) : nullptr;
  if (handle != nullptr && set != nullptr) set(handle, kAddFlags, kQuiet, 0);
  return handle;
}

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
