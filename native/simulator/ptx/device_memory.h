// Device memory: addresses that no host code can dereference, and for each byte whether it was
// ever written. Addresses are not used again before all others were.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

struct GlobalTag;

struct Allocation {
  enum class State { Reserved, Live, Freed };

  uint64_t base = 0;
  uint64_t size = 0;
  int device = 0;
  std::string kind;
  State state = State::Live;
  uint8_t* data = nullptr;
  // One byte a byte of data, 1 where it was written; null for host memory, which isn't tracked.
  uint8_t* written = nullptr;
  // Made when a kernel first comes here.
  GlobalTag* tags = nullptr;

  bool holds(uint64_t address, uint64_t bytes) const {
    return address - base <= size && bytes <= size - (address - base);
  }
};

class DeviceMemory {
 public:
  DeviceMemory();
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  Allocation& allocate(uint64_t size, const std::string& kind, int device);
  // Page-locked host memory, which kernels reach at its own address.
  Allocation& map(void* host, uint64_t size, const std::string& kind);
  // The allocation is remembered as freed for a while, so that a late use can be named.
  void release(uint64_t base);

  // The allocation that holds the address, live or not; or null.
  Allocation* find(uint64_t address);
  // The allocation that holds the whole range, or a Fault that says what is there instead.
  Allocation& require(uint64_t address, uint64_t bytes, const char* what);
  // The same, and every byte of it was written.
  Allocation& requireWritten(uint64_t address, uint64_t bytes, const char* what);

  const std::map<uint64_t, std::unique_ptr<Allocation>>& all() const { return allocations_; }

 private:
  uint64_t place(uint64_t size);
  void forget(uint64_t base);

  std::map<uint64_t, std::unique_ptr<Allocation>> allocations_;
  std::vector<uint64_t> freed_;
  void* reserved_ = nullptr;
  uint64_t first_ = 0;
  uint64_t end_ = 0;
  uint64_t next_ = 0;
};

// The first byte of [0, size) that was never written, or size.
uint64_t firstUnwritten(const uint8_t* written, uint64_t size);

}  // namespace sluice
