// `pellucid live` through PortAudio and ALSA, on devices that are there and then will not: busy, not permitted, gone.
#include <gtest/gtest.h>

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

  Ran live(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "live");
    return run_program(arguments, {.environment = {{"ALSA_CONFIG_PATH", folder_ / "asound.conf"},
                                                   {"JACK_NO_START_SERVER", "1"},
                                                   {"XDG_RUNTIME_DIR", folder_}}});
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
