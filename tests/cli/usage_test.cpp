// What is typed wrong is named, with the nearest that is right.
#include "denoise_fixture.hpp"

namespace pellucid::cli {
namespace {

class Usage : public DenoiseTest {};

TEST_F(Usage, HelpListsCommandsAndExitCodes) {
  const Ran run = run_program({"--help"});
  EXPECT_EQ(run.code, 0);
  EXPECT_NE(run.output.find("denoise"), std::string::npos);
  EXPECT_NE(run.output.find("130  stopped by Ctrl-C"), std::string::npos);
  EXPECT_EQ(run_program({"denoise", "--help"}).code, 0);
}

TEST_F(Usage, VersionIsPrinted) {
  const Ran run = run_program({"--version"});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.output.rfind("pellucid ", 0), 0u) << run.output;
}

TEST_F(Usage, WrongWordsAreNamed) {
  make("a.wav");
  const auto expect = [&](const std::vector<std::string>& arguments, const std::string& word) {
    const Ran run = run_program(arguments, {.folder = folder_});
    EXPECT_EQ(run.code, 2) << run.error;
    expect_sentence(run, word);
  };
  expect({}, "Name a command");
  expect({"denose", "a.wav"}, "did you mean 'denoise'?");
  expect({"denoise"}, "IN");
  expect({"denoise", "a.wav", "--strenth", "1"}, "did you mean '--strength'?");
  expect({"denoise", "a.wav", "--strenth=1"}, "did you mean '--strength'?");
  expect({"--verson"}, "did you mean '--version'?");
  expect({"denoise", "a.wav", "--strength", "1.5"}, "1.5");
  expect({"denoise", "a.wav", "--strength", "much"}, "much");
  expect({"denoise", "a.wav", "--strength", "nan"}, "--strength: found 'nan', expected a number from 0 to 1");
  expect({"denoise", "a.wav", "--raw", "--format", "s8"}, "found 's8', expected one of f32, s16, s24, s32");
  expect({"bench", "nano", "--seconds", "nan"}, "expected a number from 0.1 to 86400");
  expect({"spectrogram", "a.wav", "-o", "a.jpg"}, "expected a name in .png");
  expect({"--json", "denoise", "a.wav"}, "write 'pellucid denoise --json ..'");
  expect({"mix", "--count", "0", "-o", "x"}, "--count");
  expect({"denoise", "a.wav", "--atten-limit-db", "-3"}, "-3");
  expect({"denoise", "a.wav", "--jobs", "-1"}, "-1");
  expect({"denoise", "-", "-"}, "Standard input");
  expect({"denoise", "a.wav", "b.wav", "-o", "-"}, "-o");
  expect({"denoise", "a.wav", "--json", "-o", "-"}, "--json");
  EXPECT_EQ(files(), std::set<std::string>{"a.wav"});
}

TEST_F(Usage, OutputThatDoesNotGetOutIsAnError) {
  make("a.wav");
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"info", "same", "--json"}, {"denoise", "a.wav", "--model", "same", "-o", "b.wav", "--json"}}) {
    const Ran run = run_program(
        arguments, {.output = "/dev/full", .folder = folder_, .environment = {{"PELLUCID_MODELS", models_.string()}}});
    EXPECT_EQ(run.code, 7) << arguments.front() << ": " << run.error;
    EXPECT_NE(run.error.find("Standard output cannot be written."), std::string::npos) << run.error;
  }
  // Where nobody can be told, the exit code still says it.
  EXPECT_EQ(WEXITSTATUS(std::system(PELLUCID_PROGRAM " denoise none.wav 2> /dev/full")), 3);
}

TEST_F(Usage, WorkDoesNotEndWhereNobodyCanBeToldOfIt) {
  make("a.wav");
  ASSERT_EQ(denoise({"a.wav", "--model", "same"}).code, 0);
  for (const std::string said : {"2> /dev/full", "2>&1 | true", "2>&-"}) {
    const std::string command = "cd " + folder_.string() + " && (sleep 0.1; " + PELLUCID_PROGRAM +
                                " denoise a.wav -o b.wav --force --model .models/same.pellucid; echo $? > code) " +
                                said;
    ASSERT_GE(std::system(command.c_str()), 0);
    EXPECT_EQ(bytes("code"), "0\n") << said;
    EXPECT_EQ(bytes("b.wav"), bytes("a.denoised.wav")) << said;
    fs::remove(folder_ / "b.wav");
  }
}

TEST_F(Usage, ATrainerThatIsNotThereIsSaid) {
  // The program by itself in a folder, as a package without the trainer has it.
  const fs::path lonely = folder_ / "pellucid";
  fs::copy_file(PELLUCID_PROGRAM, lonely);
  const std::string command = lonely.string() + " train recipe.toml 2> " + (folder_ / "said").string();
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 9);
  EXPECT_NE(bytes("said").find("pellucid-train"), std::string::npos);
}

}  // namespace
}  // namespace pellucid::cli
