// The simulated driver: everything that its API functions share. One lock guards all of it.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "device_memory.h"
#include "fault.h"
#include "graph.h"
#include "injection.h"
#include "launch.h"
#include "ledger.h"
#include "status.h"
#include "work.h"

namespace sluice {

struct Stream {
  Handle handle = nullptr;
  std::shared_ptr<Context> context;
  bool legacy = false;
  bool blocking = true;
  int priority = 0;
  WorkPointer last;
  std::shared_ptr<Capture> capture;
  std::vector<size_t> tails;  // nodes that the next captured work comes after
};

struct Event {
  std::shared_ptr<Context> context;
  bool timing = true;
  WorkPointer marker;  // null: never recorded
  std::shared_ptr<Capture> capture;
  std::vector<size_t> nodes;
};

struct LoadedModule {
  std::shared_ptr<Context> context;
  std::unique_ptr<Module> program;
  std::map<std::string, uint64_t> variables;
  std::vector<Handle> functions;
};

struct Function {
  std::shared_ptr<LoadedModule> module;
  const Kernel* kernel = nullptr;
  uint32_t dynamicLimit = 48 << 10;
};

struct ExecutableGraph {
  std::shared_ptr<Context> context;
  std::shared_ptr<Graph> graph;
  WorkPointer last;
};

struct Pool {
  int device = 0;
  bool isDefault = true;
  uint64_t used = 0, usedHigh = 0, reserved = 0, reservedHigh = 0, threshold = 0;
};

struct Device {
  uint64_t used = 0;
  std::shared_ptr<Context> primary;
  std::shared_ptr<Pool> defaultPool, pool;
  Handle defaultPoolHandle = nullptr, poolHandle = nullptr;
};

struct Context {
  Handle handle = nullptr;
  int device = 0;
  int uses = 0;
  int lost = 0;  // the status that every call returns, once there was a fault
  std::shared_ptr<Stream> legacy;
  std::vector<std::weak_ptr<Stream>> streams;
  std::vector<WorkPointer> ofDestroyedStreams;
  std::vector<int> peers;
};

// A range of page-locked host memory that pending copies read or write.
struct HostUse {
  const uint8_t* at;
  uint64_t bytes;
  bool written;
  std::weak_ptr<Work> work;
};

inline uint64_t nextHandle = 0x5100;

// Handles are numbers that are never used twice, so that a stale one is known.
template <class T>
class Table {
 public:
  Handle add(std::shared_ptr<T> object) {
    auto handle = reinterpret_cast<Handle>(nextHandle += 16);
    objects_[handle] = std::move(object);
    return handle;
  }
  std::shared_ptr<T> find(Handle handle) const {
    auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
  }
  std::shared_ptr<T> remove(Handle handle) {
    auto found = objects_.find(handle);
    if (found == objects_.end()) return nullptr;
    std::shared_ptr<T> object = std::move(found->second);
    objects_.erase(found);
    return object;
  }
  void clear() { objects_.clear(); }
  const std::unordered_map<Handle, std::shared_ptr<T>>& all() const { return objects_; }

 private:
  std::unordered_map<Handle, std::shared_ptr<T>> objects_;
};

class Simulator {
 public:
  static Simulator& get();
  void reset();

  // Says that a contract was broken; the call goes on to its status.
  void broken(const std::string& what) { report.add(what); }
  int broken(int status, const std::string& what) {
    report.add(what);
    return status;
  }
  void opened(const std::string& kind, uint64_t handle, const std::string& detail = "");
  void opened(const std::string& kind, Handle handle) {
    opened(kind, reinterpret_cast<uint64_t>(handle));
  }
  void closed(const std::string& kind, Handle handle) {
    ledger.closed(kind, reinterpret_cast<uint64_t>(handle));
  }
  // The context can't be used any more; what waits in it never runs.
  void lose(Context& context, int status);

  std::shared_ptr<Context> current() const;
  // null and 1 are the legacy default stream; null where there is no such stream.
  std::shared_ptr<Stream> stream(Handle handle);
  // Appends work to a stream, or to the graph that it captures.
  int submit(Stream& stream, const std::string& name, std::function<void()> run,
             WorkPointer* made = nullptr);
  // Whether a call that may wait for the device is allowed while streams capture.
  int checkUnsafe();
  // For every stream that took part.
  void endCapture(const std::shared_ptr<Capture>& capture);
  void invalidate(Capture& capture) { capture.invalidated = true; }

  // Bytes charged to the device; a memory kind, for messages.
  int reserve(int device, uint64_t bytes);

  std::recursive_mutex lock;
  DeviceMemory memory;
  Scheduler scheduler;
  Calls calls;
  Ledger ledger;
  Report report;
  std::vector<Device> devices;
  Table<Context> contexts;
  Table<Stream> streams;
  Table<Event> events;
  Table<LoadedModule> modules;
  Table<Function> functions;
  Table<Graph> graphs;
  Table<ExecutableGraph> executables;
  Table<Pool> pools;
  std::vector<HostUse> hostUses;
  // Of device memory that came from a pool.
  std::unordered_map<uint64_t, std::shared_ptr<Pool>> poolOf;
  uint64_t memoryLimit = 0;
  uint64_t seed = 1;
  uint64_t hunger = 0;
  uint64_t instructionLimit = 20'000'000'000;
  uint64_t launches = 0;
  uint64_t instructions = 0;
  uint64_t nextCapture = 1;
  int captures = 0;  // under way
  int failing = 0;   // what the closing call under way was told to return
  bool initialized = false;
  int driverVersion = 13000;
  int capability = 90;

 private:
  Simulator();
  void configure();
  void runWork(Work& work);
  std::vector<WorkPointer> before(Stream& stream);
};

// The stack of contexts of this thread.
std::vector<std::shared_ptr<Context>>& contextStack();
CaptureMode& threadCaptureMode();

constexpr uint64_t ALLOCATION_UNIT = 512;
inline uint64_t charged(uint64_t bytes) {
  return (bytes + ALLOCATION_UNIT - 1) / ALLOCATION_UNIT * ALLOCATION_UNIT;
}

}  // namespace sluice
