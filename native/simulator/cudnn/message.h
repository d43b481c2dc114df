// Statuses with their reasons: what cudnnGetLastErrorString gives and what the callback hears.
#pragma once
#include "../handles.h"
#include "api.h"

namespace sluice::cudnn {

/**
 * Remembers why a call fails and returns the status. As in the real library the last error stays
 * empty for NOT_SUPPORTED, whose reason only a callback at WARNING level hears.
 */
[[gnu::format(printf, 2, 3)]] int fail(int status, const char* reason, ...);

/** At the start of every call: 0, or the status injected for it. */
int enter(const char* call);

/** Closes a handle or a descriptor; null is none, and what was closed before is refused. */
template <class T>
int destroy(const char* call, Handles<T>& all, void* handle) {
  const int injected = enter(call);
  const bool closed = handle == nullptr || all.close(handle);
  if (injected != SUCCESS) return injected;
  return closed ? SUCCESS : fail(BAD_PARAM, "%p is not open", handle);
}

}  // namespace sluice::cudnn
