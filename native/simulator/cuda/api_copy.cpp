// Copies and fills. When they happen is as the driver documents it: from pageable memory the bytes
// are taken at once and arrive in the stream's order; to pageable memory the call waits; with
// page-locked memory everything happens later, and the memory must stay as it is until then.
#include <algorithm>
#include <cstring>

#include "call.h"

namespace sluice {

namespace {

constexpr uint8_t POISON = 0xCB;

// A range that is, or will be in its stream's order, device memory.
bool isDeviceMemory(Simulator& simulator, DevicePointer address, size_t bytes) {
  Allocation* found = simulator.memory.find(address);
  return found && found->device >= 0 && found->state != Allocation::State::Freed &&
         found->holds(address, bytes);
}

bool isPinned(Simulator& simulator, const void* address, size_t bytes) {
  Allocation* found = simulator.memory.find(reinterpret_cast<uint64_t>(address));
  return found && found->device < 0 && found->holds(reinterpret_cast<uint64_t>(address), bytes);
}

int wrongRange(Simulator& simulator, const char* name, DevicePointer address, size_t bytes) {
  std::string why = "isn't live device memory";
  try {
    simulator.memory.require(address, bytes, "copy");
  } catch (const Fault& fault) {
    why = fault.what();
  }
  return simulator.broken(INVALID_VALUE, std::string(name) + ": " + why);
}

uint64_t hash(const uint8_t* at, size_t bytes) {
  uint64_t h = 1469598103934665603ULL;
  for (; bytes >= 8; bytes -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    h = (h ^ word) * 1099511628211ULL;
    h ^= h >> 29;
  }
  for (; bytes; bytes--) h = (h ^ *at++) * 1099511628211ULL;
  return h;
}

// Whether a pending copy reads or writes pinned memory in this range.
bool inUse(Simulator& simulator, const void* address, size_t bytes, bool written) {
  auto* at = static_cast<const uint8_t*>(address);
  std::erase_if(simulator.hostUses, [](const HostUse& use) {
    auto work = use.work.lock();
    return !work || work->done;
  });
  return std::any_of(simulator.hostUses.begin(), simulator.hostUses.end(), [&](const HostUse& use) {
    return use.written == written && at < use.at + use.bytes && use.at < at + bytes;
  });
}

void use(Simulator& simulator, const void* address, size_t bytes, bool written,
         const WorkPointer& work) {
  if (work)
    simulator.hostUses.push_back({static_cast<const uint8_t*>(address), bytes, written, work});
}

void put(Simulator& simulator, DevicePointer to, const uint8_t* from, size_t bytes) {
  Allocation& allocation = simulator.memory.require(to, bytes, "copy to device memory");
  uint64_t offset = to - allocation.base;
  std::memcpy(allocation.data + offset, from, bytes);
  if (allocation.written) std::memset(allocation.written + offset, 1, bytes);
}

// Bytes never written arrive as poison, and are reported: a program may not look at them.
void take(Simulator& simulator, uint8_t* to, DevicePointer from, size_t bytes) {
  Allocation& allocation = simulator.memory.require(from, bytes, "copy from device memory");
  uint64_t offset = from - allocation.base;
  std::memcpy(to, allocation.data + offset, bytes);
  if (!allocation.written) return;
  const uint8_t* written = allocation.written + offset;
  uint64_t first = firstUnwritten(written, bytes);
  if (first == bytes) return;
  for (uint64_t i = first; i < bytes; i++)
    if (!written[i]) to[i] = POISON;
  simulator.broken(
      text("copy to the host of bytes never written: offset %llu of the %llu bytes of %s",
           (unsigned long long)(offset + first), (unsigned long long)allocation.size,
           allocation.kind.c_str()));
}

void copyWithin(Simulator& simulator, DevicePointer to, DevicePointer from, size_t bytes) {
  Allocation& target = simulator.memory.require(to, bytes, "copy to device memory");
  Allocation& source = simulator.memory.require(from, bytes, "copy from device memory");
  uint64_t at = to - target.base, of = from - source.base;
  if (to < from + bytes && from < to + bytes && to != from)
    simulator.broken("a copy within device memory whose ranges overlap");
  std::memmove(target.data + at, source.data + of, bytes);
  if (!target.written) return;
  if (source.written) std::memmove(target.written + at, source.written + of, bytes);
  else std::memset(target.written + at, 1, bytes);
}

int toDevice(Simulator& simulator, const char* name, DevicePointer to, const void* from,
             size_t bytes, Handle handle, bool wait) {
  std::shared_ptr<Stream> stream = simulator.stream(handle);
  if (!stream)
    return simulator.broken(INVALID_HANDLE, std::string(name) + " on a stream that isn't open");
  if (!bytes) return SUCCESS;
  if (!from || !isDeviceMemory(simulator, to, bytes)) return wrongRange(simulator, name, to, bytes);
  auto* host = static_cast<const uint8_t*>(from);
  bool pinned = isPinned(simulator, from, bytes);
  if (stream->capture) {
    if (!pinned)
      return simulator.broken(CAPTURE_UNSUPPORTED,
                              std::string(name) + " from pageable memory in a capture");
    return simulator.submit(*stream, name, [=, &simulator] { put(simulator, to, host, bytes); });
  }
  WorkPointer work;
  int status;
  if (!pinned) {
    auto staged = std::make_shared<std::vector<uint8_t>>(host, host + bytes);
    return simulator.submit(*stream, name,
                            [=, &simulator] { put(simulator, to, staged->data(), bytes); });
  }
  bool changes = inUse(simulator, from, bytes, true);
  uint64_t before = changes ? 0 : hash(host, bytes);
  status = simulator.submit(
      *stream, name,
      [=, &simulator] {
        if (!isPinned(simulator, host, bytes))
          throw Fault(ILLEGAL_ADDRESS, "the pinned memory it copies from was freed");
        if (!changes && hash(host, bytes) != before)
          simulator.broken(std::string(name) +
                           ": pinned memory was changed before the copy from it was done");
        put(simulator, to, host, bytes);
      },
      &work);
  use(simulator, from, bytes, false, work);
  if (wait && work) simulator.scheduler.complete(work);
  return status;
}

int fromDevice(Simulator& simulator, const char* name, void* to, DevicePointer from, size_t bytes,
               Handle handle, bool wait) {
  std::shared_ptr<Stream> stream = simulator.stream(handle);
  if (!stream)
    return simulator.broken(INVALID_HANDLE, std::string(name) + " on a stream that isn't open");
  if (!bytes) return SUCCESS;
  if (!to || !isDeviceMemory(simulator, from, bytes))
    return wrongRange(simulator, name, from, bytes);
  auto* host = static_cast<uint8_t*>(to);
  bool pinned = isPinned(simulator, to, bytes);
  if (stream->capture && !pinned)
    return simulator.broken(CAPTURE_UNSUPPORTED,
                            std::string(name) + " to pageable memory in a capture");
  // Who reads it before it's there reads poison.
  if (pinned && !stream->capture && !inUse(simulator, to, bytes, false) &&
      !inUse(simulator, to, bytes, true))
    std::memset(host, POISON, bytes);
  WorkPointer work;
  int status = simulator.submit(
      *stream, name,
      [=, &simulator] {
        if (pinned && !isPinned(simulator, host, bytes))
          throw Fault(ILLEGAL_ADDRESS, "the pinned memory it copies to was freed");
        take(simulator, host, from, bytes);
      },
      &work);
  if (pinned) use(simulator, to, bytes, true, work);
  if (work && (wait || !pinned)) simulator.scheduler.complete(work);
  return status;
}

int within(Simulator& simulator, const char* name, DevicePointer to, DevicePointer from,
           size_t bytes, Handle handle) {
  std::shared_ptr<Stream> stream = simulator.stream(handle);
  if (!stream)
    return simulator.broken(INVALID_HANDLE, std::string(name) + " on a stream that isn't open");
  if (!bytes) return SUCCESS;
  if (!isDeviceMemory(simulator, to, bytes)) return wrongRange(simulator, name, to, bytes);
  if (!isDeviceMemory(simulator, from, bytes)) return wrongRange(simulator, name, from, bytes);
  return simulator.submit(*stream, name,
                          [=, &simulator] { copyWithin(simulator, to, from, bytes); });
}

// By what the addresses are, as unified addressing has it.
int anyCopy(Simulator& simulator, const char* name, DevicePointer to, DevicePointer from,
            size_t bytes, Handle stream, bool wait) {
  bool toDeviceMemory = isDeviceMemory(simulator, to, bytes);
  bool fromDeviceMemory = isDeviceMemory(simulator, from, bytes);
  if (toDeviceMemory && fromDeviceMemory) return within(simulator, name, to, from, bytes, stream);
  if (toDeviceMemory)
    return toDevice(simulator, name, to, reinterpret_cast<const void*>(from), bytes, stream, wait);
  return fromDevice(simulator, name, reinterpret_cast<void*>(to), from, bytes, stream, wait);
}

template <class T>
int fill(Simulator& simulator, const char* name, DevicePointer to, T value, size_t count,
         Handle handle) {
  std::shared_ptr<Stream> stream = simulator.stream(handle);
  if (!stream)
    return simulator.broken(INVALID_HANDLE, std::string(name) + " on a stream that isn't open");
  if (!count) return SUCCESS;
  size_t bytes = count * sizeof(T);
  if (!isDeviceMemory(simulator, to, bytes)) return wrongRange(simulator, name, to, bytes);
  if (to % sizeof(T))
    return simulator.broken(INVALID_VALUE, std::string(name) + " of a misaligned address");
  return simulator.submit(*stream, name, [=, &simulator] {
    Allocation& allocation = simulator.memory.require(to, bytes, "fill");
    uint64_t offset = to - allocation.base;
    std::fill_n(reinterpret_cast<T*>(allocation.data + offset), count, value);
    if (allocation.written) std::memset(allocation.written + offset, 1, bytes);
  });
}

}  // namespace

SLUICE_API cuMemcpyHtoD_v2(DevicePointer to, const void* from, size_t bytes) {
  return call("cuMemcpyHtoD_v2", CONTEXT | NO_CAPTURE, [&](Simulator& simulator, auto&) -> int {
    return toDevice(simulator, "cuMemcpyHtoD", to, from, bytes, nullptr, true);
  });
}

SLUICE_API cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, size_t bytes, Handle stream) {
  return call("cuMemcpyHtoDAsync_v2", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    return toDevice(simulator, "cuMemcpyHtoDAsync", to, from, bytes, stream, false);
  });
}

SLUICE_API cuMemcpyDtoH_v2(void* to, DevicePointer from, size_t bytes) {
  return call("cuMemcpyDtoH_v2", CONTEXT | NO_CAPTURE, [&](Simulator& simulator, auto&) -> int {
    return fromDevice(simulator, "cuMemcpyDtoH", to, from, bytes, nullptr, true);
  });
}

SLUICE_API cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, size_t bytes, Handle stream) {
  return call("cuMemcpyDtoHAsync_v2", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    return fromDevice(simulator, "cuMemcpyDtoHAsync", to, from, bytes, stream, false);
  });
}

SLUICE_API cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, size_t bytes) {
  return call("cuMemcpyDtoD_v2", CONTEXT | NO_CAPTURE, [&](Simulator& simulator, auto&) -> int {
    return within(simulator, "cuMemcpyDtoD", to, from, bytes, nullptr);
  });
}

SLUICE_API cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes, Handle stream) {
  return call("cuMemcpyDtoDAsync_v2", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    return within(simulator, "cuMemcpyDtoDAsync", to, from, bytes, stream);
  });
}

SLUICE_API cuMemcpy(DevicePointer to, DevicePointer from, size_t bytes) {
  return call("cuMemcpy", CONTEXT | NO_CAPTURE, [&](Simulator& simulator, auto&) -> int {
    return anyCopy(simulator, "cuMemcpy", to, from, bytes, nullptr, true);
  });
}

SLUICE_API cuMemcpyAsync(DevicePointer to, DevicePointer from, size_t bytes, Handle stream) {
  return call("cuMemcpyAsync", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    return anyCopy(simulator, "cuMemcpyAsync", to, from, bytes, stream, false);
  });
}

SLUICE_API cuMemcpyPeerAsync(DevicePointer to, Handle toContext, DevicePointer from,
                             Handle fromContext, size_t bytes, Handle stream) {
  return call("cuMemcpyPeerAsync", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    if (!simulator.contexts.find(toContext) || !simulator.contexts.find(fromContext))
      return INVALID_CONTEXT;
    return within(simulator, "cuMemcpyPeerAsync", to, from, bytes, stream);
  });
}

SLUICE_API cuMemsetD8_v2(DevicePointer to, unsigned char value, size_t count) {
  return call("cuMemsetD8_v2", CONTEXT | NO_CAPTURE, [&](Simulator& simulator, auto&) -> int {
    return fill<uint8_t>(simulator, "cuMemsetD8", to, value, count, nullptr);
  });
}

SLUICE_API cuMemsetD8Async(DevicePointer to, unsigned char value, size_t count, Handle stream) {
  return call("cuMemsetD8Async", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    return fill<uint8_t>(simulator, "cuMemsetD8Async", to, value, count, stream);
  });
}

SLUICE_API cuMemsetD32_v2(DevicePointer to, unsigned value, size_t count) {
  return call("cuMemsetD32_v2", CONTEXT | NO_CAPTURE, [&](Simulator& simulator, auto&) -> int {
    return fill<uint32_t>(simulator, "cuMemsetD32", to, value, count, nullptr);
  });
}

SLUICE_API cuMemsetD32Async(DevicePointer to, unsigned value, size_t count, Handle stream) {
  return call("cuMemsetD32Async", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    return fill<uint32_t>(simulator, "cuMemsetD32Async", to, value, count, stream);
  });
}

}  // namespace sluice
