#include "audio/foreign.hpp"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <string_view>

#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "support/spill.hpp"

namespace pellucid::audio {
namespace {

// The first thing that ffmpeg found wrong, as "[mov @ 0x55f3] [error] moov atom not found" tells it; empty where all is
// well. With damage that it goes on after its exit code is 0.
std::string first_fault(int said) {
  std::string text(1 << 14, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(said, text.data(), text.size(), 0))));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    for (const char* fault : {"[fatal] ", "[error] ", "[warning] Packet corrupt"}) {
      const std::size_t at = line.find(fault);
      if (at == std::string::npos) continue;
      line.erase(0, line.find("] ", at) + 2);
      return line.substr(0, line.find_last_not_of(". ") + 1);
    }
  }
  return {};
}

constexpr int kNotThere = 127;  // as a shell has it

int run(const char* const* arguments, int input, int output, int error) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO);
  pid_t process = 0;
  const int failed =
      ::posix_spawnp(&process, arguments[0], &actions, nullptr, const_cast<char* const*>(arguments), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return kNotThere;
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

const char* foreign_container(std::span<const unsigned char> head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  const auto at = [&](std::size_t offset, std::string_view word) {
    return text.size() > offset && text.substr(offset).starts_with(word);
  };
  for (const char* atom : {"ftyp", "moov", "mdat", "wide"}) {
    if (at(4, atom)) return "mov";
  }
  if (at(0, "\x1A\x45\xDF\xA3")) return "matroska";
  if (at(0, "\x30\x26\xB2\x75")) return "asf";
  if (at(0, "#!AMR")) return "amr";
  if (at(0, "RIFF") && at(8, "AVI ")) return "avi";
  // ADTS: twelve bits of synchronisation, then layer 0.
  if (head.size() > 1 && head[0] == 0xFF && (head[1] & 0xF6) == 0xF0) return "aac";
  return nullptr;
}

int decode_foreign(int descriptor, const char* container, const std::string& name) {
  UnnamedFile sound(temporary_folder());
  const int said = ::memfd_create("ffmpeg", MFD_CLOEXEC);  // where a full disk can be told of
  if (said < 0) sound.fail(errno);
  // The container is said, not guessed, and only plain files are opened: a file may name others, or addresses.
  // /dev/fd: ffmpeg has to seek in both.
  const std::array arguments{"ffmpeg",
                             "-nostdin",
                             "-loglevel",
                             "level+warning",
                             "-xerror",
                             "-protocol_whitelist",
                             "file",
                             "-f",
                             container,
                             "-i",
                             "file:/dev/fd/0",
                             "-map",
                             "0:a:0",
                             "-c:a",
                             "pcm_f32le",
                             "-f",
                             "wav",
                             "-rf64",
                             "auto",
                             "-y",
                             "file:/dev/fd/1",
                             static_cast<const char*>(nullptr)};
  const int code = run(arguments.data(), descriptor, sound.descriptor(), said);
  const std::string fault = first_fault(said);
  ::close(said);
  stop_if_interrupted();
  if (code == kNotThere)
    throw Error(ExitCode::kAudio,
                "{}: is read by the program ffmpeg, which is not there; install it (Debian: apt install ffmpeg), or "
                "give a WAV.",
                name);
  if (fault.find(std::strerror(ENOSPC)) != std::string::npos) sound.fail(ENOSPC);
  if (code != 0 || !fault.empty())
    throw Error(
        ExitCode::kAudio,
        "{}: is cut short or damaged, or holds no sound: ffmpeg says '{}'; get a whole copy, or record it again.", name,
        fault.empty() ? fmt::format("exit code {}", code) : fault);
  return ::dup(sound.descriptor());
}

}  // namespace pellucid::audio
