/* An ALSA device that can be opened `after` times in each direction, as by PortAudio that looks for devices, and then
 * refuses with the error number `error`:
 *
 *   pcm_type.refusing { lib "librefusing_pcm.so" open "_snd_pcm_refusing_open" }
 *   pcm.busy { type refusing error 16 after 1 }
 */
#include <alsa/asoundlib.h>

/* libasound exports it for its own `type null`; no header has it. */
int _snd_pcm_null_open(snd_pcm_t** pcm, const char* name, snd_config_t* root, snd_config_t* conf,
                       snd_pcm_stream_t stream, int mode);

static long value_of(snd_config_t* conf, const char* key) {
  snd_config_t* entry = NULL;
  long value = 0;
  if (snd_config_search(conf, key, &entry) >= 0) snd_config_get_integer(entry, &value);
  return value;
}

int _snd_pcm_refusing_open(snd_pcm_t** pcm, const char* name, snd_config_t* root, snd_config_t* conf,
                           snd_pcm_stream_t stream, int mode);
int _snd_pcm_refusing_open(snd_pcm_t** pcm, const char* name, snd_config_t* root, snd_config_t* conf,
                           snd_pcm_stream_t stream, int mode) {
  static int opened[256][2]; /* by error, which tells the test's devices apart */
  const long error = value_of(conf, "error") & 255;
  snd_config_t* silence = NULL;
  int result;
  if (opened[error][stream]++ >= value_of(conf, "after")) return (int)-error;
  result = snd_config_load_string(&silence, "type null", 0);
  if (result < 0) return result;
  result = _snd_pcm_null_open(pcm, name, root, silence, stream, mode);
  snd_config_delete(silence);
  return result;
}

SND_DLSYM_BUILD_VERSION(_snd_pcm_refusing_open, SND_PCM_DLSYM_VERSION)
