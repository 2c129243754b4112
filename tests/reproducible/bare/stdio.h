// What digest.cpp takes of a C library, where there is none; s390x.cpp has it.
#pragma once

#include <stddef.h>

extern "C" {
struct FILE;
FILE* fopen(const char* path, const char* mode);
size_t fread(void* to, size_t size, size_t count, FILE* file);
int fclose(FILE* file);
int printf(const char* format, const char* name, unsigned long high, unsigned long low);
}
