#include "shared_memory.h"

#include "fault.h"

namespace sluice {

SharedMemory::SharedMemory(uint32_t size, uint32_t staticSize)
    : size_(size), staticSize_(staticSize), data_(size), tags_(size) {}

void SharedMemory::start() {
  epoch_++;
  serial_++;
}

uint8_t* SharedMemory::access(uint64_t address, uint32_t bytes, int thread, uint32_t warpEpoch,
                              Access access, const uint8_t* value) {
  if (address + bytes > size_ || address > size_)
    throw Fault(ILLEGAL_ADDRESS,
                text("shared memory at offset %lld, out of bounds of the %u static and %u dynamic "
                     "bytes that the block has",
                     (long long)address, staticSize_, size_ - staticSize_));
  for (uint64_t at = address; at < address + bytes; at++)
    check(tags_[at], at, thread, warpEpoch, access, value && data_[at] == value[at - address]);
  return data_.data() + address;
}

void SharedMemory::check(Tag& tag, uint64_t at, int thread, uint32_t warpEpoch, Access access,
                         bool same) {
  int warp = thread / 32;
  bool wrote = tag.writeEpoch == epoch_ && tag.writer != thread &&
               !(tag.writer / 32 == warp && tag.writeWarpEpoch < warpEpoch);
  if (wrote && !same && !(access == Access::Atomic && tag.atomic))
    throw Fault(LAUNCH_FAILED,
                text("shared memory race at byte %llu: thread %d %s what thread %d wrote, with no "
                     "barrier between them",
                     (unsigned long long)at, thread,
                     access == Access::Read ? "reads" : "overwrites", tag.writer));
  if (access != Access::Write && tag.writtenIn != serial_)
    throw Fault(LAUNCH_FAILED, text("shared memory read at byte %llu, which was never written",
                                    (unsigned long long)at));
  if (access == Access::Read) {
    bool first = tag.readEpoch != epoch_;
    if (first) tag.reader = static_cast<int16_t>(thread);
    else if (tag.reader != thread)
      tag.reader = tag.reader >= 0 ? (tag.reader / 32 == warp ? inWarp(warp) : MANY)
                                   : (tag.reader == inWarp(warp) ? tag.reader : MANY);
    tag.readEpoch = epoch_;
    tag.readWarpEpoch = warpEpoch;
    return;
  }
  bool readByOthers = tag.readEpoch == epoch_ && tag.reader != thread;
  bool readInWarp = tag.reader >= 0 ? tag.reader / 32 == warp : tag.reader == inWarp(warp);
  if (readByOthers && !(readInWarp && tag.readWarpEpoch < warpEpoch))
    throw Fault(LAUNCH_FAILED,
                text("shared memory race at byte %llu: thread %d overwrites what %s read, with no "
                     "barrier between them",
                     (unsigned long long)at, thread,
                     tag.reader >= 0 ? text("thread %d", tag.reader).c_str() : "other threads"));
  tag.writer = static_cast<int16_t>(thread);
  tag.writeEpoch = epoch_;
  tag.writeWarpEpoch = warpEpoch;
  tag.writtenIn = serial_;
  tag.atomic = access == Access::Atomic;
}

}  // namespace sluice
