// Device memory, at once or in the order of a stream, and its pools.
#include <algorithm>

#include "call.h"

namespace sluice {

namespace {

const char* const DEVICE_MEMORY = "device memory";
const char* const POOL_MEMORY = "pool memory";

// What was reserved and isn't used goes back, down to the threshold.
void trim(Pool& pool, uint64_t keep) {
  pool.reserved = std::min(pool.reserved, std::max(charged(pool.used), keep));
}

int allocateFromPool(Simulator& simulator, const std::shared_ptr<Pool>& owner, DevicePointer* out,
                     size_t bytes, Handle streamHandle) {
  Pool& pool = *owner;
  if (!out || !bytes) return INVALID_VALUE;
  std::shared_ptr<Stream> stream = simulator.stream(streamHandle);
  if (!stream)
    return simulator.broken(INVALID_HANDLE, "memory allocated on a stream that isn't open");
  if (stream->capture)
    return simulator.broken(NOT_SUPPORTED, "the simulator has no allocations inside of graphs");
  if (int status = simulator.reserve(pool.device, bytes)) return status;
  Allocation& made = simulator.memory.allocate(bytes, POOL_MEMORY, pool.device);
  made.state = Allocation::State::Reserved;
  pool.used += charged(bytes);
  pool.usedHigh = std::max(pool.usedHigh, pool.used);
  pool.reserved = std::max(pool.reserved, pool.used);
  pool.reservedHigh = std::max(pool.reservedHigh, pool.reserved);
  simulator.opened(POOL_MEMORY, made.base, std::to_string(bytes) + " bytes");
  *out = made.base;
  uint64_t base = made.base;
  simulator.poolOf[base] = owner;
  return simulator.submit(*stream, "cuMemAllocAsync", [&simulator, base] {
    Allocation* allocation = simulator.memory.find(base);
    if (allocation && allocation->state == Allocation::State::Reserved)
      allocation->state = Allocation::State::Live;
  });
}

Allocation* allocationAt(Simulator& simulator, DevicePointer address) {
  Allocation* found = simulator.memory.find(address);
  return found && found->base == address && found->device >= 0 &&
                 found->state != Allocation::State::Freed
             ? found
             : nullptr;
}

void discharge(Simulator& simulator, const Allocation& allocation) {
  simulator.devices[allocation.device].used -= charged(allocation.size);
  if (auto pool = simulator.poolOf.extract(allocation.base))
    pool.mapped()->used -= charged(allocation.size);
  simulator.ledger.closed(allocation.kind, allocation.base);
}

}  // namespace

SLUICE_API cuMemAlloc_v2(DevicePointer* out, size_t bytes) {
  return call("cuMemAlloc_v2", CONTEXT | NO_CAPTURE,
              [&](Simulator& simulator, auto& context) -> int {
                if (!out || !bytes) return INVALID_VALUE;
                if (int status = simulator.reserve(context->device, bytes)) return status;
                Allocation& made = simulator.memory.allocate(bytes, DEVICE_MEMORY, context->device);
                simulator.opened(DEVICE_MEMORY, made.base, std::to_string(bytes) + " bytes");
                *out = made.base;
                return SUCCESS;
              });
}

SLUICE_API cuMemFree_v2(DevicePointer address) {
  return closingCall("cuMemFree_v2", [&](Simulator& simulator, auto& context) -> int {
    if (!context) return INVALID_CONTEXT;
    if (int status = simulator.checkUnsafe()) return status;
    if (!address) return SUCCESS;
    Allocation* found = allocationAt(simulator, address);
    if (!found)
      return simulator.broken(INVALID_VALUE, "cuMemFree of " + hex(address) +
                                                 ", which isn't the start of live device memory");
    // Waits for the device, except for memory of a pool, whose users must have been waited for.
    if (found->kind != POOL_MEMORY) simulator.scheduler.completeAll(context.get());
    if (context->lost) return context->lost;
    discharge(simulator, *found);
    simulator.memory.release(address);
    return SUCCESS;
  });
}

SLUICE_API cuMemGetInfo_v2(size_t* free, size_t* total) {
  return call("cuMemGetInfo_v2", CONTEXT, [&](Simulator& simulator, auto& context) -> int {
    Device& device = simulator.devices[context->device];
    uint64_t idle = device.pool->reserved - std::min(device.pool->reserved, device.pool->used);
    uint64_t taken = std::min(device.used + idle, simulator.memoryLimit);
    if (free) *free = simulator.memoryLimit - taken;
    if (total) *total = simulator.memoryLimit;
    return SUCCESS;
  });
}

SLUICE_API cuMemAllocAsync(DevicePointer* out, size_t bytes, Handle stream) {
  return call("cuMemAllocAsync", CONTEXT, [&](Simulator& simulator, auto& context) -> int {
    return allocateFromPool(simulator, simulator.devices[context->device].pool, out, bytes, stream);
  });
}

SLUICE_API cuMemAllocFromPoolAsync(DevicePointer* out, size_t bytes, Handle pool, Handle stream) {
  return call("cuMemAllocFromPoolAsync", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Pool> found = simulator.pools.find(pool);
    if (!found) return simulator.broken(INVALID_HANDLE, "a memory pool that isn't open");
    return allocateFromPool(simulator, found, out, bytes, stream);
  });
}

SLUICE_API cuMemFreeAsync(DevicePointer address, Handle streamHandle) {
  return closingCall("cuMemFreeAsync", [&](Simulator& simulator, auto& context) -> int {
    if (!context) return INVALID_CONTEXT;
    std::shared_ptr<Stream> stream = simulator.stream(streamHandle);
    if (!stream)
      return simulator.broken(INVALID_HANDLE, "memory freed on a stream that isn't open");
    if (stream->capture)
      return simulator.broken(NOT_SUPPORTED, "the simulator has no frees inside of graphs");
    Allocation* found = allocationAt(simulator, address);
    if (!found || !simulator.ledger.isOpen(found->kind, address))
      return simulator.broken(INVALID_VALUE, "cuMemFreeAsync of " + hex(address) +
                                                 ", which isn't the start of live device memory");
    discharge(simulator, *found);
    return simulator.submit(*stream, "cuMemFreeAsync",
                            [&simulator, address] { simulator.memory.release(address); });
  });
}

SLUICE_API cuDeviceGetDefaultMemPool(Handle* out, int device) {
  return call("cuDeviceGetDefaultMemPool", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!out) return INVALID_VALUE;
    if (device < 0 || device >= (int)simulator.devices.size()) return INVALID_DEVICE;
    *out = simulator.devices[device].defaultPoolHandle;
    return SUCCESS;
  });
}

SLUICE_API cuDeviceGetMemPool(Handle* out, int device) {
  return call("cuDeviceGetMemPool", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!out) return INVALID_VALUE;
    if (device < 0 || device >= (int)simulator.devices.size()) return INVALID_DEVICE;
    *out = simulator.devices[device].poolHandle;
    return SUCCESS;
  });
}

SLUICE_API cuDeviceSetMemPool(int device, Handle pool) {
  return call("cuDeviceSetMemPool", DRIVER, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Pool> found = simulator.pools.find(pool);
    if (!found) return INVALID_HANDLE;
    if (device < 0 || device >= (int)simulator.devices.size()) return INVALID_DEVICE;
    simulator.devices[device].pool = found;
    simulator.devices[device].poolHandle = pool;
    return SUCCESS;
  });
}

namespace {

// CUmemPoolProps: allocation type, handle types, location {type, id}, ...
struct PoolProperties {
  int allocationType, handleTypes, locationType, locationId;
};

enum PoolAttribute {
  REUSE_EVENTS = 1,
  REUSE_OPPORTUNISTIC,
  REUSE_INTERNAL,
  THRESHOLD,
  RESERVED,
  RESERVED_HIGH,
  USED,
  USED_HIGH
};

}  // namespace

SLUICE_API cuMemPoolCreate(Handle* out, const PoolProperties* properties) {
  return call("cuMemPoolCreate", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!out || !properties || properties->allocationType != 1 || properties->locationType != 1)
      return INVALID_VALUE;
    if (properties->locationId < 0 || properties->locationId >= (int)simulator.devices.size())
      return INVALID_DEVICE;
    auto pool = std::make_shared<Pool>();
    pool->device = properties->locationId;
    pool->isDefault = false;
    *out = simulator.pools.add(pool);
    simulator.opened("memory pool", *out);
    return SUCCESS;
  });
}

SLUICE_API cuMemPoolDestroy(Handle pool) {
  return closingCall("cuMemPoolDestroy", [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Pool> found = simulator.pools.find(pool);
    if (!found || found->isDefault)
      return simulator.broken(INVALID_VALUE, "a memory pool destroyed that isn't open");
    for (Device& device : simulator.devices)
      if (device.pool == found) {
        device.pool = device.defaultPool;
        device.poolHandle = device.defaultPoolHandle;
      }
    simulator.pools.remove(pool);
    simulator.closed("memory pool", pool);
    return SUCCESS;
  });
}

SLUICE_API cuMemPoolGetAttribute(Handle pool, int attribute, void* value) {
  return call("cuMemPoolGetAttribute", DRIVER, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Pool> found = simulator.pools.find(pool);
    if (!found || !value) return INVALID_VALUE;
    auto* number = static_cast<uint64_t*>(value);
    switch (attribute) {
      case REUSE_EVENTS:
      case REUSE_OPPORTUNISTIC:
      case REUSE_INTERNAL:
        *static_cast<int*>(value) = 1;
        return SUCCESS;
      case THRESHOLD:
        *number = found->threshold;
        return SUCCESS;
      case RESERVED:
        *number = found->reserved;
        return SUCCESS;
      case RESERVED_HIGH:
        *number = found->reservedHigh;
        return SUCCESS;
      case USED:
        *number = found->used;
        return SUCCESS;
      case USED_HIGH:
        *number = found->usedHigh;
        return SUCCESS;
      default:
        return INVALID_VALUE;
    }
  });
}

SLUICE_API cuMemPoolSetAttribute(Handle pool, int attribute, void* value) {
  return call("cuMemPoolSetAttribute", DRIVER, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Pool> found = simulator.pools.find(pool);
    if (!found || !value) return INVALID_VALUE;
    auto number = *static_cast<uint64_t*>(value);
    switch (attribute) {
      case REUSE_EVENTS:
      case REUSE_OPPORTUNISTIC:
      case REUSE_INTERNAL:
        return SUCCESS;
      case THRESHOLD:
        found->threshold = number;
        return SUCCESS;
      case RESERVED_HIGH:
        if (number) return INVALID_VALUE;
        found->reservedHigh = found->reserved;
        return SUCCESS;
      case USED_HIGH:
        if (number) return INVALID_VALUE;
        found->usedHigh = found->used;
        return SUCCESS;
      default:
        return INVALID_VALUE;
    }
  });
}

SLUICE_API cuMemPoolTrimTo(Handle pool, size_t keep) {
  return call("cuMemPoolTrimTo", DRIVER, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Pool> found = simulator.pools.find(pool);
    if (!found) return INVALID_VALUE;
    trim(*found, keep);
    return SUCCESS;
  });
}

SLUICE_API cuMemPoolSetAccess(Handle pool, const void* access, size_t count) {
  return call("cuMemPoolSetAccess", DRIVER, [&](Simulator& simulator, auto&) -> int {
    return simulator.pools.find(pool) && access && count ? SUCCESS : INVALID_VALUE;
  });
}

SLUICE_API cuDeviceGraphMemTrim(int device) {
  return call("cuDeviceGraphMemTrim", DRIVER, [&](Simulator& simulator, auto&) -> int {
    return device >= 0 && device < (int)simulator.devices.size() ? SUCCESS : INVALID_DEVICE;
  });
}

}  // namespace sluice
