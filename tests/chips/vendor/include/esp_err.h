// A stand-in for ESP-IDF's.
#pragma once
typedef int esp_err_t;
#define ESP_OK 0
#define ESP_ERROR_CHECK(x)               \
  do {                                   \
    if ((x) != ESP_OK) __builtin_trap(); \
  } while (0)
