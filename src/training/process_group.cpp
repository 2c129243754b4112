#include "training/process_group.hpp"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "support/error.hpp"
#include "support/interrupt.hpp"
#include "training/reach.hpp"

#ifdef PELLUCID_HAS_GLOO
#include <ATen/ATen.h>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

namespace pellucid::training {

#ifdef PELLUCID_HAS_GLOO

namespace {

using Clock = std::chrono::steady_clock;
using Store = c10::intrusive_ptr<c10d::Store>;

constexpr std::chrono::milliseconds kBeatEvery{250}, kRollCall{2000};  // without a beat in a roll call: lost
constexpr std::chrono::milliseconds kLinger{3000};  // process 0 keeps the store for those who want to read why
constexpr std::chrono::milliseconds kBetweenLooks{20};
constexpr std::chrono::milliseconds kSilence{10000};  // of the store, which answers in no time: its machine is gone
constexpr char kAdvice[] = "start every process again with --resume";

// Keys of the store; those of one process end with its rank.
constexpr char kCount[] = "count", kSettings[] = "settings", kDifference[] = "difference", kEnd[] = "end";
constexpr char kHere[] = "here", kDone[] = "done", kGone[] = "gone";
std::string key(const char* name, int rank) { return fmt::format("{}/{}", name, rank); }

void write(c10d::Store& store, const std::string& key, const std::string& text) {
  store.set(key, std::vector<std::uint8_t>(text.begin(), text.end()));
}
std::string read(c10d::Store& store, const std::string& key) {
  const auto bytes = store.get(key);
  return {bytes.begin(), bytes.end()};
}

// LibTorch 2 prefers a server that not every build of it has.
template <typename Options>
void prefer_plain_server(Options& options) {
  if constexpr (requires { options.useLibUV; }) options.useLibUV = false;
}

// Shows the others that this process lives. The thread keeps it alive beyond the group where the store hangs.
struct Heart {
  void beat() {
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, kBeatEvery, [this] { return ended; })) {
      lock.unlock();
      try {
        store->add(key("beat", rank), 1);
        last = Clock::now();
      } catch (const std::exception&) {
        return;  // process 0 has gone: the next collective will say so
      }
      lock.lock();
    }
  }

  Store store;
  int rank = 0;
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;
  std::atomic<Clock::time_point> last{Clock::now()};
};

// Gloo's messages begin with the place in its source.
std::string plain(const std::string& message) {
  const std::size_t from = message.starts_with('[') ? message.find("] ") : std::string::npos;
  const std::string text = from == std::string::npos ? message : message.substr(from + 2);
  return text.substr(0, text.find('\n'));
}

std::string first_difference(const std::string& found, const std::string& expected) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()) && found[i] == expected[i]; ++i)
    if (found[i] == ';') from = i + 1;
  const auto entry = [&](const std::string& all) { return all.substr(from, all.find(';', from) - from); };
  return fmt::format("found {}, process 0 has {}", entry(found), entry(expected));
}

}  // namespace

struct ProcessGroup::Impl {
  explicit Impl(const ProcessPlace& p) : place(p), deadline(Clock::now() + timeout()) {
    try {
      open_store();
      join();
      meet();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw Error(ExitCode::kTraining,
                  "process {} of {} lost process 0 at {}:{} while it waited for the others ({}); start all again",
                  place.rank, place.count, place.address, place.port, plain(error.what()));
    }
    heart->store = store;
    heart->rank = place.rank;
    heart->last = Clock::now();
    beating = std::thread([h = heart] { h->beat(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(heart->mutex);
      heart->ended = true;
    }
    heart->changed.notify_all();
    if (store_hangs())
      beating.detach();
    else
      beating.join();
  }

  std::chrono::milliseconds timeout() const { return std::chrono::milliseconds(std::int64_t(1000 * place.timeout_s)); }

  void open_store() {
    const bool listens = place.rank == 0 && !place.launcher_listens;
    if (listens) {
      const std::string why = why_port_is_taken(place.port);
      if (!why.empty())
        throw Error(ExitCode::kTraining,
                    "MASTER_PORT: found {}, where process 0 cannot listen ({}); choose another port, the same for "
                    "every process",
                    place.port, why);
    } else {
      own_address = reach(place.address, place.port, deadline);
    }
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(place.port);
    options.isServer = listens;
    options.waitWorkers = false;
    options.timeout = timeout();
    prefer_plain_server(options);
    try {
      store = c10::make_intrusive<c10d::PrefixStore>(fmt::format("pellucid/{}", place.attempt),
                                                     c10::make_intrusive<c10d::TCPStore>(place.address, options));
    } catch (const std::exception& error) {
      throw Error(ExitCode::kTraining, "MASTER_ADDR, MASTER_PORT: process {} found no meeting place at {}:{} ({})",
                  place.rank, place.address, place.port, plain(error.what()));
    }
    if (listens) own_address = reach(place.address, place.port, deadline);
  }

  // Says that this process is here, and waits for the others.
  void join() {
    if (place.rank == 0) write(*store, kCount, std::to_string(place.count));
    wait_for([&] { return store->check({kCount}); }, [&] { return std::string("process 0"); });
    if (const std::string count = read(*store, kCount); count != std::to_string(place.count))
      throw Error(ExitCode::kTraining,
                  "WORLD_SIZE: process {} found {}, process 0 has {}; start every process with the same", place.rank,
                  place.count, count);
    if (store->add(key("taken", place.rank), 1) > 1)
      throw Error(
          ExitCode::kTraining,
          "RANK: found {}, which another process of the training at {}:{} has; give every process its own, or wait "
          "until the earlier training has ended",
          place.rank, place.address, place.port);
    char host[256] = "";
    ::gethostname(host, sizeof host - 1);
    write(*store, key("name", place.rank),
          fmt::format("process {} of {} (number {} on {})", place.rank, place.count, ::getpid(), host));
    write(*store, key("address", place.rank), own_address);
    store->add(kHere, 1);
    wait_for([&] { return store->add(kHere, 0) == place.count; },
             [&] {
               std::vector<int> missing;
               for (int r = 0; r < place.count; ++r)
                 if (!store->check({key("address", r)})) missing.push_back(r);
               return fmt::format("of {} processes {}", place.count, fmt::join(missing, ", "));
             });
    name_of_first = read(*store, key("name", 0));
  }

  template <typename Ready, typename Missing>
  void wait_for(const Ready& ready, const Missing& missing) {
    while (!ready()) {
      stop_if_interrupted();
      if (Clock::now() >= deadline)
        throw Error(ExitCode::kTraining,
                    "{} did not come to {}:{} within {:g} s; start it, or wait longer with PELLUCID_PROCESS_TIMEOUT_S",
                    missing(), place.address, place.port, place.timeout_s);
      std::this_thread::sleep_for(kBetweenLooks);
    }
  }

  // Listens on the address that leads to process 0, which the other processes therefore reach, too.
  void meet() {
    bool is_hidden = false;
    if (is_loopback(own_address))
      for (int r = 0; r < place.count; ++r) is_hidden |= !is_loopback(read(*store, key("address", r)));
    const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
    const auto options = c10d::ProcessGroupGloo::Options::create(timeout());
    options->threads = 1;
    try {
      options->devices.push_back(interface   ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                 : is_hidden ? c10d::ProcessGroupGloo::createDefaultDevice()
                                             : c10d::ProcessGroupGloo::createDeviceForHostname(own_address));
      group = c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.count, options);
    } catch (const std::exception& error) {
      throw Error(
          ExitCode::kTraining,
          "process {} of {} cannot connect to the others ({}); open the machines' ports to each other, or name the "
          "network with GLOO_SOCKET_IFNAME",
          place.rank, place.count, plain(error.what()));
    }
  }

  template <typename T, typename Collective>
  void together(std::vector<T>& values, Collective&& collective) {
    if (values.empty()) return;
    std::vector<at::Tensor> tensors{
        at::from_blob(values.data(), {std::int64_t(values.size())}, c10::CppTypeToScalarType<T>::value)};
    const auto from = Clock::now();
    try {
      collective(tensors)->wait();
    } catch (const std::exception& error) {
      lost(plain(error.what()));
    }
    exchanged += Clock::now() - from;
  }
  template <typename T>
  void sum(std::vector<T>& values) {
    together(values, [&](auto& tensors) { return group->allreduce(tensors); });
  }
  template <typename T>
  void spread(std::vector<T>& values) {
    together(values, [&](auto& tensors) { return group->broadcast(tensors); });
  }

  bool store_hangs() const { return Clock::now() - heart->last.load() > kSilence && !finished; }

  std::vector<std::int64_t> beats() {
    std::vector<std::int64_t> all;
    for (int r = 0; r < place.count; ++r) all.push_back(store->add(key("beat", r), 0));
    return all;
  }

  [[noreturn]] void lost(const std::string& why) {
    std::string sentence;
    try {
      if (store_hangs()) throw std::runtime_error("process 0 does not answer");
      if (!store->check({kEnd})) call_the_roll(why);
      sentence = read(*store, kEnd);
    } catch (const std::exception&) {
      missing = 1;
      sentence = fmt::format("{} was lost ({}); {}", name_of_first, why, kAdvice);
    }
    throw Error(ExitCode::kTraining, "{}", sentence);
  }

  // Whose hearts stand still? Unless another process has said it by then.
  void call_the_roll(const std::string& why) {
    const auto before = beats();
    std::this_thread::sleep_for(kRollCall);
    const auto after = beats();
    if (store->check({kEnd})) return;
    std::vector<std::string> silent;
    for (int r = 0; r < place.count; ++r)
      if (r != place.rank && before[std::size_t(r)] == after[std::size_t(r)])
        silent.push_back(read(*store, key("name", r)));
    missing = int(silent.size());
    const std::string who =
        silent.empty() ? "the connection between processes" : fmt::format("{}", fmt::join(silent, ", "));
    write(*store, kEnd, fmt::format("{} {} lost ({}); {}", who, silent.size() > 1 ? "were" : "was", why, kAdvice));
  }

  void agree(const std::string& settings) {
    if (place.rank == 0) write(*store, kSettings, settings);
    any(false);
    const std::string expected = read(*store, kSettings);
    if (settings != expected)
      write(*store, kDifference,
            fmt::format("process {} of {}: {}; start every process with the same recipe, settings and corpus",
                        place.rank, place.count, first_difference(settings, expected)));
    if (!any(settings != expected)) return;
    const std::string difference = read(*store, kDifference);
    finish();
    throw Error(ExitCode::kTraining, "{}", difference);
  }

  bool any(bool here) {
    std::vector<float> count{here ? 1.0f : 0.0f};
    sum(count);
    return count[0] > 0;
  }

  void finish() {
    try {
      store->add(kDone, 1);
      for (const auto until = Clock::now() + timeout(); store->add(kDone, 0) < place.count && Clock::now() < until;)
        std::this_thread::sleep_for(kBetweenLooks);
    } catch (const std::exception&) {
      // Process 0 saw all and went.
    }
    finished = true;
  }

  void leave(const std::string& reason) {
    if (finished || store_hangs()) return;
    if (!store->check({kEnd}))
      write(*store, kEnd, fmt::format("{} ended: {}", read(*store, key("name", place.rank)), reason));
    group.reset();  // whoever waits for this process stops waiting
    store->add(kGone, 1);
    const auto until = Clock::now() + kLinger;
    while (place.rank == 0 && store->add(kGone, 0) < place.count - missing && Clock::now() < until)
      std::this_thread::sleep_for(kBetweenLooks);
  }

  const ProcessPlace place;
  const Clock::time_point deadline;  // of meeting
  std::string own_address, name_of_first;
  Store store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
  std::shared_ptr<Heart> heart = std::make_shared<Heart>();
  std::thread beating;
  std::chrono::duration<double> exchanged{};
  int missing = 0;        // processes that were lost
  bool finished = false;  // all came to their end together
};

#else

struct ProcessGroup::Impl {
  explicit Impl(const ProcessPlace& place) {
    throw Error(ExitCode::kTraining,
                "WORLD_SIZE: found {}, expected 1: this LibTorch has no Gloo; build with one that has, with Gloo's "
                "headers beside it",
                place.count);
  }
  template <typename T>
  void sum(std::vector<T>&) {}
  template <typename T>
  void spread(std::vector<T>&) {}
  void agree(const std::string&) {}
  bool any(bool here) { return here; }
  void finish() {}
  void leave(const std::string&) {}
  std::chrono::duration<double> exchanged{};
};

#endif

ProcessGroup::ProcessGroup() = default;
ProcessGroup::ProcessGroup(const ProcessPlace& place)
    : place_(place), impl_(place.count > 1 ? std::make_unique<Impl>(place) : nullptr) {}
ProcessGroup::~ProcessGroup() = default;

ProcessGroup& ProcessGroup::alone() {
  static ProcessGroup group;
  return group;
}

void ProcessGroup::sum(std::vector<float>& values) {
  if (impl_) impl_->sum(values);
}
void ProcessGroup::sum(std::vector<double>& values) {
  if (impl_) impl_->sum(values);
}
bool ProcessGroup::any(bool here) { return impl_ ? impl_->any(here) : here; }
void ProcessGroup::spread(std::vector<float>& values) {
  if (impl_) impl_->spread(values);
}
void ProcessGroup::spread(std::vector<double>& values) {
  if (impl_) impl_->spread(values);
}
void ProcessGroup::agree(const std::string& settings) {
  if (impl_) impl_->agree(settings);
}
double ProcessGroup::exchanged_s() const { return impl_ ? impl_->exchanged.count() : 0; }
void ProcessGroup::finish() {
  if (impl_) impl_->finish();
}
void ProcessGroup::leave(const std::string& reason) noexcept {
  if (!impl_) return;
  try {
    impl_->leave(reason);
  } catch (const std::exception&) {
    // Process 0, which would pass the reason on, has gone itself.
  }
}

}  // namespace pellucid::training
