// The part of cuda.h that the checks call, and a little around it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "../control.h"
#include "check.h"

using Handle = void*;
using DevicePointer = uint64_t;

extern "C" {
int cuInit(unsigned);
int cuDeviceGetCount(int*);
int cuDeviceGetName(char*, int, int);
int cuDevicePrimaryCtxRetain(Handle*, int);
int cuDevicePrimaryCtxRelease_v2(int);
int cuCtxSetCurrent(Handle);
int cuCtxSynchronize();
int cuMemAlloc_v2(DevicePointer*, size_t);
int cuMemFree_v2(DevicePointer);
int cuMemGetInfo_v2(size_t*, size_t*);
int cuMemAllocAsync(DevicePointer*, size_t, Handle);
int cuMemFreeAsync(DevicePointer, Handle);
int cuDeviceGetDefaultMemPool(Handle*, int);
int cuMemPoolGetAttribute(Handle, int, void*);
int cuMemHostAlloc(void**, size_t, unsigned);
int cuMemFreeHost(void*);
int cuMemcpyHtoD_v2(DevicePointer, const void*, size_t);
int cuMemcpyDtoH_v2(void*, DevicePointer, size_t);
int cuMemcpyHtoDAsync_v2(DevicePointer, const void*, size_t, Handle);
int cuMemcpyDtoHAsync_v2(void*, DevicePointer, size_t, Handle);
int cuMemcpyDtoDAsync_v2(DevicePointer, DevicePointer, size_t, Handle);
int cuMemsetD8Async(DevicePointer, unsigned char, size_t, Handle);
int cuMemsetD32Async(DevicePointer, unsigned, size_t, Handle);
int cuStreamCreate(Handle*, unsigned);
int cuStreamDestroy_v2(Handle);
int cuStreamSynchronize(Handle);
int cuStreamQuery(Handle);
int cuStreamWaitEvent(Handle, Handle, unsigned);
int cuEventCreate(Handle*, unsigned);
int cuEventDestroy_v2(Handle);
int cuEventRecord(Handle, Handle);
int cuEventSynchronize(Handle);
int cuEventQuery(Handle);
int cuEventElapsedTime(float*, Handle, Handle);
int cuModuleLoadDataEx(Handle*, const void*, unsigned, int*, void**);
int cuModuleUnload(Handle);
int cuModuleGetFunction(Handle*, Handle, const char*);
int cuModuleGetGlobal_v2(DevicePointer*, size_t*, Handle, const char*);
int cuFuncSetAttribute(Handle, int, int);
int cuLaunchKernel(Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                   Handle, void**, void**);
int cuLaunchCooperativeKernel(Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                              unsigned, Handle, void**);
int cuLaunchHostFunc(Handle, void (*)(void*), void*);
int cuStreamBeginCapture_v2(Handle, int);
int cuStreamEndCapture(Handle, Handle*);
int cuStreamIsCapturing(Handle, int*);
int cuGraphInstantiateWithFlags(Handle*, Handle, unsigned long long);
int cuGraphLaunch(Handle, Handle);
int cuGraphDestroy(Handle);
int cuGraphExecDestroy(Handle);
int cuGetErrorName(int, const char**);
int cuGetProcAddress_v2(const char*, void**, int, uint64_t, int*);
}

inline std::string read(int (*text)(char*, int)) {
  std::string result(text(nullptr, 0), 0);
  text(result.data(), static_cast<int>(result.size()));
  result.pop_back();
  return result;
}

inline std::string report() { return read(sluice_sim_report_text); }
inline std::string ledger() { return read(sluice_sim_ledger_text); }

inline bool reported(const std::string& part) { return report().find(part) != std::string::npos; }

inline std::string fileText(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

#define EXPECT_REPORTED(part) \
  expect(reported(part), "the report has \"" part "\"", __LINE__, report())
#define EXPECT_NO_REPORT() expect(report().empty(), "the report is empty", __LINE__, report())

// A context, and the kernels of faults.ptx.
struct Session {
  Handle context = nullptr, module = nullptr;

  Session() {
    cuInit(0);
    cuDevicePrimaryCtxRetain(&context, 0);
    cuCtxSetCurrent(context);
    static const std::string source = fileText(SLUICE_TESTS "/faults.ptx");
    EXPECT_EQUAL(0, cuModuleLoadDataEx(&module, source.c_str(), 0, nullptr, nullptr));
  }

  Handle kernel(const char* name) const {
    Handle function = nullptr;
    EXPECT_EQUAL(0, cuModuleGetFunction(&function, module, name));
    return function;
  }

  struct Shape {
    unsigned blocks = 1, threads = 32, shared = 0;
    Handle stream = nullptr;
    bool cooperative = false;
  };

  template <class... Arguments>
  int launch(const char* name, Shape shape, Arguments... arguments) const {
    void* values[] = {&arguments...};
    if (shape.cooperative)
      return cuLaunchCooperativeKernel(kernel(name), shape.blocks, 1, 1, shape.threads, 1, 1,
                                       shape.shared, shape.stream, values);
    return cuLaunchKernel(kernel(name), shape.blocks, 1, 1, shape.threads, 1, 1, shape.shared,
                          shape.stream, values, nullptr);
  }

  // Launched and waited for.
  template <class... Arguments>
  int run(const char* name, Shape shape, Arguments... arguments) const {
    if (int status = launch(name, shape, arguments...)) return status;
    return cuCtxSynchronize();
  }
};

inline DevicePointer allocate(size_t bytes) {
  DevicePointer address = 0;
  EXPECT_EQUAL(0, cuMemAlloc_v2(&address, bytes));
  return address;
}

template <class T>
DevicePointer upload(const std::vector<T>& values) {
  DevicePointer address = allocate(values.size() * sizeof(T));
  EXPECT_EQUAL(0, cuMemcpyHtoD_v2(address, values.data(), values.size() * sizeof(T)));
  return address;
}

template <class T>
std::vector<T> download(DevicePointer address, size_t count) {
  std::vector<T> values(count);
  EXPECT_EQUAL(0, cuMemcpyDtoH_v2(values.data(), address, count * sizeof(T)));
  return values;
}

inline std::vector<float> ramp(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; i++) values[i] = static_cast<float>(i + 1);
  return values;
}

inline Handle makeStream(unsigned flags = 1) {
  Handle stream = nullptr;
  EXPECT_EQUAL(0, cuStreamCreate(&stream, flags));
  return stream;
}

inline Handle makeEvent(unsigned flags = 0) {
  Handle event = nullptr;
  EXPECT_EQUAL(0, cuEventCreate(&event, flags));
  return event;
}

inline float* pinned(size_t count) {
  void* memory = nullptr;
  EXPECT_EQUAL(0, cuMemHostAlloc(&memory, count * sizeof(float), 0));
  return static_cast<float*>(memory);
}
