// A stand-in for FreeRTOS.
#pragma once
#include <stddef.h>
#include <stdint.h>
