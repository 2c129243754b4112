// `pellucid quantize MODEL -o OUT`: a float model as an int8 one, or with its weights in float16.
#pragma once

#include <string>

namespace pellucid::cli {

struct QuantizeOptions {
  std::string model;  ///< a float model's name or file
  std::string out;
  std::string to = "int8";  ///< or float16, for which nothing below but `force` matters
  std::string calibrate;    ///< a folder of `pellucid prepare`, or of files of noisy speech
  double seconds = 240;     ///< of it to listen to
  int finetune = 0;         ///< steps of training with rounded weights before; beside `out` lies OUT.work meanwhile
  bool force = false, resume = false;
};

/// Says what it made of which size. Throws Error: kModel, kInput, kAudio, kCorpus, kOutput, kTraining, kInterrupted.
std::string quantize_model(const QuantizeOptions& options);

}  // namespace pellucid::cli
