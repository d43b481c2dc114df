// Loads, stores and atomic operations, each access checked.
#include <algorithm>

#include "block.h"
#include "operations.h"

namespace sluice {

namespace {

uint8_t* global(Warp& warp, const Instruction& in, uint64_t address, uint32_t bytes, Access access,
                const uint8_t* value) {
  const Launch& launch = warp.launch();
  Allocation*& met = launch.met[&in - launch.kernel.code.data()];
  const char* what = access == Access::Read ? "read" : access == Access::Write ? "write" : "atomic";
  if (!met || !met->holds(address, bytes)) [[unlikely]] {
    met = &launch.memory.require(address, bytes, what);
    if (met->device >= 0 && met->device != launch.device)
      throw Fault(ILLEGAL_ADDRESS, text("%s of memory of device %d by a kernel on device %d", what,
                                        met->device, launch.device));
  }
  uint64_t offset = address - met->base;
  if (met->written) {
    uint8_t* written = met->written + offset;
    if (access != Access::Write && firstUnwritten(written, bytes) < bytes) [[unlikely]]
      launch.memory.requireWritten(address, bytes, what);
    if (access != Access::Read) std::memset(written, 1, bytes);
    launch.order.access(*met, offset, bytes, access, warp.block().order(), value);
  }
  return met->data + offset;
}

// The host address of what a lane accesses, after all checks.
// `value`: the bytes that a store is about to write.
uint8_t* reach(Warp& warp, const Instruction& in, int lane, uint32_t bytes, Access access,
               const uint8_t* value = nullptr) {
  uint64_t address = warp.value(in.operand[in.mode], lane) + in.offset;
  Space space = in.space;
  if (space == Space::Generic) {
    space = Space::Global;
    if (address - SHARED_WINDOW < WINDOW_BYTES) {
      space = Space::Shared;
      address -= SHARED_WINDOW;
    } else if (address - LOCAL_WINDOW < WINDOW_BYTES) {
      space = Space::Local;
      address -= LOCAL_WINDOW;
    }
  }
  int thread = warp.thread(lane);
  try {
    if (address & (bytes - 1))
      throw Fault(MISALIGNED_ADDRESS, text("address %#llx of %u bytes isn't aligned",
                                           (unsigned long long)address, bytes));
    switch (space) {
      case Space::Shared:
        return warp.block().shared().access(address, bytes, thread, warp.epoch, access, value);
      case Space::Local:
        return warp.block().local(address, bytes, thread, access == Access::Write);
      case Space::Parameter: {
        auto& parameters = const_cast<std::vector<uint8_t>&>(warp.launch().parameters);
        if (access != Access::Read || address + bytes > parameters.size())
          throw Fault(ILLEGAL_ADDRESS, text("parameter space at offset %llu of %zu bytes",
                                            (unsigned long long)address, parameters.size()));
        return parameters.data() + address;
      }
      default:
        return global(warp, in, address, bytes, access, value);
    }
  } catch (const Fault& fault) {
    const Dim3& block = warp.launch().block;
    uint32_t t = thread;
    throw Fault(fault.status, text("thread (%u, %u, %u): %s", t % block.x, t / block.x % block.y,
                                   t / (block.x * block.y), fault.what()));
  }
}

// `in.mode` is the operand that holds the address.
template <class M>
void load(Warp& warp, const Instruction& in, Lanes active) {
  for (Lanes rest = active; rest; rest &= rest - 1) {
    int lane = __builtin_ctz(rest);
    const uint8_t* from = reach(warp, in, lane, sizeof(M) * in.vector, Access::Read);
    for (int v = 0; v < in.vector; v++) {
      Register to = in.operand[v];
      M value;
      std::memcpy(&value, from + v * sizeof(M), sizeof(M));
      if (to.bytes == sizeof(M)) {
        warp.lanes<M>(to)[lane] = value;
      } else {
        uint64_t wide = uint64_t(value);
        std::memcpy(warp.bytes(to) + lane * to.bytes, &wide, to.bytes);
      }
    }
  }
}

template <class M>
void store(Warp& warp, const Instruction& in, Lanes active) {
  for (Lanes rest = active; rest; rest &= rest - 1) {
    int lane = __builtin_ctz(rest);
    uint8_t value[4 * sizeof(M)];
    for (int v = 0; v < in.vector; v++) {
      Register from = in.operand[1 + v];
      std::memcpy(value + v * sizeof(M), warp.bytes(from) + lane * from.bytes, sizeof(M));
    }
    uint32_t bytes = sizeof(M) * in.vector;
    std::memcpy(reach(warp, in, lane, bytes, Access::Write, value), value, bytes);
  }
}

using Add = decltype([](auto a, auto b) { return a + b; });
using Min = decltype([](auto a, auto b) { return std::min(a, b); });
using Max = decltype([](auto a, auto b) { return std::max(a, b); });
using And = decltype([](auto a, auto b) { return a & b; });
using Or = decltype([](auto a, auto b) { return a | b; });
using Xor = decltype([](auto a, auto b) { return a ^ b; });
struct Exchange {
  template <class T>
  T operator()(T, T b) const {
    return b;
  }
};
using Increment = decltype([](auto a, auto b) { return a >= b ? decltype(a)(0) : a + 1; });
using Decrement = decltype([](auto a, auto b) { return a == 0 || a > b ? b : a - 1; });

struct Half2 {
  _Float16 low, high;
};
Half2 operator+(Half2 a, Half2 b) {
  return {_Float16(float(a.low) + float(b.low)), _Float16(float(a.high) + float(b.high))};
}

// atom: d = old, [a] = F(old, b); red: no d.
template <class T, class F>
void atomic(Warp& warp, const Instruction& in, Lanes active) {
  const T* b = warp.lanes<T>(in.operand[in.mode + 1]);
  for (Lanes rest = active; rest; rest &= rest - 1) {
    int lane = __builtin_ctz(rest);
    uint8_t* at = reach(warp, in, lane, sizeof(T), Access::Atomic);
    T old, value;
    std::memcpy(&old, at, sizeof old);
    value = F{}(old, b[lane]);
    std::memcpy(at, &value, sizeof value);
    if (in.outputs) warp.lanes<T>(in.operand[0])[lane] = old;
  }
}

template <class T>
void compareAndSwap(Warp& warp, const Instruction& in, Lanes active) {
  const T* expected = warp.lanes<T>(in.operand[2]);
  const T* value = warp.lanes<T>(in.operand[3]);
  for (Lanes rest = active; rest; rest &= rest - 1) {
    int lane = __builtin_ctz(rest);
    uint8_t* at = reach(warp, in, lane, sizeof(T), Access::Atomic);
    T old, next = value[lane];
    std::memcpy(&old, at, sizeof old);
    if (old == expected[lane]) std::memcpy(at, &next, sizeof next);
    warp.lanes<T>(in.operand[0])[lane] = old;
  }
}

template <class T, class F>
void addAtomic(Operations& table, const std::string& name) {
  constexpr uint8_t N = sizeof(T);
  table["atom." + name] = {atomic<T, F>, 1, {N, ANY, N}, Flow::Next, 1};
  table["red." + name] = {atomic<T, F>, 0, {ANY, N}, Flow::Next, 0};
}

template <class T>
void addIntegerAtomics(Operations& table, const std::string& type) {
  addAtomic<T, Add>(table, "add." + type);
  addAtomic<T, Min>(table, "min." + type);
  addAtomic<T, Max>(table, "max." + type);
}

template <class T>
void addBitAtomics(Operations& table, const std::string& type) {
  constexpr uint8_t N = sizeof(T);
  addAtomic<T, And>(table, "and." + type);
  addAtomic<T, Or>(table, "or." + type);
  addAtomic<T, Xor>(table, "xor." + type);
  addAtomic<T, Exchange>(table, "exch." + type);
  table["atom.cas." + type] = {compareAndSwap<T>, 1, {N, ANY, N, N}, Flow::Next, 1};
}

}  // namespace

void addMemoryOperations(Operations& table) {
  // The parser adds the registers of vectors and the operand of the address.
  table["ld.8"] = {load<uint8_t>, 1, {ANY, ANY}, Flow::Next, 1};
  table["ld.s8"] = {load<int8_t>, 1, {ANY, ANY}, Flow::Next, 1};
  table["ld.16"] = {load<uint16_t>, 1, {ANY, ANY}, Flow::Next, 1};
  table["ld.s16"] = {load<int16_t>, 1, {ANY, ANY}, Flow::Next, 1};
  table["ld.32"] = {load<uint32_t>, 1, {ANY, ANY}, Flow::Next, 1};
  table["ld.s32"] = {load<int32_t>, 1, {ANY, ANY}, Flow::Next, 1};
  table["ld.64"] = {load<uint64_t>, 1, {ANY, ANY}, Flow::Next, 1};
  table["st.8"] = {store<uint8_t>, 0, {ANY, ANY}};
  table["st.16"] = {store<uint16_t>, 0, {ANY, ANY}};
  table["st.32"] = {store<uint32_t>, 0, {ANY, ANY}};
  table["st.64"] = {store<uint64_t>, 0, {ANY, ANY}};
  addIntegerAtomics<uint32_t>(table, "u32");
  addIntegerAtomics<int32_t>(table, "s32");
  addIntegerAtomics<uint64_t>(table, "u64");
  addIntegerAtomics<int64_t>(table, "s64");
  addBitAtomics<uint32_t>(table, "b32");
  addBitAtomics<uint64_t>(table, "b64");
  addAtomic<float, Add>(table, "add.f32");
  addAtomic<double, Add>(table, "add.f64");
  addAtomic<_Float16, Add>(table, "add.f16");
  addAtomic<Half2, Add>(table, "add.f16x2");
  addAtomic<uint32_t, Increment>(table, "inc.u32");
  addAtomic<uint32_t, Decrement>(table, "dec.u32");
  table["atom.cas.b16"] = {compareAndSwap<uint16_t>, 1, {2, ANY, 2, 2}, Flow::Next, 1};
}

}  // namespace sluice
