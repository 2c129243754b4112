#include "corpus/corpus.hpp"

#include <array>
#include <map>

#include "corpus/index.hpp"
#include "corpus/shard_file.hpp"
#include "support/crc32.hpp"
#include "support/error.hpp"
#include "support/thread_pool.hpp"

namespace pellucid::corpus {

struct Corpus::Impl {
  Index index;
  std::vector<MappedFile> shards;
  std::array<std::array<std::vector<std::uint32_t>, 3>, 3> selections;  // [kind][split]
};

namespace {

/// Whoever stands on two sides of the split would be tested with what the network has learnt by heart.
void check_sides(const Index& index, const std::string& name) {
  constexpr const char* kSplits[] = {"train", "valid", "test"};
  std::map<std::pair<Kind, std::string>, Split> sides;
  for (const Clip& clip : index.clips) {
    const Split side = sides.try_emplace({clip.kind, clip.group}, clip.split).first->second;
    if (side == clip.split) continue;
    throw Error(ExitCode::kCorpus,
                "{}: found {} '{}' in the {} and in the {} split, expected one of them; make the corpus again with "
                "`pellucid prepare`, which splits by group",
                name, clip.kind == Kind::kSpeech ? "speaker" : "source", clip.group, kSplits[static_cast<int>(side)],
                kSplits[static_cast<int>(clip.split)]);
  }
}

std::filesystem::path index_of(const std::filesystem::path& dir) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(dir, ignored)) {
    throw Error(ExitCode::kCorpus, "{}: found no such folder, expected a corpus; make one with `pellucid prepare`",
                dir.string());
  }
  if (!std::filesystem::exists(dir / kIndexName, ignored)) {
    throw Error(ExitCode::kCorpus, "{}: found no {}, expected a finished corpus; make one with `pellucid prepare`",
                dir.string(), kIndexName);
  }
  return dir / kIndexName;
}

}  // namespace

std::uint32_t index_checksum(const std::filesystem::path& dir) {
  const MappedFile index(index_of(dir));
  return crc32(0, index.bytes().data(), index.bytes().size());
}

Corpus::Corpus(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Corpus::~Corpus() = default;
Corpus::Corpus(Corpus&&) noexcept = default;
Corpus& Corpus::operator=(Corpus&&) noexcept = default;

Corpus Corpus::open(const std::filesystem::path& dir) {
  const std::filesystem::path index_path = index_of(dir);
  auto impl = std::make_unique<Impl>();
  {
    const MappedFile file(index_path);
    impl->index = parse_index(file.text(), index_path.string());
    check_sides(impl->index, index_path.string());
  }
  for (const ShardInfo& shard : impl->index.shards) {
    MappedFile file(dir / shard.name);
    if (file.bytes().size() != shard.bytes) {
      throw Error(ExitCode::kCorpus,
                  "{}: found {} bytes, the index expects {}; copy the shard again or make the corpus again",
                  (dir / shard.name).string(), file.bytes().size(), shard.bytes);
    }
    impl->shards.push_back(std::move(file));
  }
  // All of them are read, which takes a while: by every core, and the first in order is told of.
  std::vector<std::uint32_t> sums(impl->shards.size());
  parallel_for(sums.size(), 0, [&](std::size_t i) {
    const auto bytes = impl->shards[i].bytes();
    sums[i] = crc32(0, bytes.data(), bytes.size());
  });
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const ShardInfo& shard = impl->index.shards[i];
    if (sums[i] != shard.crc32) {
      throw Error(ExitCode::kCorpus,
                  "{}: the checksum does not match the index; copy the shard again or make the corpus again",
                  (dir / shard.name).string());
    }
  }
  for (std::size_t i = 0; i < impl->index.clips.size(); ++i) {
    const Clip& clip = impl->index.clips[i];
    impl->selections[static_cast<std::size_t>(clip.kind)][static_cast<std::size_t>(clip.split)].push_back(
        static_cast<std::uint32_t>(i));
  }
  return Corpus(std::move(impl));
}

int Corpus::rate_hz() const { return impl_->index.rate_hz; }

std::span<const Clip> Corpus::clips() const { return impl_->index.clips; }

std::span<const std::uint32_t> Corpus::select(Kind kind, Split split) const {
  return impl_->selections[static_cast<std::size_t>(kind)][static_cast<std::size_t>(split)];
}

std::span<const std::int16_t> Corpus::samples(const Clip& clip) const {
  const std::span<const std::byte> bytes = impl_->shards[clip.shard].bytes();
  // A map starts on a page and every clip on an even byte, so the samples are aligned.
  return {reinterpret_cast<const std::int16_t*>(bytes.data()) + clip.offset_samples,
          static_cast<std::size_t>(clip.frames)};
}

}  // namespace pellucid::corpus
