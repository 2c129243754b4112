#include "corpus/mix_dataset.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <optional>

#include "audio/stream.hpp"
#include "corpus/mix_parts.hpp"
#include "support/atomic_file.hpp"
#include "support/csv.hpp"
#include "support/error.hpp"
#include "support/thread_pool.hpp"

namespace pellucid::corpus {
namespace {

namespace fs = std::filesystem;

// Streams of random numbers: the order of recordings, and one for every pair.
constexpr std::uint64_t kOrderStream = 0x6f72646572, kPairStream = 0x70616972;

// libsndfile's SF_FORMAT_WAV | SF_FORMAT_PCM_16 and _24.
constexpr int kWavPcm16 = 0x010002, kWavPcm24 = 0x010003;

struct Plan {
  std::vector<std::uint32_t> speech;  ///< clips in the order in which whole recordings are taken
  std::vector<std::size_t> speakers;  ///< of those
  std::uint64_t pairs = 0;
};

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : "+") + name;
  return text;
}

void check(const Catalogue& catalogue, const DatasetOptions& options) {
  const auto usage = [](const std::string& text) { throw Error(ExitCode::kUsage, text); };
  if (options.length_s != 0 && !(options.length_s >= 0.1 && options.length_s <= 3600))
    usage(fmt::format("--length-s: found {:g}, expected 0.1 to 3600 seconds.", options.length_s));
  if (options.snrs_db.empty() && !(options.snr_min_db <= options.snr_max_db))
    usage(
        fmt::format("--snr: {:g}:{:g} is empty; write the smaller one first.", options.snr_min_db, options.snr_max_db));
  if (!(options.level_min_dbfs <= options.level_max_dbfs) || options.level_min_dbfs < -90 || options.level_max_dbfs > 0)
    usage("--level: expected MIN:MAX between -90 and 0 dBFS.");
  if (options.bits != 16 && options.bits != 24)
    usage(fmt::format("--bits: found {}, expected 16 or 24.", options.bits));
  if (options.length_s > 0 && options.count == 0 && options.hours <= 0)
    usage("--length-s needs --count or --hours to say how much to write.");
  if (catalogue.speakers().empty())
    throw Error(ExitCode::kCorpus,
                "There is no usable speech to mix: in folders of --speech none is fit, or the --split of --corpus is "
                "empty; `pellucid prepare --test 0.05` fills test, --split valid takes what training is measured by.");
  if (options.recorded && catalogue.noises().empty())
    throw Error(ExitCode::kCorpus, "There is no usable recorded noise to mix; give --noise a folder or a kind.");
  if (!options.recorded && !options.babble && options.kinds.empty())
    throw Error(ExitCode::kUsage, "There is no noise to mix; give --noise a folder or a kind.");
  if (options.babble && catalogue.speakers().size() < 2) {
    throw Error(ExitCode::kCorpus, "Babble needs two or more speakers, each in a folder of their own; found {}.",
                catalogue.speakers().size());
  }
}

Plan make_plan(const Catalogue& catalogue, const DatasetOptions& options) {
  Plan plan;
  std::vector<std::pair<std::uint32_t, std::size_t>> order;
  for (std::size_t s = 0; s < catalogue.speakers().size(); ++s)
    for (const std::uint32_t clip : catalogue.speakers()[s].clips) order.emplace_back(clip, s);
  Random rng(options.seed, kOrderStream);
  shuffle(order, rng);
  for (const auto& [clip, speaker] : order) {
    plan.speech.push_back(clip);
    plan.speakers.push_back(speaker);
  }
  const double rate = catalogue.source().rate_hz();
  if (options.count > 0) {
    plan.pairs = options.count;
  } else if (options.hours > 0 && options.length_s > 0) {
    const double pairs = std::ceil(options.hours * 3600 / options.length_s - 1e-9);
    plan.pairs = static_cast<std::uint64_t>(std::clamp(pairs, 1.0, static_cast<double>(kMostPairs + 1)));
  } else if (options.hours > 0) {
    for (double seconds = 0; seconds < options.hours * 3600 && plan.pairs <= kMostPairs; ++plan.pairs) {
      const Clip& clip = catalogue.source().clips()[plan.speech[plan.pairs % plan.speech.size()]];
      seconds += static_cast<double>(clip.frames) / rate;
    }
  } else {
    plan.pairs = plan.speech.size();
  }
  if (plan.pairs > kMostPairs) {
    throw Error(ExitCode::kUsage, "{}: found more than {} pairs, which is the most of a dataset; ask for fewer{}.",
                options.count > 0 ? "--count" : "--hours", kMostPairs,
                options.length_s > 0 ? ", or for longer ones with --length-s" : "");
  }
  return plan;
}

class Dataset {
 public:
  Dataset(const Catalogue& catalogue, const DatasetOptions& options, fs::path folder)
      : catalogue_(catalogue), options_(options), folder_(std::move(folder)), plan_(make_plan(catalogue, options)) {
    digits_ = std::max<std::size_t>(5, std::to_string(plan_.pairs).size());
  }

  std::uint64_t pairs() const { return plan_.pairs; }

  std::string name(std::uint64_t index) const { return fmt::format("{:0{}}.{}", index, digits_, options_.extension); }

  PairRow write(std::uint64_t index) const {
    Random rng(options_.seed, kPairStream, index);
    const int rate_hz = catalogue_.source().rate_hz();
    const double drawn_db = rng.uniform(options_.snr_min_db, options_.snr_max_db);
    const double snr_db = options_.snrs_db.empty() ? drawn_db : options_.snrs_db[index % options_.snrs_db.size()];
    const double level_dbfs = rng.uniform(options_.level_min_dbfs, options_.level_max_dbfs);
    std::vector<std::string> speech_names, noise_names;
    std::vector<float> speech, noise;
    const std::size_t speaker = fill_speech(index, rng, speech, speech_names);
    noise.resize(speech.size());
    fill_noise(speaker, rng, noise, noise_names);

    const std::string name = this->name(index);
    ExactMixture mixture;
    try {
      mixture = mix_exactly(speech, noise, rate_hz,
                            {snr_db, level_dbfs, options_.mode, options_.allow_clipping, options_.bits});
    } catch (const Error& error) {
      throw Error(error.code(), "{} ({} with {}): {}", name, join(speech_names), join(noise_names), error.what());
    }
    save(folder_ / "clean" / name, mixture.clean);
    save(folder_ / "noisy" / name, mixture.noisy);
    const double seconds = static_cast<double>(speech.size()) / rate_hz;
    return {fmt::format("{},{:.3f},{},{},{:.3f},{:.6f},{:.4f},{},{}\n", name, snr_db, csv_field(join(noise_names)),
                        csv_field(join(speech_names)), mixture.level_dbfs, mixture.scale, seconds, options_.seed,
                        options_.mode == SnrMode::kActive ? "active" : "rms"),
            seconds, std::fabs(mixture.scale - 1) > 1e-9};
  }

 private:
  std::size_t fill_speech(std::uint64_t index, Random& rng, std::vector<float>& speech,
                          std::vector<std::string>& names) const {
    if (options_.length_s > 0) {
      speech.resize(static_cast<std::size_t>(options_.length_s * catalogue_.source().rate_hz() + 0.5));
      std::size_t speaker = 0;
      // A stretch without speech says nothing about a denoiser: draw again.
      for (int attempt = 0; attempt < 8; ++attempt) {
        names.clear();
        speaker = catalogue_.draw_speaker(rng);
        catalogue_.fill_speech(speaker, rng, speech, &names);
        if (rms(speech) > 0.005) break;
      }
      return speaker;
    }
    const std::size_t k = index % plan_.speech.size();
    const Clip& clip = catalogue_.source().clips()[plan_.speech[k]];
    speech.resize(clip.frames);
    catalogue_.source().read(clip, 0, speech);
    names.push_back(clip.path);
    return plan_.speakers[k];
  }

  void fill_noise(std::size_t speaker, Random& rng, std::span<float> noise, std::vector<std::string>& names) const {
    const std::size_t choices = options_.kinds.size() + (options_.recorded ? 1 : 0) + (options_.babble ? 1 : 0);
    const std::size_t choice = rng.integer(choices);
    if (choice < options_.kinds.size()) {
      synthesize(options_.kinds[choice], rng, catalogue_.source().rate_hz(), noise);
      names.emplace_back(name_of(options_.kinds[choice]));
    } else if (options_.recorded && choice == options_.kinds.size()) {
      for (int attempt = 0; attempt < 8; ++attempt) {
        names.clear();
        catalogue_.fill_noise(catalogue_.draw_noise(rng), rng, noise, &names);
        if (rms(noise) > 1e-5) break;
      }
    } else {
      catalogue_.fill_babble(speaker, random_int(rng, 3, 8), rng, noise, &names);
      names.insert(names.begin(), "babble");
    }
  }

  void save(const fs::path& path, std::span<const float> samples) const {
    audio::StreamFormat wav;
    wav.rate_hz = catalogue_.source().rate_hz();
    wav.channels = 1;
    wav.code = options_.bits == 24 ? kWavPcm24 : kWavPcm16;
    audio::Writer writer(path, audio::output_format(wav, path), AtomicFile::Existing::kReplace);
    constexpr std::size_t kBlock = 16384;
    std::vector<double> exact;
    for (; !samples.empty(); samples = samples.subspan(exact.size())) {
      const std::span<const float> block = samples.first(std::min(kBlock, samples.size()));
      exact.assign(block.begin(), block.end());
      writer.write(exact);
    }
    writer.close();
  }

  const Catalogue& catalogue_;
  const DatasetOptions& options_;
  const fs::path folder_;
  const Plan plan_;
  std::size_t digits_ = 5;
};

constexpr const char* kParts[] = {"clean", "noisy", "log.csv"};

// The folder in which a dataset grows; gone unless it was moved into place.
class Staging {
 public:
  Staging(const fs::path& out, const Part& part, bool force)
      : out_(out), folder_(part.divided() ? part.folder(out) += ".tmp" : out / ".mix-partial") {
    std::error_code code;
    if (fs::exists(out_, code) && !fs::is_directory(out_, code))
      throw Error(ExitCode::kOutput, "{}: is a file, expected a folder to write to.", out_.string());
    for (const fs::path& place : {out_ / kParts[0], out_ / kParts[1], out_ / kParts[2], part.folder(out_)}) {
      if (!force && fs::exists(place, code)) {
        throw Error(ExitCode::kOutput, "{}: exists already; choose another folder or replace it with --force.",
                    place.string());
      }
    }
    created_ = !fs::exists(out_, code);
    fs::remove_all(folder_, code);
    for (const char* name : {"clean", "noisy"}) {
      if (fs::create_directories(folder_ / name, code); code)
        throw Error(ExitCode::kOutput, "{}: cannot be created ({}).", (folder_ / name).string(), code.message());
    }
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() {
    std::error_code code;
    fs::remove_all(folder_, code);
    if (created_ && !placed_) fs::remove(out_, code);
  }

  const fs::path& folder() const { return folder_; }

  void place() {
    std::error_code code;
    // The log goes first and comes last: folders without one are not a dataset.
    fs::remove(out_ / "log.csv", code);
    for (const char* part : kParts) {
      fs::remove_all(out_ / part, code);
      if (fs::rename(folder_ / part, out_ / part, code); code)
        throw Error(ExitCode::kOutput, "{}: cannot be written ({}).", (out_ / part).string(), code.message());
    }
    for (const fs::path& part : part_folders(out_)) fs::remove_all(part, code);
    placed_ = true;
  }

  void place_part(const Part& part) {
    std::error_code code;
    const fs::path place = part.folder(out_);
    fs::remove_all(place, code);
    if (fs::rename(folder_, place, code); code)
      throw Error(ExitCode::kOutput, "{}: cannot be written ({}).", place.string(), code.message());
    placed_ = true;
  }

 private:
  fs::path out_, folder_;
  bool created_ = false, placed_ = false;
};

}  // namespace

DatasetResult write_dataset(const Catalogue& catalogue, const DatasetOptions& options, const DatasetHooks& hooks) {
  check(catalogue, options);
  Staging staging(options.out, options.part, options.force);
  const Dataset dataset(catalogue, options, staging.folder());
  const bool divided = options.part.divided();
  const std::uint64_t first = divided ? static_cast<std::uint64_t>(options.part.index - 1) : 0;
  const std::uint64_t step = divided ? static_cast<std::uint64_t>(options.part.count) : 1;
  const std::uint64_t count = dataset.pairs() > first ? (dataset.pairs() - first - 1) / step + 1 : 0;
  if (hooks.planned) hooks.planned(count);
  const std::string fingerprint = pairs_fingerprint(catalogue, options);
  std::optional<FinishedPairs> finished;
  if (!divided) finished.emplace(options.out, fingerprint);
  std::vector<PairRow> rows(count);
  std::atomic<std::uint64_t> taken = 0;
  parallel_for(rows.size(), options.jobs, [&](std::size_t i) {
    if (hooks.stop && hooks.stop())
      throw Error(ExitCode::kInterrupted, "Interrupted; {} is as it was.", options.out.string());
    const std::uint64_t pair = first + i * step;
    if (finished && finished->take(pair, dataset.name(pair), staging.folder(), rows[i])) {
      ++taken;
    } else {
      rows[i] = dataset.write(pair);
    }
    if (hooks.written) hooks.written();
  });
  DatasetResult result;
  result.taken = taken;
  std::string log = "name,snr,noise,speech,level,scale,seconds,seed,snr_mode\n";
  for (const PairRow& row : rows) {
    log += row.text;
    ++result.pairs;
    result.seconds += row.seconds;
    result.scaled += row.scaled ? 1 : 0;
  }
  if (divided) {
    std::map<std::uint64_t, PairRow> made;
    std::map<std::uint64_t, std::string> names;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      made[first + i * step] = rows[i];
      names[first + i * step] = dataset.name(first + i * step);
    }
    write_file(staging.folder() / "rows.jsonl", part_rows(staging.folder(), fingerprint, made, names));
    staging.place_part(options.part);
    return result;
  }
  write_file(staging.folder() / "log.csv", log);
  staging.place();
  return result;
}

}  // namespace pellucid::corpus
