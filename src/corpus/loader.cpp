#include "corpus/loader.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

#include "corpus/loader_pair.hpp"
#include "support/elapsed.hpp"

namespace pellucid::corpus {

struct Loader::Impl {
  Impl(const Corpus& corpus, const MixOptions& options, Split split, std::uint64_t seed_, int batch_size_,
       int chunk_samples_, std::uint64_t first_batch, int workers, int ahead_, Share share_, bool mixes_)
      : clips(corpus),
        maker(clips, options, split),
        seed(seed_),
        batch_size(std::max(batch_size_, 1)),
        chunk_samples(std::max(chunk_samples_, 1)),
        ahead(static_cast<std::uint64_t>(std::max(ahead_, 1))),
        share(share_),
        mixes(mixes_),
        next_to_make(first_batch),
        next_to_give(first_batch) {
    for (int i = 0; i < std::max(workers, 1); ++i) threads.emplace_back([this] { work(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    room_for_more.notify_all();
    for (auto& thread : threads) thread.join();
  }

  Batch make(std::uint64_t number) const {
    Batch batch;
    batch.number = number;
    batch.size = batch_size;
    batch.samples = chunk_samples;
    const auto chunk = static_cast<std::size_t>(chunk_samples), count = static_cast<std::size_t>(batch_size);
    if (!mixes) {
      for (std::size_t i = 0; i < count; ++i) batch.drafts.push_back(maker.draw(seed, number * count + i, chunk));
      return batch;
    }
    batch.noisy.resize(chunk * count);
    batch.clean.resize(chunk * count);
    for (std::size_t i = 0; i < count; ++i) {
      maker.make(seed, number * count + i, std::span(batch.noisy).subspan(i * chunk, chunk),
                 std::span(batch.clean).subspan(i * chunk, chunk));
    }
    return batch;
  }

  void work() {
    for (;;) {
      std::unique_lock lock(mutex);
      room_for_more.wait(lock, [this] { return stopping || failure || next_to_make < next_to_give + ahead; });
      if (stopping || failure) return;
      const std::uint64_t number = next_to_make++;  // within the share
      lock.unlock();
      try {
        Batch batch = make(share.number(number));
        lock.lock();
        ready.emplace(number, std::move(batch));
      } catch (...) {
        if (!lock.owns_lock()) lock.lock();
        if (!failure) failure = std::current_exception();
      }
      lock.unlock();
      batch_is_ready.notify_all();
    }
  }

  Batch next() {
    std::unique_lock lock(mutex);
    const std::uint64_t number = next_to_give++;
    room_for_more.notify_all();
    const auto start = std::chrono::steady_clock::now();
    batch_is_ready.wait(lock, [&] { return ready.contains(number) || failure; });
    waited += elapsed_s(start);
    const auto found = ready.find(number);
    if (found == ready.end()) std::rethrow_exception(failure);
    Batch batch = std::move(found->second);
    ready.erase(found);
    return batch;
  }

  const CorpusClips clips;
  const PairMaker maker;
  const std::uint64_t seed;
  const int batch_size, chunk_samples;
  const std::uint64_t ahead;
  const Share share;
  const bool mixes;

  mutable std::mutex mutex;
  std::condition_variable room_for_more, batch_is_ready;
  std::uint64_t next_to_make, next_to_give;
  std::map<std::uint64_t, Batch> ready;
  std::exception_ptr failure;
  double waited = 0;
  bool stopping = false;
  std::vector<std::thread> threads;
};

Loader::Loader(const Corpus& corpus, const MixOptions& options, Split split, std::uint64_t seed, int batch_size,
               int chunk_samples, std::uint64_t first_batch, int workers, int ahead, Share share, bool mixes)
    : impl_(std::make_unique<Impl>(corpus, options, split, seed, batch_size, chunk_samples, first_batch, workers, ahead,
                                   share, mixes)) {}

Loader::~Loader() = default;

Batch Loader::next() { return impl_->next(); }

double Loader::waited_s() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waited;
}

}  // namespace pellucid::corpus
