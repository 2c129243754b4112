#define PELLUCID_BUILDING
#include "pellucid/pellucid.h"

#define PELLUCID_STRING_OF(x) #x
#define PELLUCID_STRING(x) PELLUCID_STRING_OF(x)

const char* pellucid_result_text(pellucid_result result) {
  switch (static_cast<int>(result)) {
    case PELLUCID_OK:
      return "No error.";
    case PELLUCID_ERROR_NULL_POINTER:
      return "A pointer that has to point somewhere is null.";
    case PELLUCID_ERROR_ABI_VERSION:
      return "The program was built against a pellucid.h that does not fit this library; build it again.";
    case PELLUCID_ERROR_STRUCT_SIZE:
      return "A struct_size is that of no version of the struct; fill a config with pellucid_config_init, and set that "
             "of a "
             "status to sizeof(pellucid_status).";
    case PELLUCID_ERROR_SAMPLE_RATE:
      return "The sample rate is outside 8000 to 384000 Hz; resample the sound first.";
    case PELLUCID_ERROR_CHANNELS:
      return "The number of channels is outside 1 to 32; use several denoisers for more.";
    case PELLUCID_ERROR_STRENGTH:
      return "The strength is outside 0 to 1.";
    case PELLUCID_ERROR_ATTENUATION_LIMIT:
      return "The attenuation limit is below 0 dB or not a number; 100 dB or more is no limit.";
    case PELLUCID_ERROR_MEMORY_SIZE:
      return "The memory is smaller than pellucid_size asks for.";
    case PELLUCID_ERROR_MEMORY_ALIGNMENT:
      return "The memory does not start at a multiple of " PELLUCID_STRING(PELLUCID_ALIGNMENT) " bytes.";
    case PELLUCID_ERROR_OUT_OF_MEMORY:
      return "There is not enough memory for the denoiser.";
    case PELLUCID_ERROR_MODEL_FORMAT:
      return "The model is not a Pellucid model file.";
    case PELLUCID_ERROR_MODEL_VERSION:
      return "The model is of a Pellucid format that this library does not read; it reads pellucid-1.";
    case PELLUCID_ERROR_MODEL_TRUNCATED:
      return "The model is cut short or has bytes too many; get the file again.";
    case PELLUCID_ERROR_MODEL_DAMAGED:
      return "The model is damaged: its checksum or structure is wrong; get the file again.";
    case PELLUCID_ERROR_MODEL_UNSUPPORTED:
      return "The model is intact, but its network is not one that this library runs at this sample rate.";
    case PELLUCID_ERROR_CHANNEL_LINK:
      return "The channel link is neither PELLUCID_CHANNELS_INDEPENDENT nor PELLUCID_CHANNELS_LINKED.";
    case PELLUCID_ERROR_POST_FILTER:
      return "The amount of post-filtering is outside 0 to 1.";
    default:
      return "This number is no result of Pellucid.";
  }
}

const char* pellucid_version(void) {
  return PELLUCID_STRING(PELLUCID_VERSION_MAJOR) "." PELLUCID_STRING(PELLUCID_VERSION_MINOR) "." PELLUCID_STRING(
      PELLUCID_VERSION_PATCH);
}

uint32_t pellucid_abi_version(void) { return PELLUCID_ABI_VERSION; }
