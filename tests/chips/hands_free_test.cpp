// The headset application's way to Bluetooth, with stand-ins for FreeRTOS and Bluedroid.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <vector>

extern "C" {
#include "freertos/FreeRTOS.h"
#include "freertos/stream_buffer.h"
#include "halve_rate.h"
#include "hands_free.h"
}

namespace {

using Pcm = std::vector<std::int16_t>;

struct Ring {
  std::size_t room;
  std::deque<std::uint8_t> bytes;
};
esp_hf_client_outgoing_data_cb_t take = nullptr;

}  // namespace

extern "C" {
StreamBufferHandle_t xStreamBufferCreate(std::size_t bytes, std::size_t /*trigger*/) { return new Ring{bytes, {}}; }
std::size_t xStreamBufferSend(StreamBufferHandle_t buffer, const void* data, std::size_t bytes,
                              std::uint32_t /*ticks*/) {
  const auto* from = static_cast<const std::uint8_t*>(data);
  static_cast<Ring*>(buffer)->bytes.insert(static_cast<Ring*>(buffer)->bytes.end(), from, from + bytes);
  return bytes;
}
std::size_t xStreamBufferReceive(StreamBufferHandle_t buffer, void* data, std::size_t bytes, std::uint32_t /*ticks*/) {
  auto& from = static_cast<Ring*>(buffer)->bytes;
  const std::size_t count = std::min(bytes, from.size());
  std::copy_n(from.begin(), count, static_cast<std::uint8_t*>(data));
  from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
  return count;
}
std::size_t xStreamBufferBytesAvailable(StreamBufferHandle_t buffer) {
  return static_cast<Ring*>(buffer)->bytes.size();
}
std::size_t xStreamBufferSpacesAvailable(StreamBufferHandle_t buffer) {
  return static_cast<Ring*>(buffer)->room - static_cast<Ring*>(buffer)->bytes.size();
}
esp_err_t esp_hf_client_register_data_callback(esp_hf_client_incoming_data_cb_t /*recv*/,
                                               esp_hf_client_outgoing_data_cb_t send) {
  take = send;
  return ESP_OK;
}
void esp_hf_client_outgoing_data_ready(void) {}
}

namespace {

class HandsFree : public testing::Test {
 protected:
  static void SetUpTestSuite() { hands_free_start(); }
  void TearDown() override { tell(ESP_HF_CLIENT_AUDIO_STATE_DISCONNECTED); }

  static void tell(esp_hf_client_audio_state_t state) {
    esp_hf_client_cb_param_t param;
    param.audio_stat.state = state;
    hands_free_on_event(ESP_HF_CLIENT_AUDIO_STATE_EVT, &param);
  }
  /// A block as Bluedroid asks for it; empty for silence.
  static Pcm asked(std::size_t samples) {
    Pcm block(samples);
    block.resize(take(reinterpret_cast<std::uint8_t*>(block.data()), static_cast<std::uint32_t>(2 * samples)) / 2);
    return block;
  }
  /// What a phone gets of a second of a tone at 16 kHz, after the first ask of a call.
  static Pcm called(double hz, double level) {
    asked(60);
    Pcm got;
    for (int hop = 0; hop < 62; ++hop) {
      Pcm samples(256);
      for (int i = 0; i < 256; ++i) {
        samples[i] = static_cast<std::int16_t>(std::lround(level * std::sin(2 * M_PI * hz * (256 * hop + i) / 16000)));
      }
      EXPECT_TRUE(hands_free_send(samples.data(), samples.size()));
      for (Pcm block = asked(60); !block.empty(); block = asked(60)) got.insert(got.end(), block.begin(), block.end());
    }
    return got;
  }
  static double rms(const Pcm& samples) {
    double sum = 0;
    for (std::size_t i = 100; i < samples.size(); ++i) sum += double(samples[i]) * samples[i];
    return std::sqrt(sum / double(samples.size() - 100));
  }
  /// Of samples 100 on, at a rate of 8 kHz.
  static double amplitude(const Pcm& samples, double hz) {
    double re = 0, im = 0;
    const std::size_t end = 100 + (samples.size() - 100) / 80 * 80;  // whole periods of 100 Hz
    for (std::size_t i = 100; i < end; ++i) {
      re += samples[i] * std::cos(2 * M_PI * hz * double(i) / 8000);
      im += samples[i] * std::sin(2 * M_PI * hz * double(i) / 8000);
    }
    return 2 * std::hypot(re, im) / double(end - 100);
  }
};

TEST_F(HandsFree, GivesMsbcTheSamplesAsTheyAre) {
  tell(ESP_HF_CLIENT_AUDIO_STATE_CONNECTED_MSBC);
  asked(120);
  Pcm hop(256);
  for (int i = 0; i < 256; ++i) hop[i] = static_cast<std::int16_t>(100 * i - 12800);
  ASSERT_TRUE(hands_free_send(hop.data(), hop.size()));
  EXPECT_EQ(asked(120), Pcm(hop.begin(), hop.begin() + 120));
  EXPECT_EQ(asked(120), Pcm(hop.begin() + 120, hop.begin() + 240));
  EXPECT_TRUE(asked(120).empty());
}

TEST_F(HandsFree, GivesCvsdHalfTheRateWithoutAliases) {
  for (const double hz : {100.0, 1000.0, 3400.0}) {
    tell(ESP_HF_CLIENT_AUDIO_STATE_CONNECTED);
    const Pcm got = called(hz, 20000);
    ASSERT_NEAR(double(got.size()), 62 * 128, 60);
    EXPECT_NEAR(amplitude(got, hz), 20000, 60) << hz;
    tell(ESP_HF_CLIENT_AUDIO_STATE_DISCONNECTED);
  }
  for (const double hz : {4600.0, 6000.0, 7900.0}) {
    tell(ESP_HF_CLIENT_AUDIO_STATE_CONNECTED);
    EXPECT_LT(rms(called(hz, 20000)), 20000 * 0.0025) << hz;  // 52 dB
    tell(ESP_HF_CLIENT_AUDIO_STATE_DISCONNECTED);
  }
}

TEST_F(HandsFree, StartsACallWithNothingOld) {
  const Pcm old(256, 1000), fresh(256, -1000);
  tell(ESP_HF_CLIENT_AUDIO_STATE_CONNECTED_MSBC);
  for (int hop = 0; hop < 3; ++hop) hands_free_send(old.data(), old.size());  // a call that nobody takes from
  tell(ESP_HF_CLIENT_AUDIO_STATE_DISCONNECTED);
  for (int hop = 0; hop < 3; ++hop) hands_free_send(old.data(), old.size());
  tell(ESP_HF_CLIENT_AUDIO_STATE_CONNECTED_MSBC);
  for (const std::int16_t x : asked(120)) EXPECT_EQ(x, -1000);
  ASSERT_TRUE(hands_free_send(fresh.data(), fresh.size()));
  EXPECT_EQ(asked(120), Pcm(120, -1000));
}

TEST(HalveRate, IsSymmetricAndHoldsTheLoudest) {
  halve_rate_state state = {};
  Pcm pulse(96), taps(48);  // the taps beside the middle: every other is zero
  pulse[0] = 32767;
  ASSERT_EQ(halve_rate(&state, pulse.data(), pulse.size(), taps.data()), taps.size());
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_NE(taps[i], 0);
    EXPECT_EQ(taps[i], taps[23 - i]) << i;
  }
  for (const int sign : {1, -1}) {  // the largest sums that there are
    Pcm loud(256), half(128);
    for (std::size_t k = 0; k < 24; ++k)
      loud[48 - 2 * k] = static_cast<std::int16_t>(taps[k] * sign < 0 ? -32768 : 32767);
    loud[48 - 23] = static_cast<std::int16_t>(sign < 0 ? -32768 : 32767);
    state = {};
    halve_rate(&state, loud.data(), loud.size(), half.data());
    EXPECT_EQ(half[24], sign < 0 ? -32768 : 32767);
  }
  state = {};
  Pcm constant(256, 32767);
  halve_rate(&state, constant.data(), constant.size(), constant.data());  // in its place
  EXPECT_EQ(constant[127], 32767);
}

}  // namespace
