// Names of statuses, and entry points by name.
#include <dlfcn.h>

#include "call.h"

namespace sluice {

SLUICE_API cuGetErrorName(int status, const char** out) {
  return call("cuGetErrorName", NOTHING, [&](Simulator&, auto&) -> int {
    if (!out) return INVALID_VALUE;
    *out = statusName(status);
    return *out ? SUCCESS : INVALID_VALUE;
  });
}

SLUICE_API cuGetErrorString(int status, const char** out) {
  return call("cuGetErrorString", NOTHING, [&](Simulator&, auto&) -> int {
    if (!out) return INVALID_VALUE;
    *out = statusText(status);
    return *out ? SUCCESS : INVALID_VALUE;
  });
}

SLUICE_API cuGetProcAddress_v2(const char* name, void** out, int, uint64_t, int* result) {
  return call("cuGetProcAddress_v2", NOTHING, [&](Simulator&, auto&) -> int {
    if (!name || !out) return INVALID_VALUE;
    Dl_info self;
    dladdr(reinterpret_cast<void*>(&cuGetErrorName), &self);
    void* library = dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    // The caller names `cuMemAlloc`; the newest version that there is is meant.
    void* found = nullptr;
    for (const char* version : {"_v3", "_v2", ""})
      if (!found) found = dlsym(library, (std::string(name) + version).c_str());
    if (library) dlclose(library);
    *out = found;
    if (result) *result = found ? 0 : 1;
    return found ? SUCCESS : NOT_FOUND;
  });
}

}  // namespace sluice
