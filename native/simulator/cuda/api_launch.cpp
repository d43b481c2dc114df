// Launches of kernels and of host functions, and what fits on a multiprocessor.
#include <algorithm>
#include <climits>
#include <cstring>

#include "attributes.h"
#include "call.h"

namespace sluice {

namespace {

struct Shape {
  Dim3 grid, block;
  unsigned shared;
  bool cooperative;
};

// Why the driver would refuse it, or nothing.
std::string refusal(const Function& function, const Shape& shape) {
  const Kernel& kernel = *function.kernel;
  const Dim3 &g = shape.grid, &b = shape.block;
  if (!g.volume() || !b.volume()) return "a dimension is 0";
  if (b.x > 1024 || b.y > 1024 || b.z > 64 || b.volume() > 1024)
    return "more than 1024 threads a block";
  if (b.volume() > kernel.maxThreads)
    return "more threads a block than the " + std::to_string(kernel.maxThreads) +
           " it was compiled for";
  if (g.x > INT_MAX || g.y > 65535 || g.z > 65535) return "too many blocks";
  if (shape.shared > function.dynamicLimit ||
      shape.shared + kernel.sharedBytes >
          std::max<uint32_t>(SHARED_PER_BLOCK, function.dynamicLimit + kernel.sharedBytes))
    return "more shared memory than the limit of " + std::to_string(function.dynamicLimit) +
           " bytes";
  return "";
}

// The values behind the pointers are copied at the launch.
bool gather(const Kernel& kernel, void** values, void** extra, std::vector<uint8_t>& into) {
  into.assign(kernel.parameterBytes, 0);
  if (kernel.parameters.empty()) return true;
  if (values) {
    for (size_t i = 0; i < kernel.parameters.size(); i++) {
      if (!values[i]) return false;
      std::memcpy(into.data() + kernel.parameters[i].offset, values[i], kernel.parameters[i].size);
    }
    return true;
  }
  const void* buffer = nullptr;
  size_t size = 0;
  for (void** at = extra; at && *at; at += 2) {
    auto key = reinterpret_cast<uint64_t>(*at);
    if (key == 1) buffer = at[1];
    else if (key == 2) size = *static_cast<size_t*>(at[1]);
    else return false;
  }
  if (!buffer || size != kernel.parameterBytes) return false;
  std::memcpy(into.data(), buffer, size);
  return true;
}

int launch(Simulator& simulator, Handle handle, const Shape& shape, Handle streamHandle,
           void** values, void** extra) {
  std::shared_ptr<Function> function = simulator.functions.find(handle);
  if (!function)
    return simulator.broken(INVALID_HANDLE, "a launch of a function that isn't loaded");
  std::shared_ptr<Stream> stream = simulator.stream(streamHandle);
  const std::string name = function->kernel->name;
  if (!stream)
    return simulator.broken(INVALID_HANDLE, name + " launched on a stream that isn't open");
  if (stream->context != function->module->context)
    return simulator.broken(INVALID_HANDLE, name + " launched on a stream of another context");
  std::string why = refusal(*function, shape);
  if (!why.empty()) return simulator.broken(INVALID_VALUE, name + " launched with " + why);
  auto parameters = std::make_shared<std::vector<uint8_t>>();
  if (!gather(*function->kernel, values, extra, *parameters))
    return simulator.broken(INVALID_VALUE, name + " launched without all of its parameters");
  return simulator.submit(*stream, name, [=, &simulator] {
    const LoadedModule& module = *function->module;
    Launch running{.module = *module.program,
                   .kernel = *function->kernel,
                   .memory = simulator.memory,
                   .grid = shape.grid,
                   .block = shape.block,
                   .dynamicShared = shape.shared,
                   .cooperative = shape.cooperative,
                   .device = module.context->device,
                   .parameters = *parameters,
                   .variables = module.variables,
                   .limit = simulator.instructionLimit};
    simulator.launches++;
    simulator.instructions += run(running);
  });
}

int blocksThatFit(const Kernel& kernel, int threads, size_t dynamicShared) {
  if (threads <= 0 || threads > static_cast<int>(kernel.maxThreads)) return 0;
  int blocks =
      std::min(THREADS_PER_MULTIPROCESSOR / ((threads + 31) / 32 * 32), BLOCKS_PER_MULTIPROCESSOR);
  size_t shared = kernel.sharedBytes + dynamicShared;
  if (shared > SHARED_OPT_IN) return 0;
  if (shared) blocks = std::min<int>(blocks, static_cast<int>(SHARED_PER_MULTIPROCESSOR / shared));
  return blocks;
}

}  // namespace

SLUICE_API cuLaunchKernel(Handle function, unsigned gridX, unsigned gridY, unsigned gridZ,
                          unsigned blockX, unsigned blockY, unsigned blockZ, unsigned shared,
                          Handle stream, void** values, void** extra) {
  return call("cuLaunchKernel", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    Shape shape{{gridX, gridY, gridZ}, {blockX, blockY, blockZ}, shared, false};
    return launch(simulator, function, shape, stream, values, extra);
  });
}

SLUICE_API cuLaunchCooperativeKernel(Handle function, unsigned gridX, unsigned gridY,
                                     unsigned gridZ, unsigned blockX, unsigned blockY,
                                     unsigned blockZ, unsigned shared, Handle stream,
                                     void** values) {
  return call("cuLaunchCooperativeKernel", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    Shape shape{{gridX, gridY, gridZ}, {blockX, blockY, blockZ}, shared, true};
    std::shared_ptr<Function> found = simulator.functions.find(function);
    if (found) {
      int fit = blocksThatFit(*found->kernel, static_cast<int>(shape.block.volume()), shared);
      if (shape.grid.volume() > uint64_t(fit) * MULTIPROCESSORS) return 720;  // ..._TOO_LARGE
    }
    return launch(simulator, function, shape, stream, values, nullptr);
  });
}

SLUICE_API cuLaunchHostFunc(Handle handle, void (*function)(void*), void* data) {
  return call("cuLaunchHostFunc", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Stream> stream = simulator.stream(handle);
    if (!stream)
      return simulator.broken(INVALID_HANDLE, "cuLaunchHostFunc on a stream that isn't open");
    if (!function) return INVALID_VALUE;
    return simulator.submit(*stream, "cuLaunchHostFunc", [=] { function(data); });
  });
}

SLUICE_API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Handle handle, int threads,
                                                       size_t shared) {
  return call("cuOccupancyMaxActiveBlocksPerMultiprocessor", CONTEXT,
              [&](Simulator& simulator, auto&) -> int {
                std::shared_ptr<Function> function = simulator.functions.find(handle);
                if (!function)
                  return simulator.broken(INVALID_HANDLE, "a function that isn't loaded");
                if (!blocks || threads <= 0) return INVALID_VALUE;
                *blocks = blocksThatFit(*function->kernel, threads, shared);
                return SUCCESS;
              });
}

SLUICE_API cuOccupancyMaxPotentialBlockSize(int* grid, int* block, Handle handle,
                                            size_t (*sharedOf)(int), size_t shared, int limit) {
  return call("cuOccupancyMaxPotentialBlockSize", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Function> function = simulator.functions.find(handle);
    if (!function) return simulator.broken(INVALID_HANDLE, "a function that isn't loaded");
    if (!grid || !block) return INVALID_VALUE;
    int most = static_cast<int>(function->kernel->maxThreads), best = 0;
    for (int threads = limit > 0 ? std::min(limit, most) : most; threads > 0; threads -= 32) {
      int fit = blocksThatFit(*function->kernel, threads, sharedOf ? sharedOf(threads) : shared);
      if (fit * threads <= best) continue;
      best = fit * threads;
      *block = threads;
      *grid = fit * MULTIPROCESSORS;
    }
    return best ? SUCCESS : INVALID_VALUE;
  });
}

}  // namespace sluice
