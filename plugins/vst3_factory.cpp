// What a host sees of pellucid.so in pellucid.vst3 first: its entry points and the one class in it.
#include <travesty/factory.h>

#include <cstdio>
#include <cstring>

#include "effect.hpp"
#include "vst3.hpp"

namespace {

// Stands in hosts' sessions: never change it.
constexpr v3_tuid kClass = V3_ID(0x50454C4C, 0x55434944, 0x4E4F4953, 0x45564331);
constexpr std::int32_t kManyInstances = 0x7FFFFFFF;
constexpr const char* kMaker = "The Pellucid authors";

template <std::size_t kSize>
void copy_text(const char* text, char (&to)[kSize]) {
  std::snprintf(to, kSize, "%s", text);
}

// One for the process, which lives as long as it: references count nothing.
std::uint32_t V3_API held(void*) { return 1; }

v3_result V3_API query(void* self, const v3_tuid iid, void** object) {
  const bool known = v3_tuid_match(iid, v3_funknown_iid) || v3_tuid_match(iid, v3_plugin_factory_iid) ||
                     v3_tuid_match(iid, v3_plugin_factory_2_iid);
  *object = known ? self : nullptr;
  return known ? V3_OK : V3_NO_INTERFACE;
}

v3_result V3_API factory_info(void*, v3_factory_info* info) {
  *info = {};
  copy_text(kMaker, info->vendor);
  info->flags = 0x10;  // texts are Unicode
  return V3_OK;
}

std::int32_t V3_API class_count(void*) { return 1; }

// What both versions of the description begin with.
template <typename Info>
v3_result describe(std::int32_t index, Info* info) {
  if (index != 0) return V3_INVALID_ARG;
  *info = {};
  std::memcpy(info->class_id, kClass, sizeof kClass);
  info->cardinality = kManyInstances;
  copy_text("Audio Module Class", info->category);
  copy_text("Pellucid noise removal", info->name);
  return V3_OK;
}

v3_result V3_API class_info(void*, std::int32_t index, v3_class_info* info) { return describe(index, info); }

v3_result V3_API class_info_2(void*, std::int32_t index, v3_class_info_2* info) {
  const v3_result result = describe(index, info);
  if (result != V3_OK) return result;
  copy_text("Fx|Restoration", info->sub_categories);
  copy_text(kMaker, info->vendor);
  copy_text(pellucid_version(), info->version);
  copy_text("VST 3.7", info->sdk_version);
  return V3_OK;
}

v3_result V3_API create(void*, const v3_tuid class_id, const v3_tuid iid, void** object) {
  *object = nullptr;
  if (!v3_tuid_match(class_id, kClass)) return V3_NO_INTERFACE;
  return pellucid::plugin::create_vst3(iid, object);
}

constexpr v3_plugin_factory_cpp functions() {
  v3_plugin_factory_cpp all{};
  static_cast<v3_funknown&>(all) = {query, held, held};
  all.v1 = {factory_info, class_count, class_info, create};
  all.v2 = {class_info_2};
  return all;
}

constexpr v3_plugin_factory_cpp kFunctions = functions();
const v3_plugin_factory_cpp* const kFactory = &kFunctions;

}  // namespace

#ifdef _WIN32
#define PELLUCID_ENTRY extern "C" __declspec(dllexport)
PELLUCID_ENTRY bool InitDll() { return true; }
PELLUCID_ENTRY bool ExitDll() { return true; }
#else
#define PELLUCID_ENTRY extern "C" __attribute__((visibility("default")))
PELLUCID_ENTRY bool ModuleEntry(void*) { return true; }
PELLUCID_ENTRY bool ModuleExit() { return true; }
#endif
PELLUCID_ENTRY const void* GetPluginFactory() { return &kFactory; }
