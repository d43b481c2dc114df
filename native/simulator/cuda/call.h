// How each API function begins: under the lock, counted, failing if a test wants it to, and
// refusing what a lost or missing context can't do.
#pragma once
#include "simulator.h"

#define SLUICE_API extern "C" __attribute__((visibility("default"))) int

namespace sluice {

enum Needs : unsigned {
  NOTHING = 0,
  DRIVER = 1,  // cuInit has been called
  CONTEXT = 2 | DRIVER,
  NO_CAPTURE = 4,  // may wait for the device: not while a stream captures
};

// `body(simulator, context)` returns the status; the context is null unless needed.
template <class Body>
int call(const char* name, unsigned needs, Body&& body) {
  Simulator& simulator = Simulator::get();
  std::lock_guard<std::recursive_mutex> guard(simulator.lock);
  Calls::Outcome outcome = simulator.calls.enter(name);
  if ((needs & DRIVER) && !simulator.initialized && !outcome.status) return NOT_INITIALIZED;
  std::shared_ptr<Context> context;
  if ((needs & CONTEXT) == CONTEXT) {
    context = simulator.current();
    if (outcome.status) {
      if (outcome.sticky && context) simulator.lose(*context, outcome.status);
      return outcome.status;
    }
    if (!context) return INVALID_CONTEXT;
    if (context->lost) return context->lost;
  }
  if (outcome.status) return outcome.status;
  if (needs & NO_CAPTURE)
    if (int status = simulator.checkUnsafe()) return status;
  try {
    int status = body(simulator, context);
    return !status && context && context->lost ? context->lost : status;
  } catch (const Fault& fault) {
    simulator.broken(std::string(name) + ": " + fault.what());
    if (context) simulator.lose(*context, fault.status);
    return fault.status;
  } catch (const std::bad_alloc&) {
    return OUT_OF_MEMORY;
  }
}

// The same for what closes something: even an injected failure closes it, as a real one does that
// only passes on the failure of earlier work. A lost context itself can be closed too.
template <class Body>
int closingCall(const char* name, Body&& body, bool evenWhenLost = false) {
  Simulator& simulator = Simulator::get();
  std::lock_guard<std::recursive_mutex> guard(simulator.lock);
  Calls::Outcome outcome = simulator.calls.enter(name);
  if (!simulator.initialized) return NOT_INITIALIZED;
  std::shared_ptr<Context> context = simulator.current();
  if (outcome.sticky && context) simulator.lose(*context, outcome.status);
  if (context && context->lost && !evenWhenLost) return context->lost;
  simulator.failing = outcome.status;
  try {
    int status = body(simulator, context);
    if (outcome.status) return outcome.status;
    return !status && context && context->lost ? context->lost : status;
  } catch (const Fault& fault) {
    simulator.broken(std::string(name) + ": " + fault.what());
    if (context) simulator.lose(*context, fault.status);
    return fault.status;
  }
}

inline std::string hex(uint64_t value) { return text("%#llx", (unsigned long long)value); }
inline std::string hex(const void* value) { return hex(reinterpret_cast<uint64_t>(value)); }

}  // namespace sluice
