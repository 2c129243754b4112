// The VST3 plugin's object, for its factory.
#pragma once

#include <travesty/base.h>

namespace pellucid::plugin {

/// A new plugin's interface `iid`, held once; V3_NO_INTERFACE where it has no such.
v3_result create_vst3(const v3_tuid iid, void** object) noexcept;

}  // namespace pellucid::plugin
