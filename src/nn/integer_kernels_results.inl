// What becomes of the sums of products, included by integer_kernels_products.inl.

/// Numbers of kLanes rows, as they stand before their weights.
struct RowNumbers {
  int32_t bias[kLanes], shift[kLanes], multiplier[kLanes], negative[kLanes];
};
/// Of one row.
struct OneRow {
  int32_t bias, shift, multiplier, negative;
};

/// A register's shifts and multipliers.
struct Scales {
  Sums shift, multiplier, negative;
};
PELLUCID_INLINE Scales scales_of(const RowNumbers& n) {
  return {load<Sums>(n.shift), load<Sums>(n.multiplier), load<Sums>(n.negative)};
}
PELLUCID_INLINE Scales scales_of(const OneRow& n) { return {all(n.shift), all(n.multiplier), all(n.negative)}; }

/// A number that is known when a kernel is compiled, as an argument.
template <int kNumber>
struct Known {
  static constexpr int kValue = kNumber;
};

/// kSloped: whether the two multipliers can differ.
template <bool kSloped>
PELLUCID_INLINE Sums scale_sums(Sums sum, const Scales& scales) {
  const Sums v = larger(smaller(sum >> scales.shift, all(131071)), all(-131072));
  if constexpr (kSloped) {
    return (v * (v < 0 ? scales.negative : scales.multiplier) + 8192) >> 14;
  } else {
    return (v * scales.multiplier + 8192) >> 14;
  }
}

/// What comes after the sums: where results go and what is added to them. residual2 is null where residual is.
struct Results {
  int16_t* y;
  const int16_t *residual, *residual2;

  template <int kResiduals>
  [[gnu::always_inline]] inline Sums with_residuals(Sums value, size_t at) const {
    if constexpr (kResiduals >= 1) value += widen(residual + at);
    if constexpr (kResiduals >= 2) value += widen(residual2 + at);
    return value;
  }
  /// The first `count` lanes.
  [[gnu::always_inline]] inline void store(Sums value, size_t at, size_t count) const {
    if (residual != nullptr) value += widen(residual + at);
    if (residual2 != nullptr) value += widen(residual2 + at);
    store_first(y + at, saturated16(value), count);
  }
  /// A register full.
  template <int kResiduals>
  [[gnu::always_inline]] inline void store_one(Sums value, size_t at) const {
    const Shorts result = saturated16(with_residuals<kResiduals>(value, at));
    __builtin_memcpy(y + at, &result, sizeof result);
  }
  /// One half at `at`, the other `step` further.
  template <int kResiduals>
  [[gnu::always_inline]] inline void store_halves(Sums value, size_t at, size_t step) const {
    if constexpr (kResiduals >= 1) value += widened(two_halves(residual + at, residual + at + step));
    if constexpr (kResiduals >= 2) value += widened(two_halves(residual2 + at, residual2 + at + step));
    const Shorts result = saturated16(value);
    const HalfShorts first = half_of<0>(result), second = half_of<1>(result);
    __builtin_memcpy(y + at, &first, sizeof first);
    __builtin_memcpy(y + at + step, &second, sizeof second);
  }
  /// Two registers full, one behind the other.
  template <int kResiduals>
  [[gnu::always_inline]] inline void store_two(Sums a, Sums b, size_t at) const {
    const Pairs result = saturated16(with_residuals<kResiduals>(a, at), with_residuals<kResiduals>(b, at + kLanes));
    __builtin_memcpy(y + at, &result, sizeof result);
  }
  /// Calls body with the number of residuals.
  template <typename Body>
  [[gnu::always_inline]] inline void count_residuals(Body body) const {
    if (residual == nullptr) {
      body(Known<0>{});
    } else if (residual2 == nullptr) {
      body(Known<1>{});
    } else {
      body(Known<2>{});
    }
  }
};

/// kCount (even) registers of results, one behind the other from `at` on.
template <size_t kCount>
PELLUCID_INLINE void store_together(const Results& to, const Sums* value, size_t at) {
  to.count_residuals([&](auto residuals) {
#pragma GCC unroll 16
    for (size_t i = 0; i < kCount; i += 2) {
      to.store_two<decltype(residuals)::kValue>(value[i], value[i + 1], at + i * kLanes);
    }
  });
}

/// Calls body with the number of residuals and with whether multipliers differ.
template <typename Body>
PELLUCID_INLINE void finish(const Results& to, Sums slopes, Body body) {
  const auto with = [&](auto sloped) { to.count_residuals([&](auto residuals) { body(residuals, sloped); }); };
  if (any(slopes)) {
    with(Known<1>{});
  } else {
    with(Known<0>{});
  }
}
PELLUCID_INLINE Sums slopes_of(const Scales& scales) { return scales.multiplier ^ scales.negative; }

/// kCount (even) registers of results, one behind the other from `at` on, with the same scales.
template <size_t kCount>
PELLUCID_INLINE void finish_together(const Results& to, const Sums* sum, const Scales& scales, size_t at) {
  finish(to, slopes_of(scales), [&](auto residuals, auto sloped) {
    constexpr bool kSloped = decltype(sloped)::kValue != 0;
#pragma GCC unroll 16
    for (size_t i = 0; i < kCount; i += 2) {
      to.store_two<decltype(residuals)::kValue>(scale_sums<kSloped>(sum[i], scales),
                                                scale_sums<kSloped>(sum[i + 1], scales), at + i * kLanes);
    }
  });
}

/// kCount registers of results, `step` apart, with the same scales.
template <size_t kCount>
PELLUCID_INLINE void finish_apart(const Results& to, const Sums* sum, const Scales& scales, size_t at, size_t step) {
  finish(to, slopes_of(scales), [&](auto residuals, auto sloped) {
#pragma GCC unroll 16
    for (size_t i = 0; i < kCount; ++i) {
      to.store_one<decltype(residuals)::kValue>(scale_sums<decltype(sloped)::kValue != 0>(sum[i], scales),
                                                at + i * step);
    }
  });
}

/// kCount registers of two halves each, all `step` apart, with the same scales.
template <size_t kCount>
PELLUCID_INLINE void finish_halves(const Results& to, const Sums* sum, const Scales& scales, size_t at, size_t step) {
  finish(to, slopes_of(scales), [&](auto residuals, auto sloped) {
#pragma GCC unroll 16
    for (size_t i = 0; i < kCount; ++i) {
      to.store_halves<decltype(residuals)::kValue>(scale_sums<decltype(sloped)::kValue != 0>(sum[i], scales),
                                                   at + 2 * i * step, step);
    }
  });
}

/// Rows `step` apart of two registers each, with scales of their own.
template <int kCount>
PELLUCID_INLINE void finish_rows(const Results& to, const Sums* first, const Sums* second, const Scales& scales,
                                 const Scales& scales2, size_t at, size_t step, Known<kCount>) {
  finish(to, slopes_of(scales) | slopes_of(scales2), [&](auto residuals, auto sloped) {
    constexpr bool kSloped = decltype(sloped)::kValue != 0;
#pragma GCC unroll 16
    for (size_t r = 0; r < static_cast<size_t>(kCount); ++r) {
      to.store_two<decltype(residuals)::kValue>(scale_sums<kSloped>(first[r], scales),
                                                scale_sums<kSloped>(second[r], scales2), at + r * step);
    }
  });
}
