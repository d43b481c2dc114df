// Which context this thread uses.
#include "call.h"

namespace sluice {

SLUICE_API cuCtxGetCurrent(Handle* out) {
  return call("cuCtxGetCurrent", DRIVER, [&](Simulator& simulator, auto&) -> int {
    if (!out) return INVALID_VALUE;
    std::shared_ptr<Context> current = simulator.current();
    *out = current ? current->handle : nullptr;
    return SUCCESS;
  });
}

SLUICE_API cuCtxSetCurrent(Handle handle) {
  return call("cuCtxSetCurrent", DRIVER, [&](Simulator& simulator, auto&) -> int {
    auto& stack = contextStack();
    if (!handle) {
      if (!stack.empty()) stack.pop_back();
      return SUCCESS;
    }
    std::shared_ptr<Context> context = simulator.contexts.find(handle);
    if (!context) return INVALID_CONTEXT;
    if (stack.empty()) stack.push_back(context);
    else stack.back() = context;
    return context->lost;
  });
}

SLUICE_API cuCtxPushCurrent_v2(Handle handle) {
  return call("cuCtxPushCurrent_v2", DRIVER, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Context> context = simulator.contexts.find(handle);
    if (!context) return INVALID_CONTEXT;
    contextStack().push_back(context);
    return SUCCESS;
  });
}

SLUICE_API cuCtxPopCurrent_v2(Handle* out) {
  return call("cuCtxPopCurrent_v2", DRIVER, [&](Simulator&, auto&) -> int {
    auto& stack = contextStack();
    if (stack.empty()) return INVALID_CONTEXT;
    if (out) *out = stack.back()->handle;
    stack.pop_back();
    return SUCCESS;
  });
}

SLUICE_API cuCtxGetDevice(int* device) {
  return call("cuCtxGetDevice", CONTEXT, [&](Simulator&, auto& context) -> int {
    if (!device) return INVALID_VALUE;
    *device = context->device;
    return SUCCESS;
  });
}

SLUICE_API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  return call("cuCtxGetStreamPriorityRange", CONTEXT, [&](Simulator&, auto&) -> int {
    if (least) *least = 0;
    if (greatest) *greatest = -5;
    return SUCCESS;
  });
}

SLUICE_API cuCtxSynchronize() {
  return call("cuCtxSynchronize", CONTEXT | NO_CAPTURE,
              [&](Simulator& simulator, auto& context) -> int {
                simulator.scheduler.completeAll(context.get());
                return SUCCESS;
              });
}

SLUICE_API cuCtxEnablePeerAccess(Handle peer, unsigned flags) {
  return call("cuCtxEnablePeerAccess", CONTEXT, [&](Simulator& simulator, auto& context) -> int {
    std::shared_ptr<Context> other = simulator.contexts.find(peer);
    if (flags) return INVALID_VALUE;
    if (!other || other == context) return INVALID_CONTEXT;
    for (int enabled : context->peers)
      if (enabled == other->device) return PEER_ACCESS_ALREADY_ENABLED;
    context->peers.push_back(other->device);
    return SUCCESS;
  });
}

}  // namespace sluice
