// Several processes that train as one: on this machine, over the loopback.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <functional>
#include <memory>
#include <sstream>
#include <thread>

#include "../cli/program.hpp"
#include "tiny_training.hpp"
#include "training/process_place.hpp"
#include "training/tensor_file.hpp"

namespace pellucid::training {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using cli::Ran;
using cli::Started;
using corpus::test::read_text;
using Environment = std::map<std::string, std::string>;

ProcessPlace place_of(const Environment& environment) {
  return process_place([&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

TEST(ProcessPlace, IsWhatLaunchersSay) {
  EXPECT_EQ(place_of({}).count, 1);
  EXPECT_EQ(place_of({{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}}).count, 1) << "a shell inside an allocation";
  EXPECT_EQ(place_of({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).count, 1) << "one process needs no meeting place";
  Environment environment{{"RANK", "2"},         {"WORLD_SIZE", "3"},     {"LOCAL_RANK", "1"},
                          {"MASTER_ADDR", "n0"}, {"MASTER_PORT", "2950"}, {"PELLUCID_PROCESS_TIMEOUT_S", "7"}};
  const ProcessPlace place = place_of(environment);
  EXPECT_EQ(place.rank, 2);
  EXPECT_EQ(place.count, 3);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.address, "n0");
  EXPECT_EQ(place.port, 2950);
  EXPECT_EQ(place.timeout_s, 7);
  EXPECT_FALSE(place.launcher_listens);
  environment.insert({{"TORCHELASTIC_USE_AGENT_STORE", "True"}, {"TORCHELASTIC_RESTART_COUNT", "4"}});
  EXPECT_TRUE(place_of(environment).launcher_listens);
  EXPECT_EQ(place_of(environment).attempt, 4);
  environment.insert({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "9"}});
  EXPECT_EQ(place_of(environment).rank, 2) << "Open MPI's come second";
  environment.erase("RANK");
  environment.erase("WORLD_SIZE");
  EXPECT_EQ(place_of(environment).rank, 0);
  EXPECT_EQ(place_of(environment).count, 9);
}

TEST(ProcessPlace, SaysWhatIsWrong) {
  const Environment good{{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "29500"}};
  const auto refusal = [&](const std::string& name, const std::string& value) {
    Environment environment = good;
    environment[name] = value;
    try {
      place_of(environment);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage);
      return std::string(error.what());
    }
    return std::string("nothing was refused");
  };
  EXPECT_TRUE(refusal("RANK", "").starts_with("RANK: not set, but WORLD_SIZE is 2"));
  EXPECT_TRUE(refusal("WORLD_SIZE", "").starts_with("WORLD_SIZE: not set, but RANK is 0"));
  EXPECT_TRUE(refusal("RANK", "2").starts_with("RANK: found '2', expected a whole number from 0 to 1"));
  EXPECT_TRUE(refusal("RANK", "1x").starts_with("RANK: found '1x'"));
  EXPECT_TRUE(refusal("WORLD_SIZE", "0").starts_with("WORLD_SIZE: found '0'"));
  EXPECT_TRUE(refusal("MASTER_ADDR", "").starts_with("MASTER_ADDR: not set"));
  EXPECT_TRUE(refusal("MASTER_PORT", "").starts_with("MASTER_PORT: not set"));
  EXPECT_TRUE(refusal("MASTER_PORT", "65536").starts_with("MASTER_PORT: found '65536'"));
  EXPECT_TRUE(refusal("PELLUCID_PROCESS_TIMEOUT_S", "0").starts_with("PELLUCID_PROCESS_TIMEOUT_S: found '0'"));
}

// A socket at a port of the loopback that nobody else has.
class Port {
 public:
  Port() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    number_ = ntohs(address.sin_port);
  }
  ~Port() { ::close(fd_); }
  void listen() const { ::listen(fd_, 1); }
  std::string number() const { return std::to_string(number_); }

 private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
  int number_ = 0;
};

class ScaleTest : public TinyTraining {
 protected:
  static void SetUpTestSuite() {
    make_tiny("steps = 20\nvalidate_every = 10\nvalid_pairs = 4\ndecay = 0.0\nreplicas = 1\n");
  }
  void SetUp() override {
#ifndef PELLUCID_HAS_GLOO
    GTEST_SKIP() << "this LibTorch has no Gloo";
#endif
  }

  using Settings = std::vector<std::string>;
  /// `pellucid train` with each setting behind a --set, or itself where it is an option.
  static std::unique_ptr<Started> start(const std::string& output, const Settings& settings,
                                        const Environment& environment) {
    std::vector<std::string> arguments{"train", path("tiny.toml").string(), "--corpus", path("corpus").string(),
                                       "--out", path(output).string()};
    for (const auto& setting : settings) {
      if (!setting.starts_with("--")) arguments.push_back("--set");
      arguments.push_back(setting);
    }
    return std::make_unique<Started>(arguments, cli::RunOptions{.environment = environment});
  }
  static Environment environment(int rank, int count, const std::string& port) {
    return {{"RANK", std::to_string(rank)},
            {"WORLD_SIZE", std::to_string(count)},
            {"MASTER_ADDR", "127.0.0.1"},
            {"MASTER_PORT", port},
            {"PELLUCID_PROCESS_TIMEOUT_S", "60"}};
  }
  /// All the processes of a training. The others get a folder of their own, in which nothing must appear.
  static std::vector<std::unique_ptr<Started>> start_all(int count, const std::string& output, const Settings& settings,
                                                         const Settings& others = {}) {
    const std::string port = Port().number();
    std::vector<std::unique_ptr<Started>> all;
    for (int rank = 0; rank < count; ++rank) {
      Settings own = settings;
      if (rank > 0) own.insert(own.end(), others.begin(), others.end());
      all.push_back(start(rank == 0 ? output : "others", own, environment(rank, count, port)));
    }
    return all;
  }
  static std::vector<Ran> end_all(std::vector<std::unique_ptr<Started>> all) {
    std::vector<Ran> ends;
    for (auto& process : all) ends.push_back(process->wait());
    EXPECT_FALSE(fs::exists(path("others"))) << "another process than the first wrote";
    return ends;
  }
  static void train(int count, const std::string& output, const Settings& settings) {
    for (const Ran& ran : end_all(start_all(count, output, settings))) ASSERT_EQ(ran.code, 0) << ran.error;
  }
  static void train_alone(const std::string& output, const Settings& settings) {
    const Ran ran = start(output, settings, {})->wait();
    ASSERT_EQ(ran.code, 0) << ran.error;
  }
  static void wait_for_checkpoint(const std::string& output, long after) {
    for (int i = 0; i < 3000; ++i) {
      const fs::path last = path(output) / "last.ckpt";
      if (fs::exists(last) && std::stol(read_tensor_file(last).meta("step")) > after) return;
      std::this_thread::sleep_for(20ms);
    }
    FAIL() << "no checkpoint appeared";
  }
  static TensorFile checkpoint(const std::string& output) { return read_tensor_file(path(output) / "last.ckpt"); }
  /// The largest difference of all that two checkpoints hold.
  static double distance(const std::string& a, const std::string& b) {
    const TensorFile x = checkpoint(a), y = checkpoint(b);
    EXPECT_EQ(x.meta("step"), y.meta("step"));
    EXPECT_EQ(x.arrays.size(), y.arrays.size());
    double most = 0;
    for (std::size_t i = 0; i < x.arrays.size(); ++i)
      for (std::size_t j = 0; j < x.arrays[i].values.size(); ++j)
        most = std::max(most, std::fabs(double(x.arrays[i].values[j]) - y.arrays[i].values.at(j)));
    return most;
  }
  /// The last row of the curve but for the columns that tell the time.
  static std::vector<double> figures(const std::string& output) {
    std::istringstream in(read_text(path(output) / "curve.csv"));
    std::string last;
    for (std::string line; std::getline(in, line);) last = line;
    std::vector<double> out;
    std::istringstream row(last);
    for (std::string cell; std::getline(row, cell, ',');) out.push_back(std::stod(cell));
    out.resize(out.size() - 3);
    return out;
  }
};

TEST_F(ScaleTest, ProcessesFollowOneWithAsManyReplicas) {
  // Neither 4 pairs of validation nor anything else divides by three.
  for (const int count : {2, 3}) {
    const std::string replicas = "train.replicas=" + std::to_string(count), name = std::to_string(count);
    train_alone("alone" + name, {replicas});
    train(count, "all" + name, {});
    EXPECT_LT(distance("alone" + name, "all" + name), 1e-5) << count << " processes";
    const auto expected = figures("alone" + name), found = figures("all" + name);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 2e-3) << "column " << i;
  }
  EXPECT_GT(distance("alone2", "alone3"), 1e-3) << "what replicas there are changes nothing: this test shows nothing";
  // And where processes ended one goes on, and the reverse.
  train_alone("all2", {"--resume", "train.replicas=2", "train.steps=30"});
  train(2, "alone2", {"--resume", "train.steps=30"});
  EXPECT_LT(distance("alone2", "all2"), 1e-5);
}

TEST_F(ScaleTest, AllEndWhereNothingIsLeftToDo) {
  train(2, "ended", {});
  const auto from = std::chrono::steady_clock::now();
  train(2, "ended", {"--resume"});
  EXPECT_LT(std::chrono::steady_clock::now() - from, 30s) << "one waits for the other";
  fs::remove(path("ended") / "tiny.safetensors");
  train(2, "ended", {"--resume"});
  EXPECT_TRUE(fs::exists(path("ended") / "tiny.safetensors"));
}

TEST_F(ScaleTest, KilledProcessesEndAllAndAllGoOn) {
  const Settings endless{"--resume", "train.steps=1000000"};
  long step = 0;
  for (const int victim : {1, 0}) {
    auto all = start_all(2, "killed", endless);
    wait_for_checkpoint("killed", step);
    kill(all[std::size_t(victim)]->process(), SIGKILL);
    const auto from = std::chrono::steady_clock::now();
    const std::vector<Ran> ends = end_all(std::move(all));
    EXPECT_LT(std::chrono::steady_clock::now() - from, 20s);
    EXPECT_EQ(ends[std::size_t(victim)].code, 128 + SIGKILL);
    const Ran& other = ends[std::size_t(1 - victim)];
    EXPECT_EQ(other.code, 9) << other.error;
    EXPECT_NE(other.error.find("process " + std::to_string(victim) + " of 2 (number "), std::string::npos)
        << other.error;
    EXPECT_NE(other.error.find("lost"), std::string::npos) << other.error;
    EXPECT_NE(other.error.find("--resume"), std::string::npos) << other.error;
    step = std::stol(checkpoint("killed").meta("step"));
  }
  const std::string steps = "train.steps=" + std::to_string(step + 10);
  train(2, "killed", {"--resume", steps});
  train(2, "unbroken", {steps});
  EXPECT_EQ(distance("killed", "unbroken"), 0);
}

TEST_F(ScaleTest, AProcessThatHangsIsNamed) {
  const std::string port = Port().number();
  std::vector<std::unique_ptr<Started>> all;
  for (const int rank : {0, 1}) {
    Environment environment = ScaleTest::environment(rank, 2, port);
    environment["PELLUCID_PROCESS_TIMEOUT_S"] = rank == 0 ? "10" : "60";
    all.push_back(start(rank == 0 ? "hung" : "others", {"train.steps=1000000"}, environment));
  }
  wait_for_checkpoint("hung", 0);
  kill(all[1]->process(), SIGSTOP);
  const Ran first = all[0]->wait();
  EXPECT_EQ(first.code, 9) << first.error;
  EXPECT_NE(first.error.find("process 1 of 2 (number "), std::string::npos) << first.error;
  kill(all[1]->process(), SIGKILL);
  all[1]->wait();
}

TEST_F(ScaleTest, CtrlCInOneStopsAll) {
  auto all = start_all(2, "stopped", {"train.steps=1000000"});
  wait_for_checkpoint("stopped", 0);
  kill(all[1]->process(), SIGINT);
  const std::vector<Ran> ends = end_all(std::move(all));
  for (const Ran& ran : ends) {
    EXPECT_EQ(ran.code, 130) << ran.error;
    EXPECT_NE(ran.error.find("stopped at step " + checkpoint("stopped").meta("step")), std::string::npos) << ran.error;
  }
}

TEST_F(ScaleTest, AllGoBackTogetherWhenTheLossIsNoNumber) {
  const auto ends = end_all(start_all(
      2, "wild", {"train.steps=6", "train.learning_rate=1.0", "train.warmup_steps=0", "loss.magnitude=1e37"}));
  for (const Ran& ran : ends) EXPECT_EQ(ran.code, 0) << ran.error;
  EXPECT_NE(ends[0].error.find("back to step 0, on with 0.25"), std::string::npos) << ends[0].error;
  EXPECT_EQ(ends[1].error, "");
  EXPECT_EQ(ends[1].output, "");
  EXPECT_EQ(checkpoint("wild").meta("rate_factor"), "0.25");
}

TEST_F(ScaleTest, RefusesProcessesThatDiffer) {
  for (const std::string other :
       {"train.seed=2", "train.steps=21", "train.fixed_statistics=0.5", "train.precision=bfloat16"}) {
    for (const Ran& ran : end_all(start_all(2, "differ", {}, {other}))) {
      EXPECT_EQ(ran.code, 9) << ran.error;
      EXPECT_NE(ran.error.find("process 1 of 2: found " + other + ", process 0 has train."), std::string::npos)
          << ran.error;
    }
  }
  EXPECT_FALSE(fs::exists(path("differ")));
}

TEST_F(ScaleTest, TheOthersHearWhyTheFirstEnds) {
  corpus::test::write_text(path("a-file"), "");
  const auto ends = end_all(start_all(2, "a-file", {}));
  EXPECT_EQ(ends[0].code, 7) << ends[0].error;
  EXPECT_EQ(ends[1].code, 9) << ends[1].error;
  EXPECT_NE(ends[1].error.find("ended: " + path("a-file").string()), std::string::npos) << ends[1].error;
}

TEST_F(ScaleTest, SaysWhoIsNotThere) {
  const Port port;
  Environment environment = ScaleTest::environment(1, 2, port.number());
  environment["PELLUCID_PROCESS_TIMEOUT_S"] = "1";
  const Ran alone = start("none", {}, environment)->wait();
  EXPECT_EQ(alone.code, 9) << alone.error;
  EXPECT_NE(alone.error.find("process 0 was not reached at 127.0.0.1:" + port.number()), std::string::npos)
      << alone.error;

  port.listen();
  environment["RANK"] = "0";
  const Ran busy = start("none", {}, environment)->wait();
  EXPECT_EQ(busy.code, 9) << busy.error;
  EXPECT_NE(busy.error.find("MASTER_PORT: found " + port.number()), std::string::npos) << busy.error;

  environment["MASTER_PORT"] = Port().number();
  const Ran first = start("none", {}, environment)->wait();
  EXPECT_EQ(first.code, 9) << first.error;
  EXPECT_NE(first.error.find("of 2 processes 1 did not come"), std::string::npos) << first.error;

  environment.erase("RANK");
  EXPECT_EQ(start("none", {}, environment)->wait().code, 2);
  EXPECT_FALSE(fs::exists(path("none")));
}

}  // namespace
}  // namespace pellucid::training
