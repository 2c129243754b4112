#include "corpus/mix_clips.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "corpus/mix.hpp"

namespace pellucid::corpus {
namespace {

// What a noise is called: its source (first folder) and label; its folder where nobody labelled it.
std::string noise_class(const Clip& clip) {
  const auto slash = clip.label.empty() ? clip.path.rfind('/') : clip.path.find('/');
  return (slash == std::string::npos ? std::string() : clip.path.substr(0, slash)) + '|' + clip.label;
}

double weight_of(std::uint64_t frames) { return std::sqrt(static_cast<double>(frames)); }

void multiply(std::span<float> x, float gain) {
  for (float& v : x) v *= gain;
}

void fade(std::span<float> x, std::size_t size, bool in) {
  size = std::min(size, x.size());
  for (std::size_t i = 0; i < size; ++i) {
    const float gain = (static_cast<float>(i) + 0.5f) / static_cast<float>(size);
    (in ? x[i] : x[x.size() - 1 - i]) *= gain;
  }
}

float db_gain(double db) { return static_cast<float>(std::pow(10, db / 20)); }

void note(std::vector<std::string>* names, const std::string& name) {
  if (names && std::find(names->begin(), names->end(), name) == names->end()) names->push_back(name);
}

}  // namespace

void CorpusClips::read(const Clip& clip, std::uint64_t offset_samples, std::span<float> out) const {
  const auto samples = corpus_.samples(clip).subspan(offset_samples, out.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(samples[i]) * 0x1p-15f;
}

void WeightedChoice::add(double weight) {
  cumulative_.push_back((cumulative_.empty() ? 0 : cumulative_.back()) + std::max(weight, 0.0));
}

std::size_t WeightedChoice::draw(Random& rng) const {
  const double at = rng.uniform() * cumulative_.back();
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), at);
  return std::min(static_cast<std::size_t>(found - cumulative_.begin()), cumulative_.size() - 1);
}

Catalogue::Catalogue(const ClipSource& source, Split split) : source_(source) {
  std::map<std::string, ClipGroup> speakers, noises;
  const auto clips = source.clips();
  for (std::uint32_t i = 0; i < clips.size(); ++i) {
    const Clip& clip = clips[i];
    if (clip.split != split || clip.frames == 0) continue;
    if (clip.kind == Kind::kRir) {
      rooms_.push_back(i);
      continue;
    }
    const bool speech = clip.kind == Kind::kSpeech;
    ClipGroup& group = speech ? speakers[clip.group] : noises[noise_class(clip)];
    group.clips.push_back(i);
    group.weights.add(weight_of(clip.frames));
  }
  const auto move_all = [&](std::map<std::string, ClipGroup>& from, std::vector<ClipGroup>& to,
                            WeightedChoice& weights) {
    for (auto& [name, group] : from) {
      std::uint64_t frames = 0;
      for (const std::uint32_t i : group.clips) frames += clips[i].frames;
      weights.add(weight_of(frames));
      group.name = name;
      to.push_back(std::move(group));
    }
  };
  move_all(speakers, speakers_, speaker_weights_);
  move_all(noises, noises_, noise_weights_);
}

void Catalogue::fill_speech(std::size_t speaker, Random& rng, std::span<float> out,
                            std::vector<std::string>* names) const {
  const auto rate = static_cast<double>(source_.rate_hz());
  const ClipGroup& group = speakers_[speaker];
  const auto edge = static_cast<std::size_t>(0.004 * rate);
  std::size_t at = 0, last = group.clips.size();
  for (bool first = true; at < out.size(); first = false) {
    std::size_t chosen = group.weights.draw(rng);
    if (chosen == last) chosen = group.weights.draw(rng);  // once more, so that repeats are rare
    last = chosen;
    const Clip& clip = source_.clips()[group.clips[chosen]];
    std::uint64_t skip = 0;
    if (first && clip.frames > out.size()) {
      skip = rng.integer(clip.frames - out.size() + 1);
    } else if (first) {
      if (rng.chance(0.5)) {
        skip = rng.integer(clip.frames / 2 + 1);
      } else {
        const auto lead = static_cast<std::size_t>(rng.uniform(0, 0.4) * rate);
        for (const std::size_t end = std::min(lead, out.size()); at < end; ++at) out[at] = 0;
      }
    }
    const std::size_t size = std::min(out.size() - at, static_cast<std::size_t>(clip.frames - skip));
    const auto part = out.subspan(at, size);
    source_.read(clip, skip, part);
    const double level = std::clamp(static_cast<double>(source_.level_dbfs(clip)), -70.0, 0.0);
    multiply(part, db_gain(-26 - level));
    fade(part, edge, true);
    fade(part, edge, false);
    note(names, clip.path);
    at += size;
    const auto pause = static_cast<std::size_t>(rng.uniform(0.05, 0.6) * rate);
    for (const std::size_t end = std::min(at + pause, out.size()); at < end; ++at) out[at] = 0;
  }
}

void Catalogue::fill_noise(std::size_t noise, Random& rng, std::span<float> out,
                           std::vector<std::string>* names) const {
  const auto rate = static_cast<double>(source_.rate_hz());
  const ClipGroup& group = noises_[noise];
  const Clip& clip = source_.clips()[group.clips[group.weights.draw(rng)]];
  note(names, clip.path);
  const auto frames = static_cast<std::size_t>(clip.frames);
  if (frames >= out.size()) {
    // A stretch that is nearly silent would be raised to a hiss: look for one with something in it.
    const double quiet =
        0.05 * std::pow(10, std::clamp(static_cast<double>(source_.level_dbfs(clip)), -90.0, 0.0) / 20);
    for (int attempt = 0; attempt < 5; ++attempt) {
      source_.read(clip, rng.integer(frames - out.size() + 1), out);
      if (rms(out) > quiet) break;
    }
    return;
  }
  std::fill(out.begin(), out.end(), 0.0f);
  thread_local std::vector<float> whole, part;
  whole.resize(frames);
  source_.read(clip, 0, whole);
  const double seconds = static_cast<double>(frames) / rate;
  const bool loop = seconds > 0.4 && rng.chance(seconds > 1.5 ? 0.8 : 0.4);
  if (loop) {
    const std::size_t overlap = std::min(frames / 4, static_cast<std::size_t>(0.1 * rate));
    std::size_t skip = rng.integer(frames - 2 * overlap);
    for (std::size_t at = 0; at < out.size();) {
      part.assign(whole.begin() + static_cast<std::ptrdiff_t>(skip), whole.end());
      // Equal powers, as the two ends have nothing to do with one another.
      for (std::size_t i = 0; i < overlap; ++i) {
        const float t = (static_cast<float>(i) + 0.5f) / static_cast<float>(overlap);
        if (at > 0) part[i] *= std::sqrt(t);
        part[part.size() - overlap + i] *= std::sqrt(1 - t);
      }
      for (std::size_t i = 0; i < std::min(part.size(), out.size() - at); ++i) out[at + i] += part[i];
      at += part.size() - overlap;
      skip = 0;
    }
    return;
  }
  const auto edge = static_cast<std::size_t>(0.003 * rate);
  fade(whole, edge, true);
  fade(whole, edge, false);
  std::size_t at = 0;
  std::size_t skip = rng.chance(0.5) ? rng.integer(frames / 2 + 1) : 0;
  if (skip == 0) at = static_cast<std::size_t>(rng.uniform(0, 0.3) * static_cast<double>(out.size()));
  while (at < out.size()) {
    const float gain = db_gain(rng.uniform(-8, 0));
    const std::size_t size = std::min(frames - skip, out.size() - at);
    for (std::size_t i = 0; i < size; ++i) out[at + i] += gain * whole[skip + i];
    at += size + static_cast<std::size_t>(rng.uniform(0.02, 1.2) * rate);
    skip = 0;
  }
}

bool Catalogue::fill_babble(std::size_t speaker, int voices, Random& rng, std::span<float> out,
                            std::vector<std::string>* names) const {
  const bool other = speakers_.size() > (speaker < speakers_.size() ? 1u : 0u);
  if (!other) return false;
  std::fill(out.begin(), out.end(), 0.0f);
  thread_local std::vector<float> voice;
  voice.resize(out.size());
  for (int k = 0; k < voices; ++k) {
    std::size_t chosen = speaker_weights_.draw(rng);
    for (int attempt = 0; chosen == speaker && attempt < 8; ++attempt) chosen = speaker_weights_.draw(rng);
    if (chosen == speaker) chosen = (speaker + 1) % speakers_.size();
    fill_speech(chosen, rng, voice, names);
    const float gain = db_gain(rng.uniform(-4, 4));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += gain * voice[i];
  }
  return true;
}

}  // namespace pellucid::corpus
