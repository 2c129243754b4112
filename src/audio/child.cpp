#include "audio/child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pellucid::audio {

int make_said() { return ::memfd_create("ffmpeg", MFD_CLOEXEC); }

std::string said_text(int said) {
  constexpr off_t kMost = 1 << 24;
  std::string text(static_cast<std::size_t>(std::clamp<off_t>(::lseek(said, 0, SEEK_END), 0, kMost)), '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(said, text.data(), text.size(), 0))));
  return text;
}

pid_t start_program(const std::vector<std::string>& words, int input, int output, int error, int third) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO);
  if (third >= 0) ::posix_spawn_file_actions_adddup2(&actions, third, STDERR_FILENO + 1);
  pid_t process = 0;
  const int failed = ::posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return failed != 0 ? -1 : process;
}

int wait_for_program(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace pellucid::audio
