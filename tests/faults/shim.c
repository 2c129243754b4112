// Faults on demand, preloaded (LD_PRELOAD) into the program under test. The environment says which:
//
//   PELLUCID_FAULT_COUNT=FILE    at the end, how many operations on files that change something there were
//   PELLUCID_FAULT_KILL=N        SIGKILL in place of the N-th of them
//   PELLUCID_FAULT_READ=END      reading a file whose path ends so fails with EIO, after PELLUCID_FAULT_AFTER bytes (0)
//   PELLUCID_FAULT_CLOCK=SEED    every clock of the system jumps by up to six hours, back and forth, at every look
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_long operations;
static long kill_at = -1;
static uint64_t clock_seed;
static const char* read_end;
static long read_after;

__attribute__((constructor)) static void begin(void) {
  const char* text = getenv("PELLUCID_FAULT_KILL");
  if (text != NULL) kill_at = atol(text);
  text = getenv("PELLUCID_FAULT_CLOCK");
  if (text != NULL) clock_seed = strtoull(text, NULL, 10) + 1;
  text = getenv("PELLUCID_FAULT_AFTER");
  if (text != NULL) read_after = atol(text);
  read_end = getenv("PELLUCID_FAULT_READ");
}

__attribute__((destructor)) static void end(void) {
  const char* path = getenv("PELLUCID_FAULT_COUNT");
  FILE* file = path != NULL ? fopen(path, "w") : NULL;
  if (file == NULL) return;
  fprintf(file, "%ld\n", atomic_load(&operations));
  fclose(file);
}

static void changes(void) {
  if (atomic_fetch_add(&operations, 1) + 1 == kill_at) kill(getpid(), SIGKILL);
}

static void changes_file(int descriptor) {
  if (descriptor > STDERR_FILENO) changes();
}

ssize_t write(int descriptor, const void* from, size_t count) {
  changes_file(descriptor);
  return REAL(write)(descriptor, from, count);
}

ssize_t pwrite(int descriptor, const void* from, size_t count, off_t at) {
  changes_file(descriptor);
  return REAL(pwrite)(descriptor, from, count, at);
}

ssize_t writev(int descriptor, const void* pieces, int count) {
  changes_file(descriptor);
  ssize_t (*real)(int, const void*, int) = dlsym(RTLD_NEXT, "writev");
  return real(descriptor, pieces, count);
}

int fsync(int descriptor) {
  changes();
  return REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
  changes();
  return REAL(fdatasync)(descriptor);
}

int ftruncate(int descriptor, off_t size) {
  changes();
  return REAL(ftruncate)(descriptor, size);
}

int rename(const char* from, const char* to) {
  changes();
  return REAL(rename)(from, to);
}

int link(const char* from, const char* to) {
  changes();
  return REAL(link)(from, to);
}

int unlink(const char* path) {
  changes();
  return REAL(unlink)(path);
}

int unlinkat(int folder, const char* path, int flags) {
  changes();
  return REAL(unlinkat)(folder, path, flags);
}

int mkdir(const char* path, mode_t mode) {
  changes();
  return REAL(mkdir)(path, mode);
}

static int open_changes(int flags) {
  if (flags & (O_CREAT | O_TRUNC)) changes();
  return (flags & (O_CREAT | O_TMPFILE)) != 0;
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = open_changes(flags) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return REAL(open)(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = open_changes(flags) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return REAL(open64)(path, flags, mode);
}

// Bad sectors: the bytes of a file from `read_after` on cannot be read.

static int is_bad(int descriptor, off_t at) {
  if (read_end == NULL || at < read_after) return 0;
  char link_path[64], path[4096];
  snprintf(link_path, sizeof link_path, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link_path, path, sizeof path);
  const size_t end = strlen(read_end);
  return length >= (ssize_t)end && memcmp(path + length - end, read_end, end) == 0;
}

static ssize_t refused(void) {
  errno = EIO;
  return -1;
}

ssize_t read(int descriptor, void* to, size_t count) {
  if (read_end != NULL && is_bad(descriptor, lseek(descriptor, 0, SEEK_CUR))) return refused();
  return REAL(read)(descriptor, to, count);
}

ssize_t pread(int descriptor, void* to, size_t count, off_t at) {
  return is_bad(descriptor, at) ? refused() : REAL(pread)(descriptor, to, count, at);
}

ssize_t pread64(int descriptor, void* to, size_t count, off_t at) {
  return is_bad(descriptor, at) ? refused() : REAL(pread64)(descriptor, to, count, at);
}

ssize_t readv(int descriptor, const void* pieces, int count) {
  if (read_end != NULL && is_bad(descriptor, lseek(descriptor, 0, SEEK_CUR))) return refused();
  ssize_t (*real)(int, const void*, int) = dlsym(RTLD_NEXT, "readv");
  return real(descriptor, pieces, count);
}

// The C library's streams read by ways of their own, so they get one that goes through read() above.
static ssize_t cookie_read(void* cookie, char* to, size_t count) { return read((int)(intptr_t)cookie, to, count); }
static int cookie_close(void* cookie) { return close((int)(intptr_t)cookie); }

static FILE* open_stream(const char* path, const char* mode, const char* name) {
  FILE* (*real)(const char*, const char*) = dlsym(RTLD_NEXT, name);
  if (read_end == NULL || mode[0] != 'r' || strchr(mode, '+') != NULL) return real(path, mode);
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return NULL;
  const cookie_io_functions_t functions = {.read = cookie_read, .close = cookie_close};
  return fopencookie((void*)(intptr_t)descriptor, mode, functions);
}

FILE* fopen(const char* path, const char* mode) { return open_stream(path, mode, "fopen"); }
FILE* fopen64(const char* path, const char* mode) { return open_stream(path, mode, "fopen64"); }

// SplitMix64 of the number of looks: between -6 and 6 hours.
static long jump_s(void) {
  static atomic_ulong looks;
  uint64_t z = clock_seed * 0x9e3779b97f4a7c15u + atomic_fetch_add(&looks, 1) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (long)((z ^ (z >> 31)) % 43201) - 21600;
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  const int result = REAL(clock_gettime)(clock, time);
  const int of_system = clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;
  if (clock_seed != 0 && result == 0 && of_system) time->tv_sec += jump_s();
  return result;
}

int gettimeofday(struct timeval* restrict time, void* restrict zone) {
  int (*real)(struct timeval*, void*) = dlsym(RTLD_NEXT, "gettimeofday");
  const int result = real(time, zone);
  if (clock_seed != 0 && result == 0) time->tv_sec += jump_s();
  return result;
}

time_t time(time_t* to) {
  const time_t now = REAL(time)(NULL) + (clock_seed != 0 ? jump_s() : 0);
  if (to != NULL) *to = now;
  return now;
}
