// A stand-in for FreeRTOS.
#pragma once
#include <stddef.h>
#include <stdint.h>
typedef void* StreamBufferHandle_t;
StreamBufferHandle_t xStreamBufferCreate(size_t bytes, size_t trigger);
size_t xStreamBufferSend(StreamBufferHandle_t buffer, const void* data, size_t bytes, uint32_t ticks);
size_t xStreamBufferReceive(StreamBufferHandle_t buffer, void* data, size_t bytes, uint32_t ticks);
size_t xStreamBufferBytesAvailable(StreamBufferHandle_t buffer);
size_t xStreamBufferSpacesAvailable(StreamBufferHandle_t buffer);
