// `pellucid live` through PortAudio and ALSA, in a terminal, and on devices that are there and then will not: busy, not
// permitted, gone.
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <termios.h>
#include <utmp.h>

#include <algorithm>
#include <cerrno>

#include "../cli/program.hpp"
#include "../support/temp_folder.hpp"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

class Devices : public pellucid::test::FolderTest {
 protected:
  void SetUp() override {
    std::ofstream config(folder_ / "asound.conf");
    config << "pcm_type.refusing { lib \"" PELLUCID_REFUSING_PCM "\" open \"_snd_pcm_refusing_open\" }\n"
           << "pcm.fine { type null }\n"
           // Writing to it fails: a loudspeaker that goes away while it plays.
           << "pcm.unplugged { type file slave.pcm { type null } file \"/dev/full\" format raw }\n";
    for (const auto& [name, error] : {std::pair("busy", EBUSY), {"forbidden", EACCES}, {"gone", ENODEV}}) {
      config << "pcm." << name << " { type refusing error " << error << " after 1 }\n";
    }
    config << "pcm.taken { type refusing error " << EIO << " after 0 }\n";
  }

  std::map<std::string, std::string> environment() const {
    return {{"ALSA_CONFIG_PATH", folder_ / "asound.conf"}, {"JACK_NO_START_SERVER", "1"}, {"XDG_RUNTIME_DIR", folder_}};
  }
  Ran live(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "live");
    return run_program(arguments, {.environment = environment()});
  }
  /// Ends with exit code 11 and one sentence with both parts in it.
  void refused(const std::string& input, const std::string& output, const std::string& device,
               const std::string& why) const {
    const Ran run = live({"--input", input, "--output", output, "--seconds", "5"});
    EXPECT_EQ(run.code, 11) << run.output << run.error;
    EXPECT_NE(run.error.find(device), std::string::npos) << run.error;
    EXPECT_NE(run.error.find(why), std::string::npos) << run.error;
    EXPECT_EQ(std::count(run.error.begin(), run.error.end(), '\n'), 1) << run.error;
  }
};

/// `pellucid live` in a terminal of its own: a person's keys and screen.
class Terminal {
 public:
  Terminal(const char* input, const char* output, const std::map<std::string, std::string>& environment) {
    EXPECT_EQ(::openpty(&screen_, &line_, nullptr, nullptr, nullptr), 0);
    EXPECT_EQ(::tcgetattr(line_, &before_), 0);
    process_ = ::fork();
    if (process_ != 0) return;
    ::login_tty(line_);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::execl(PELLUCID_PROGRAM, PELLUCID_PROGRAM, "live", "--input", input, "--output", output, nullptr);
    ::_exit(125);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
    ::close(screen_);
    ::close(line_);
  }

  void type(char key) { EXPECT_EQ(::write(screen_, &key, 1), 1); }

  /// Whether `text` is shown within 20 s, after what was waited for before.
  bool shows(const std::string& text) {
    for (int waits = 0; waits < 200;) {
      if (const std::size_t at = shown_.find(text, seen_); at != std::string::npos) {
        seen_ = at + text.size();
        return true;
      }
      pollfd ready{screen_, POLLIN, 0};
      if (::poll(&ready, 1, 100) == 0) {
        ++waits;
        continue;
      }
      char some[512];
      const ssize_t got = ::read(screen_, some, sizeof some);
      if (got <= 0) return false;
      shown_.append(some, std::size_t(got));
    }
    return false;
  }
  const std::string& shown() const { return shown_; }

  /// Whether what is typed comes without Enter and is not shown.
  bool takes_keys() const {
    termios now{};
    return ::tcgetattr(line_, &now) == 0 && (now.c_lflag & (ICANON | ECHO)) == 0;
  }
  bool is_as_it_was() const {
    termios now{};
    return ::tcgetattr(line_, &now) == 0 && now.c_lflag == before_.c_lflag;
  }

  int wait() {
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  int screen_ = -1, line_ = -1;  // `line_` also keeps the terminal when the program has ended
  termios before_{};
  pid_t process_ = -1;
  std::string shown_;
  std::size_t seen_ = 0;
};

TEST_F(Devices, ATerminalShowsMetersTakesKeysAndIsGivenBack) {
  Terminal terminal("fine", "fine", environment());
  ASSERT_TRUE(terminal.shows("Keys: + - strength, b bypass, q end.") && terminal.shows("100 %")) << terminal.shown();
  EXPECT_TRUE(terminal.takes_keys());
  terminal.type('-');
  EXPECT_TRUE(terminal.shows(" 95 %")) << terminal.shown();
  terminal.type('b');
  EXPECT_TRUE(terminal.shows("BYPASS")) << terminal.shown();
  terminal.type('b');
  EXPECT_TRUE(terminal.shows(" 95 %")) << terminal.shown();
  terminal.type('q');
  EXPECT_TRUE(terminal.shows("Stopped after")) << terminal.shown();
  EXPECT_EQ(terminal.wait(), 0);
  EXPECT_TRUE(terminal.is_as_it_was());
}

TEST_F(Devices, ATerminalIsGivenBackAfterCtrlCAndAfterAnError) {
  Terminal stopped("fine", "fine", environment());
  ASSERT_TRUE(stopped.shows("100 %")) << stopped.shown();
  stopped.type(3);
  EXPECT_TRUE(stopped.shows("Stopped after")) << stopped.shown();
  EXPECT_EQ(stopped.wait(), 0);
  EXPECT_TRUE(stopped.is_as_it_was());

  Terminal broken("fine", "unplugged", environment());
  EXPECT_TRUE(broken.shows("went away")) << broken.shown();
  EXPECT_EQ(broken.wait(), 11);
  EXPECT_TRUE(broken.is_as_it_was());
}

TEST_F(Devices, SoundGoesThroughOneThatWorks) {
  const Ran run = live({"--input", "fine", "--output", "fine", "--seconds", "0.2"});
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(run.error, "");
  EXPECT_NE(run.output.find("Stopped after"), std::string::npos) << run.output;
}

TEST_F(Devices, OneThatIsBusyIsNamed) {
  refused("busy", "fine", "input device 'busy'", "it is busy; close the program that uses it");
  refused("fine", "busy", "output device 'busy'", "it is busy; close the program that uses it");
}

TEST_F(Devices, OneThatIsNotPermittedOrHasGoneIsNamed) {
  refused("forbidden", "fine", "input device 'forbidden'", "is the user in the group 'audio'?");
  refused("fine", "forbidden", "output device 'forbidden'", "its use is not permitted");
  refused("gone", "fine", "input device 'gone'", "it has gone");
}

// PortAudio lists no device that it could not open.
TEST_F(Devices, OneThatIsTakenFromTheStartIsNotThere) {
  refused("taken", "fine", "no sound input device 'taken' that can be opened", "--list");
  EXPECT_EQ(live({"--list"}).output.find("taken"), std::string::npos);
}

TEST_F(Devices, OneThatFailsWhileItPlaysHasGoneAway) { refused("fine", "unplugged", "'unplugged'", "went away"); }

TEST_F(Devices, WithoutAnyASentenceSaysWhatMayBeWrong) {
  std::ofstream(folder_ / "asound.conf") << "pcm.nothing { type hw card 999 }\n";
  const Ran none = live({});
  EXPECT_EQ(none.code, 11);
  EXPECT_EQ(
      none.error,
      "pellucid: There is no sound input device that can be opened: none is plugged in, another program has it, or "
      "its use is not permitted (is the user in the group 'audio'?).\n");
  const Ran list = live({"--list"});
  EXPECT_EQ(list.code, 0);
  EXPECT_EQ(list.output + list.error, "There is no sound device that can be opened.\n");
}

}  // namespace
}  // namespace pellucid::cli
