// libvorbis, as libsndfile calls it, does not free what it had of a file that it then refuses.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions() {
  return "leak:vorbis_info_init\n";
}
