// The driver, its devices and their primary contexts.
#include <cstring>

#include "attributes.h"
#include "call.h"

namespace sluice {

namespace {

bool isDevice(Simulator& simulator, int device) {
  return device >= 0 && device < static_cast<int>(simulator.devices.size());
}

void destroyContext(Simulator& simulator, Device& device) {
  std::shared_ptr<Context> context = device.primary;
  simulator.scheduler.completeAll(context.get());
  std::string open = simulator.ledger.text(context->handle);
  if (!open.empty()) simulator.broken("the context was destroyed with these open:\n" + open);
  simulator.scheduler.drop(context.get());
  simulator.ledger.lost(context->handle);
  std::vector<uint64_t> live;
  for (auto& [base, allocation] : simulator.memory.all())
    if (allocation->device == context->device && allocation->state != Allocation::State::Freed)
      live.push_back(base);
  for (uint64_t base : live) simulator.memory.release(base);
  device.used = 0;
  *device.defaultPool = Pool{.device = context->device};
  simulator.contexts.remove(context->handle);
  context->legacy = nullptr;  // They hold each other.
  device.primary = nullptr;
}

}  // namespace

SLUICE_API cuInit(unsigned flags) {
  return call("cuInit", NOTHING, [&](Simulator& simulator, auto&) -> int {
    if (flags) return INVALID_VALUE;
    if (simulator.devices.empty()) return 100;  // CUDA_ERROR_NO_DEVICE
    simulator.initialized = true;
    return SUCCESS;
  });
}

SLUICE_API cuDriverGetVersion(int* version) {
  return call("cuDriverGetVersion", NOTHING, [&](Simulator& simulator, auto&) -> int {
    if (!version) return INVALID_VALUE;
    *version = simulator.driverVersion;
    return SUCCESS;
  });
}

SLUICE_API cuDeviceGetCount(int* count) {
  return call("cuDeviceGetCount", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!count) return INVALID_VALUE;
    *count = static_cast<int>(simulator.devices.size());
    return SUCCESS;
  });
}

SLUICE_API cuDeviceGet(int* device, int ordinal) {
  return call("cuDeviceGet", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!device) return INVALID_VALUE;
    if (!isDevice(simulator, ordinal)) return INVALID_DEVICE;
    *device = ordinal;
    return SUCCESS;
  });
}

SLUICE_API cuDeviceGetName(char* name, int length, int device) {
  return call("cuDeviceGetName", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!name || length <= 0) return INVALID_VALUE;
    if (!isDevice(simulator, device)) return INVALID_DEVICE;
    std::snprintf(name, length, "Sluice simulator (simulated)");
    return SUCCESS;
  });
}

SLUICE_API cuDeviceGetUuid_v2(unsigned char* uuid, int device) {
  return call("cuDeviceGetUuid_v2", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!uuid) return INVALID_VALUE;
    if (!isDevice(simulator, device)) return INVALID_DEVICE;
    std::memcpy(uuid, "simulated\0\0\0\0\0\0", 16);
    uuid[15] = static_cast<unsigned char>(device);
    return SUCCESS;
  });
}

SLUICE_API cuDeviceGetPCIBusId(char* id, int length, int device) {
  return call("cuDeviceGetPCIBusId", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!id || length <= 0) return INVALID_VALUE;
    if (!isDevice(simulator, device)) return INVALID_DEVICE;
    std::snprintf(id, length, "0000:%02x:00.0", device + 1);
    return SUCCESS;
  });
}

SLUICE_API cuDeviceTotalMem_v2(size_t* bytes, int device) {
  return call("cuDeviceTotalMem_v2", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!bytes) return INVALID_VALUE;
    if (!isDevice(simulator, device)) return INVALID_DEVICE;
    *bytes = simulator.memoryLimit;
    return SUCCESS;
  });
}

SLUICE_API cuDeviceGetAttribute(int* value, int attribute, int device) {
  return call("cuDeviceGetAttribute", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!value) return INVALID_VALUE;
    if (!isDevice(simulator, device)) return INVALID_DEVICE;
    return deviceAttribute(simulator.capability, attribute, device, value) ? SUCCESS
                                                                           : INVALID_VALUE;
  });
}

SLUICE_API cuDeviceCanAccessPeer(int* can, int device, int peer) {
  return call("cuDeviceCanAccessPeer", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!can) return INVALID_VALUE;
    if (!isDevice(simulator, device) || !isDevice(simulator, peer)) return INVALID_DEVICE;
    *can = device != peer;
    return SUCCESS;
  });
}

SLUICE_API cuDevicePrimaryCtxRetain(Handle* out, int device) {
  return call("cuDevicePrimaryCtxRetain", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!out) return INVALID_VALUE;
    if (!isDevice(simulator, device)) return INVALID_DEVICE;
    std::shared_ptr<Context>& primary = simulator.devices[device].primary;
    if (!primary) {
      primary = std::make_shared<Context>();
      primary->device = device;
      primary->handle = simulator.contexts.add(primary);
      primary->legacy = std::make_shared<Stream>();
      primary->legacy->context = primary;
      primary->legacy->legacy = true;
    }
    if (primary->lost) return primary->lost;
    primary->uses++;
    *out = primary->handle;
    return SUCCESS;
  });
}

SLUICE_API cuDevicePrimaryCtxRelease_v2(int device) {
  return closingCall(
      "cuDevicePrimaryCtxRelease_v2",
      [&](Simulator& simulator, auto& current) -> int {
        if (!isDevice(simulator, device)) return INVALID_DEVICE;
        Device& owner = simulator.devices[device];
        if (!owner.primary)
          return simulator.broken(INVALID_CONTEXT,
                                  "a primary context released that isn't retained");
        if (--owner.primary->uses == 0) destroyContext(simulator, owner);
        current = nullptr;
        return SUCCESS;
      },
      true);
}

SLUICE_API cuDevicePrimaryCtxReset_v2(int device) {
  return call("cuDevicePrimaryCtxReset_v2", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!isDevice(simulator, device)) return INVALID_DEVICE;
    if (simulator.devices[device].primary) destroyContext(simulator, simulator.devices[device]);
    return SUCCESS;
  });
}

SLUICE_API cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
  return call("cuDevicePrimaryCtxGetState", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!isDevice(simulator, device)) return INVALID_DEVICE;
    if (flags) *flags = 0;
    if (active) *active = simulator.devices[device].primary != nullptr;
    return SUCCESS;
  });
}

SLUICE_API cuDevicePrimaryCtxSetFlags_v2(int device, unsigned) {
  return call("cuDevicePrimaryCtxSetFlags_v2", DRIVER, [&](Simulator& simulator, auto&) -> int {
    return isDevice(simulator, device) ? SUCCESS : INVALID_DEVICE;
  });
}

}  // namespace sluice
