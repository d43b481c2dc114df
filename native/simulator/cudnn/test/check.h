// What the tests of the simulated libraries share: device buffers, random values, and checks that
// count failures.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

#include "../../element.h"

extern "C" {
int cuInit(unsigned);
int cuDeviceGet(int*, int);
int cuDevicePrimaryCtxRetain(void**, int);
int cuCtxSetCurrent(void*);
int cuCtxSynchronize();
int cuMemAlloc_v2(uint64_t*, size_t);
int cuMemFree_v2(uint64_t);
int cuMemcpyHtoD_v2(uint64_t, const void*, size_t);
int cuMemcpyDtoH_v2(void*, uint64_t, size_t);
}

namespace check {

inline int failures = 0, checks = 0;

inline void that(bool good, const char* what) {
  checks++;
  if (!good) {
    failures++;
    std::printf("FAILED: %s\n", what);
  }
}

inline void status(int expected, int got, const char* what) {
  checks++;
  if (expected != got) {
    failures++;
    std::printf("FAILED: %s: expected %d, got %d\n", what, expected, got);
  }
}

/** |got - expected| / (1 + |expected|) at most `bound` everywhere. */
template <class A, class B>
void near(const std::vector<A>& expected, const std::vector<B>& got, double bound,
          const char* what) {
  double worst = expected.size() == got.size() ? 0 : INFINITY;
  for (size_t i = 0; i < expected.size() && i < got.size(); i++) {
    const double error = std::abs(got[i] - expected[i]) / (1 + std::abs(expected[i]));
    if (!(error <= worst)) worst = error;
  }
  checks++;
  if (!(worst <= bound)) {
    failures++;
    std::printf("FAILED: %s: error %g, allowed %g\n", what, worst, bound);
  }
}

inline void open_device() {
  void* context;
  int device;
  status(0, cuInit(0), "cuInit");
  status(0, cuDeviceGet(&device, 0), "cuDeviceGet");
  status(0, cuDevicePrimaryCtxRetain(&context, device), "cuDevicePrimaryCtxRetain");
  status(0, cuCtxSetCurrent(context), "cuCtxSetCurrent");
}

inline std::vector<float> random(size_t n, unsigned seed) {
  std::mt19937 source(seed);
  std::vector<float> values(n);
  for (auto& value : values) value = static_cast<float>(source() / 2147483648.0 - 1);
  return values;
}

/** Device memory of a type, freed with the object. */
class Buffer {
 public:
  Buffer(sluice::Element type, size_t n) : type_(type), n_(n) {
    status(0, cuMemAlloc_v2(&at_, n * sluice::bytes(type) + 16), "cuMemAlloc");
  }
  Buffer(sluice::Element type, const std::vector<float>& values) : Buffer(type, values.size()) {
    put(values);
  }
  Buffer(const Buffer&) = delete;
  ~Buffer() { cuMemFree_v2(at_); }

  void put(const std::vector<float>& values) {
    std::vector<char> host(n_ * sluice::bytes(type_));
    sluice::narrow(type_, values.data(), n_, host.data());
    status(0, cuMemcpyHtoD_v2(at_, host.data(), host.size()), "cuMemcpyHtoD");
  }
  std::vector<float> get() const {
    std::vector<char> host(n_ * sluice::bytes(type_));
    std::vector<float> values(n_);
    status(0, cuCtxSynchronize(), "cuCtxSynchronize");
    status(0, cuMemcpyDtoH_v2(host.data(), at_, host.size()), "cuMemcpyDtoH");
    sluice::widen(type_, host.data(), n_, values.data());
    return values;
  }
  void* at(size_t element = 0) const {
    return reinterpret_cast<void*>(at_ + element * sluice::bytes(type_));
  }

 private:
  sluice::Element type_;
  size_t n_;
  uint64_t at_ = 0;
};

inline int done(const char* name) {
  std::printf("%s: %d checks, %d failures\n", name, checks, failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace check
