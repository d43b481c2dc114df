// Opaque handles that are numbers, not addresses: none is given out twice, so a closed one is
// always known as such, and nobody can read through one.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "device.h"

namespace sluice {

template <class T>
class Handles {
 public:
  /** The first number makes handles of different kinds differ. */
  Handles(const char* kind, uintptr_t first) : kind_(kind), next_(first) {}

  void* open(std::shared_ptr<T> object) {
    std::lock_guard lock(mutex_);
    next_ += 16;
    void* handle = reinterpret_cast<void*>(next_);
    live_.emplace(next_, std::move(object));
    sluice_sim_opened(kind_, handle);
    return handle;
  }

  /** Null when there is no such handle; what is no null and was closed or never opened is reported.
   */
  std::shared_ptr<T> find(const void* handle, const char* call) {
    if (handle == nullptr) return nullptr;
    std::lock_guard lock(mutex_);
    auto at = live_.find(reinterpret_cast<uintptr_t>(handle));
    if (at == live_.end()) {
      sluice_sim_report("%s: %p is no open %s", call, handle, kind_);
      return nullptr;
    }
    return at->second;
  }

  /** Closed even where a failure is injected into the call, as an object is that failed to close.
   */
  bool close(void* handle) {
    std::lock_guard lock(mutex_);
    sluice_sim_closed(kind_, handle);
    return live_.erase(reinterpret_cast<uintptr_t>(handle)) > 0;
  }

 private:
  const char* kind_;
  uintptr_t next_;
  std::mutex mutex_;
  std::unordered_map<uintptr_t, std::shared_ptr<T>> live_;
};

}  // namespace sluice
