// Handles, their settings, versions and names.
#include "handle.h"

#include "../device.h"

namespace sluice::cublas {

Handles<Handle>& handles() {
  static auto* all = new Handles<Handle>("cublasHandle_t", 0x0cb1a50000000000);
  return *all;
}

std::shared_ptr<Handle> use(void* handle, const char* call) {
  auto found = handles().find(handle, call);
  if (found != nullptr && found->context != sluice_sim_context()) {
    sluice_sim_report("%s: the handle was made in another context than the current one", call);
  }
  return found;
}

bool known_math(int mode) {
  const int base = mode & ~DISALLOW_REDUCED_PRECISION_REDUCTION;
  return (base >= DEFAULT_MATH && base <= FP32_EMULATED_BF16X9_MATH)
         || base == FP64_EMULATED_FIXEDPOINT_MATH;
}

}  // namespace sluice::cublas

using namespace sluice::cublas;

namespace {

using Logger = void (*)(const char*);

/** Enters the call, finds the handle and hands it on. */
template <class Act>
int with(const char* call, void* handle, Act act) {
  if (int injected = sluice_sim_enter(call)) return injected;
  auto found = use(handle, call);
  return found == nullptr ? NOT_INITIALIZED : act(*found);
}

template <class T>
int give(T* to, T value) {
  if (to == nullptr) return INVALID_VALUE;
  *to = value;
  return SUCCESS;
}

}  // namespace

extern "C" {

int cublasCreate_v2(void** handle) {
  if (int injected = sluice_sim_enter("cublasCreate_v2")) return injected;
  if (handle == nullptr) return INVALID_VALUE;
  auto made = std::make_shared<Handle>();
  made->context = sluice_sim_context();
  *handle = handles().open(std::move(made));
  return SUCCESS;
}

int cublasDestroy_v2(void* handle) {
  const int injected = sluice_sim_enter("cublasDestroy_v2");
  const bool closed = handle != nullptr && handles().close(handle);
  return injected != 0 ? injected : closed ? SUCCESS : NOT_INITIALIZED;
}

int cublasSetStream_v2(void* handle, void* stream) {
  return with("cublasSetStream_v2", handle, [&](Handle& h) {
    h.stream = stream;
    // As documented, the stream's own default workspace is used from here on.
    h.workspace = nullptr;
    h.workspace_bytes = 0;
    return SUCCESS;
  });
}

int cublasGetStream_v2(void* handle, void** stream) {
  return with("cublasGetStream_v2", handle, [&](Handle& h) { return give(stream, h.stream); });
}

int cublasSetWorkspace_v2(void* handle, void* workspace, size_t bytes) {
  return with("cublasSetWorkspace_v2", handle, [&](Handle& h) {
    if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0) return INVALID_VALUE;
    if (workspace == nullptr && bytes > 0) return INVALID_VALUE;
    if (bytes > 0 && !sluice_sim_is_memory(workspace, bytes)) {
      sluice_sim_report("cublasSetWorkspace_v2: %p is no device memory of %zu bytes", workspace,
                        bytes);
      return INVALID_VALUE;
    }
    h.workspace = workspace;
    h.workspace_bytes = bytes;
    return SUCCESS;
  });
}

int cublasSetMathMode(void* handle, int mode) {
  return with("cublasSetMathMode", handle, [&](Handle& h) {
    if (!known_math(mode)) return INVALID_VALUE;
    h.math = mode;
    return SUCCESS;
  });
}

int cublasGetMathMode(void* handle, int* mode) {
  return with("cublasGetMathMode", handle, [&](Handle& h) { return give(mode, h.math); });
}

int cublasSetPointerMode_v2(void* handle, int mode) {
  return with("cublasSetPointerMode_v2", handle, [&](Handle& h) {
    if (mode != HOST && mode != DEVICE) return INVALID_VALUE;
    h.pointers = mode;
    return SUCCESS;
  });
}

int cublasGetPointerMode_v2(void* handle, int* mode) {
  return with("cublasGetPointerMode_v2", handle, [&](Handle& h) { return give(mode, h.pointers); });
}

int cublasSetAtomicsMode(void* handle, int mode) {
  return with("cublasSetAtomicsMode", handle, [&](Handle& h) {
    if (mode != 0 && mode != 1) return INVALID_VALUE;
    h.atomics = mode;
    return SUCCESS;
  });
}

int cublasGetAtomicsMode(void* handle, int* mode) {
  return with("cublasGetAtomicsMode", handle, [&](Handle& h) { return give(mode, h.atomics); });
}

int cublasSetSmCountTarget(void* handle, int count) {
  return with("cublasSetSmCountTarget", handle, [&](Handle& h) {
    if (count < 0) return INVALID_VALUE;
    h.processors = count;
    return SUCCESS;
  });
}

int cublasGetSmCountTarget(void* handle, int* count) {
  return with("cublasGetSmCountTarget", handle,
              [&](Handle& h) { return give(count, h.processors); });
}

int cublasGetVersion_v2(void* handle, int* version) {
  return with("cublasGetVersion_v2", handle, [&](Handle&) { return give(version, VERSION); });
}

int cublasGetProperty(int type, int* value) {
  const int parts[] = {VERSION / 10000, VERSION / 100 % 100, VERSION % 100};
  return type < 0 || type > 2 ? INVALID_VALUE : give(value, parts[type]);
}

size_t cublasGetCudartVersion() { return 12090; }

int cublasLoggerConfigure(int, int, int, const char*) { return SUCCESS; }

int cublasSetLoggerCallback(Logger) { return SUCCESS; }

const char* cublasGetStatusName(int status) {
  switch (status) {
    case SUCCESS: return "CUBLAS_STATUS_SUCCESS";
    case NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
    case INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case ARCH_MISMATCH: return "CUBLAS_STATUS_ARCH_MISMATCH";
    case MAPPING_ERROR: return "CUBLAS_STATUS_MAPPING_ERROR";
    case EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case INTERNAL_ERROR: return "CUBLAS_STATUS_INTERNAL_ERROR";
    case NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
    case LICENSE_ERROR: return "CUBLAS_STATUS_LICENSE_ERROR";
  }
  return "CUBLAS_STATUS_UNKNOWN";
}

const char* cublasGetStatusString(int status) {
  switch (status) {
    case SUCCESS: return "success";
    case NOT_INITIALIZED: return "the library was not initialized";
    case ALLOC_FAILED: return "the resource allocation failed";
    case INVALID_VALUE: return "an invalid numerical value was used as an argument";
    case ARCH_MISMATCH: return "an absent device architectural feature is required";
    case MAPPING_ERROR: return "an access to GPU memory space failed";
    case EXECUTION_FAILED: return "the GPU program failed to execute";
    case INTERNAL_ERROR: return "an internal operation failed";
    case NOT_SUPPORTED: return "the functionality requested is not supported";
    case LICENSE_ERROR:
      return "the functionality requested requires some license and an error was "
             "detected when trying to check the current licensing";
  }
  return "an unknown status";
}
}
