// A stand-in for ESP-IDF's.
#pragma once
void stand_in_log(const char* tag, const char* format, ...);
#define ESP_LOGE(tag, ...) stand_in_log(tag, __VA_ARGS__)
