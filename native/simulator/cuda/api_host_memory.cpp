// Page-locked host memory, which device and host see at one address; what a pointer is.
#include <cstdlib>

#include "call.h"

namespace sluice {

namespace {

const char* const PINNED = "pinned host memory";
const char* const REGISTERED = "registered host memory";

int allocatePinned(Simulator& simulator, void** out, size_t bytes) {
  if (!out || !bytes) return INVALID_VALUE;
  constexpr size_t PAGE = 4096;
  void* memory = std::aligned_alloc(PAGE, (bytes + PAGE - 1) / PAGE * PAGE);
  if (!memory) return OUT_OF_MEMORY;
  simulator.memory.map(memory, bytes, PINNED);
  simulator.opened(PINNED, reinterpret_cast<uint64_t>(memory), std::to_string(bytes) + " bytes");
  *out = memory;
  return SUCCESS;
}

Allocation* hostAt(Simulator& simulator, const void* address, const char* kind) {
  Allocation* found = simulator.memory.find(reinterpret_cast<uint64_t>(address));
  bool starts = found && found->base == reinterpret_cast<uint64_t>(address);
  return starts && found->kind == kind ? found : nullptr;
}

}  // namespace

SLUICE_API cuMemAllocHost_v2(void** out, size_t bytes) {
  return call("cuMemAllocHost_v2", CONTEXT | NO_CAPTURE, [&](Simulator& simulator, auto&) -> int {
    return allocatePinned(simulator, out, bytes);
  });
}

SLUICE_API cuMemHostAlloc(void** out, size_t bytes, unsigned flags) {
  return call("cuMemHostAlloc", CONTEXT | NO_CAPTURE, [&](Simulator& simulator, auto&) -> int {
    return flags > 7 ? INVALID_VALUE : allocatePinned(simulator, out, bytes);
  });
}

SLUICE_API cuMemFreeHost(void* address) {
  return closingCall("cuMemFreeHost", [&](Simulator& simulator, auto& context) -> int {
    if (!context) return INVALID_CONTEXT;
    Allocation* found = hostAt(simulator, address, PINNED);
    if (!found)
      return simulator.broken(INVALID_VALUE,
                              "cuMemFreeHost of " + hex(address) + ", which isn't pinned memory");
    simulator.scheduler.completeAll(context.get());
    simulator.memory.release(found->base);
    simulator.closed(PINNED, address);
    std::free(address);
    return SUCCESS;
  });
}

SLUICE_API cuMemHostRegister_v2(void* address, size_t bytes, unsigned) {
  return call("cuMemHostRegister_v2", CONTEXT | NO_CAPTURE,
              [&](Simulator& simulator, auto&) -> int {
                if (!address || !bytes) return INVALID_VALUE;
                auto at = reinterpret_cast<uint64_t>(address);
                Allocation* found = simulator.memory.find(at);
                if (found && found->state != Allocation::State::Freed && found->holds(at, 1) &&
                    at < found->base + found->size)
                  return HOST_MEMORY_ALREADY_REGISTERED;
                simulator.memory.map(address, bytes, REGISTERED);
                simulator.opened(REGISTERED, at, std::to_string(bytes) + " bytes");
                return SUCCESS;
              });
}

SLUICE_API cuMemHostUnregister(void* address) {
  return closingCall("cuMemHostUnregister", [&](Simulator& simulator, auto& context) -> int {
    if (!context) return INVALID_CONTEXT;
    Allocation* found = hostAt(simulator, address, REGISTERED);
    if (!found) return HOST_MEMORY_NOT_REGISTERED;
    simulator.scheduler.completeAll(context.get());
    simulator.memory.release(found->base);
    simulator.closed(REGISTERED, address);
    return SUCCESS;
  });
}

SLUICE_API cuMemHostGetDevicePointer_v2(DevicePointer* out, void* host, unsigned flags) {
  return call("cuMemHostGetDevicePointer_v2", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    if (!out || flags) return INVALID_VALUE;
    Allocation* found = simulator.memory.find(reinterpret_cast<uint64_t>(host));
    if (!found || found->device >= 0) return INVALID_VALUE;
    *out = reinterpret_cast<uint64_t>(host);
    return SUCCESS;
  });
}

namespace {

enum PointerAttribute {
  CONTEXT_OF = 1,
  MEMORY_TYPE,
  DEVICE_POINTER,
  HOST_POINTER,
  IS_MANAGED = 8,
  DEVICE_ORDINAL,
  RANGE_START = 11,
  RANGE_SIZE,
  MAPPED
};

}  // namespace

SLUICE_API cuPointerGetAttribute(void* value, int attribute, DevicePointer address) {
  return call("cuPointerGetAttribute", CONTEXT, [&](Simulator& simulator, auto& context) -> int {
    Allocation* found = simulator.memory.find(address);
    if (!value || !found || found->state == Allocation::State::Freed ||
        address >= found->base + found->size)
      return INVALID_VALUE;
    bool host = found->device < 0;
    auto* number = static_cast<uint64_t*>(value);
    auto* word = static_cast<int*>(value);
    switch (attribute) {
      case CONTEXT_OF:
        *number = reinterpret_cast<uint64_t>(context->handle);
        return SUCCESS;
      case MEMORY_TYPE:
        *word = host ? 1 : 2;
        return SUCCESS;
      case DEVICE_POINTER:
        *number = address;
        return SUCCESS;
      case HOST_POINTER:
        if (!host) return INVALID_VALUE;
        *number = address;
        return SUCCESS;
      case IS_MANAGED:
        *static_cast<uint8_t*>(value) = 0;
        return SUCCESS;
      case DEVICE_ORDINAL:
        *word = host ? context->device : found->device;
        return SUCCESS;
      case RANGE_START:
        *number = found->base;
        return SUCCESS;
      case RANGE_SIZE:
        *number = found->size;
        return SUCCESS;
      case MAPPED:
        *static_cast<uint8_t*>(value) = 1;
        return SUCCESS;
      default:
        return INVALID_VALUE;
    }
  });
}

}  // namespace sluice
