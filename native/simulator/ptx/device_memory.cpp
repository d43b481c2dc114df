#include "device_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "fault.h"

namespace sluice {

namespace {

constexpr uint64_t ALIGNMENT = 512;
// Between neighbours, so that running over the end meets nothing.
constexpr uint64_t GAP = 4096;
constexpr uint64_t ADDRESSES = 1ULL << 43;
constexpr size_t FREED_REMEMBERED = 4096;

void dispose(Allocation& allocation) {
  if (!allocation.written) return;
  std::free(allocation.data);
  std::free(allocation.written);
  std::free(allocation.tags);
  allocation.data = allocation.written = nullptr;
  allocation.tags = nullptr;
}

}  // namespace

DeviceMemory::DeviceMemory() {
  void* at =
      mmap(nullptr, ADDRESSES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  // Where so many addresses can't be had: a part of the address space that no host mapping uses.
  reserved_ = at == MAP_FAILED ? nullptr : at;
  first_ = reserved_ ? reinterpret_cast<uint64_t>(at) : 1ULL << 56;
  first_ = (first_ + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  end_ = first_ + ADDRESSES - ALIGNMENT;
  next_ = first_;
}

DeviceMemory::~DeviceMemory() {
  for (auto& [base, allocation] : allocations_) dispose(*allocation);
  if (reserved_) munmap(reserved_, ADDRESSES);
}

uint64_t DeviceMemory::place(uint64_t size) {
  uint64_t room = (size + GAP + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  for (int round = 0; round < 2; round++) {
    while (next_ + room <= end_) {
      auto after = allocations_.lower_bound(next_);
      if (after == allocations_.end() || after->first >= next_ + room || after->first >= end_) {
        uint64_t base = next_;
        next_ += room;
        return base;
      }
      next_ = after->first + (after->second->size + GAP + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    next_ = first_;
  }
  throw Fault(LAUNCH_FAILED, "the simulator has no device addresses left");
}

Allocation& DeviceMemory::allocate(uint64_t size, const std::string& kind, int device) {
  auto allocation = std::make_unique<Allocation>();
  allocation->base = place(size);
  allocation->size = size;
  allocation->device = device;
  allocation->kind = kind;
  allocation->data = static_cast<uint8_t*>(std::calloc(size + 1, 1));
  allocation->written = static_cast<uint8_t*>(std::calloc(size + 1, 1));
  if (!allocation->data || !allocation->written) {
    dispose(*allocation);
    throw std::bad_alloc();
  }
  Allocation& result = *allocation;
  allocations_[result.base] = std::move(allocation);
  return result;
}

Allocation& DeviceMemory::map(void* host, uint64_t size, const std::string& kind) {
  auto allocation = std::make_unique<Allocation>();
  allocation->base = reinterpret_cast<uint64_t>(host);
  allocation->size = size;
  allocation->device = -1;
  allocation->kind = kind;
  allocation->data = static_cast<uint8_t*>(host);
  Allocation& result = *allocation;
  allocations_[result.base] = std::move(allocation);
  return result;
}

void DeviceMemory::release(uint64_t base) {
  Allocation& allocation = *allocations_.at(base);
  if (allocation.device < 0) {  // The host may soon have something else at this address.
    allocations_.erase(base);
    return;
  }
  dispose(allocation);
  allocation.state = Allocation::State::Freed;
  freed_.push_back(base);
  if (freed_.size() < 2 * FREED_REMEMBERED) return;
  for (size_t i = 0; i < FREED_REMEMBERED; i++) allocations_.erase(freed_[i]);
  freed_.erase(freed_.begin(), freed_.begin() + FREED_REMEMBERED);
}

Allocation* DeviceMemory::find(uint64_t address) {
  auto after = allocations_.upper_bound(address);
  if (after == allocations_.begin()) return nullptr;
  Allocation& before = *std::prev(after)->second;
  // One past the end still belongs to it in messages, and in no check.
  return address - before.base <= before.size ? &before : nullptr;
}

Allocation& DeviceMemory::require(uint64_t address, uint64_t bytes, const char* what) {
  Allocation* found = find(address);
  if (!found) {
    auto after = allocations_.upper_bound(address);
    if (address >= first_ && address < end_ && after != allocations_.begin()) {
      Allocation& before = *std::prev(after)->second;
      throw Fault(ILLEGAL_ADDRESS,
                  text("%s of %llu bytes at %#llx, out of bounds: %llu bytes behind the end of the "
                       "nearest, %llu bytes of %s",
                       what, (unsigned long long)bytes, (unsigned long long)address,
                       (unsigned long long)(address - before.base - before.size),
                       (unsigned long long)before.size, before.kind.c_str()));
    }
    throw Fault(ILLEGAL_ADDRESS,
                text("%s of %llu bytes at %#llx, which is no device memory%s", what,
                     (unsigned long long)bytes, (unsigned long long)address,
                     address < 4096 ? " (a null pointer?)" : " (a host pointer?)"));
  }
  auto offset = (unsigned long long)(address - found->base);
  auto size = (unsigned long long)found->size;
  if (found->state == Allocation::State::Freed)
    throw Fault(ILLEGAL_ADDRESS, text("%s at offset %llu of %llu bytes of %s, which were freed",
                                      what, offset, size, found->kind.c_str()));
  if (found->state == Allocation::State::Reserved)
    throw Fault(ILLEGAL_ADDRESS,
                text("%s at offset %llu of %llu bytes of %s, before their allocation's turn on its "
                     "stream",
                     what, offset, size, found->kind.c_str()));
  if (!found->holds(address, bytes))
    throw Fault(ILLEGAL_ADDRESS,
                text("%s of %llu bytes at offset %llu, out of bounds of the %llu bytes of %s", what,
                     (unsigned long long)bytes, offset, size, found->kind.c_str()));
  return *found;
}

Allocation& DeviceMemory::requireWritten(uint64_t address, uint64_t bytes, const char* what) {
  Allocation& allocation = require(address, bytes, what);
  if (!allocation.written) return allocation;
  uint64_t offset = address - allocation.base;
  uint64_t written = firstUnwritten(allocation.written + offset, bytes);
  if (written < bytes)
    throw Fault(LAUNCH_FAILED,
                text("%s of bytes never written: offset %llu of the %llu bytes of %s", what,
                     (unsigned long long)(offset + written), (unsigned long long)allocation.size,
                     allocation.kind.c_str()));
  return allocation;
}

uint64_t firstUnwritten(const uint8_t* written, uint64_t size) {
  const void* at = size ? std::memchr(written, 0, size) : nullptr;
  return at ? static_cast<const uint8_t*>(at) - written : size;
}

}  // namespace sluice
