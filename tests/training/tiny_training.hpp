// Trainings of a second or two: recordings, their corpus and the recipe tiny.toml, in a folder that a suite's tests
// share.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "../corpus/prepare_support.hpp"
#include "support/error.hpp"
#include "training/trainer.hpp"

namespace pellucid::training {

class TinyTraining : public testing::Test {
 protected:
  /// `more`: the end of the recipe, which is in its [train].
  static void make_tiny(const std::string& more) {
    folder_ = new corpus::test::TempFolder;
    corpus::test::make_recordings(folder_->path());
    corpus::prepare(corpus::test::options_for(folder_->path(), path("corpus")), {});
    corpus::test::write_text(path("tiny.toml"),
                             "[model]\nwindow_samples = 128\nhop_samples = 64\nchannels = 4\nbands = 5\nwidth = 6\n"
                             "hidden = 6\nblocks = 1\n[train]\nbatch = 2\nchunk_s = 0.25\nwarmup_steps = 5\n"
                             "checkpoint_every = 10\n" +
                                 more);
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::filesystem::path path(const std::string& name) { return folder_->path() / name; }
  static Recipe recipe(const std::string& output, const std::vector<std::string>& more = {}) {
    std::vector<std::string> settings{Recipe::setting("train.output", path(output).string()),
                                      Recipe::setting("train.corpus", path("corpus").string())};
    settings.insert(settings.end(), more.begin(), more.end());
    return Recipe::load(path("tiny.toml"), settings);
  }
  static std::string refusal(const Recipe& recipe, bool resume, ExitCode code) {
    try {
      train(recipe, resume, ProgressStyle::kNone);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "nothing was refused";
    return {};
  }

  inline static corpus::test::TempFolder* folder_ = nullptr;
};

}  // namespace pellucid::training
