// Modules: PTX text becomes kernels and variables.
#include <algorithm>
#include <cstring>

#include "attributes.h"
#include "call.h"
#include "parser.h"

namespace sluice {

namespace {

enum JitOption { INFO_LOG = 3, INFO_LOG_SIZE, ERROR_LOG, ERROR_LOG_SIZE };

// Where the caller wants to read what went wrong. Sizes come as values and go back into the array.
struct JitLog {
  char* buffer = nullptr;
  size_t size = 0;
  void** used = nullptr;

  void write(const std::string& message) const {
    if (!buffer || !size) return;
    size_t length = std::min(message.size(), size - 1);
    std::memcpy(buffer, message.data(), length);
    buffer[length] = 0;
    if (used) *used = reinterpret_cast<void*>(length + 1);
  }
};

JitLog logOf(unsigned count, const int* options, void** values, int bufferOption, int sizeOption) {
  JitLog log;
  for (unsigned i = 0; i < count && options && values; i++) {
    if (options[i] == bufferOption) log.buffer = static_cast<char*>(values[i]);
    if (options[i] == sizeOption) {
      log.size = static_cast<size_t>(reinterpret_cast<uint64_t>(values[i]) & 0xFFFFFFFF);
      log.used = &values[i];
    }
  }
  return log;
}

void makeVariables(Simulator& simulator, LoadedModule& module) {
  for (const Variable& variable : module.program->variables) {
    if (variable.space == Space::Shared) continue;
    Allocation& made = simulator.memory.allocate(
        std::max<uint64_t>(variable.size, 1), "variable " + variable.name, module.context->device);
    if (!variable.initial.empty())
      std::memcpy(made.data, variable.initial.data(), variable.initial.size());
    std::memset(made.written, 1, variable.size);
    module.variables[variable.name] = made.base;
  }
  for (const Variable& variable : module.program->variables)
    for (auto& [at, name] : variable.addresses) {
      auto found = module.variables.find(name);
      if (found == module.variables.end()) throw ParseError(1, "no variable " + name);
      std::memcpy(simulator.memory.find(module.variables[variable.name])->data + at, &found->second,
                  8);
    }
}

void dropVariables(Simulator& simulator, LoadedModule& module) {
  for (auto& [name, base] : module.variables) simulator.memory.release(base);
  module.variables.clear();
}

int load(Simulator& simulator, std::shared_ptr<Context> context, Handle* out, const void* image,
         const JitLog& errors) {
  if (!out || !image) return INVALID_VALUE;
  const char* source = static_cast<const char*>(image);
  uint32_t magic;
  std::memcpy(&magic, image, sizeof magic);
  if (magic == 0x464C457F || magic == 0xBA55ED50) {  // ELF, fat binary
    errors.write("the simulator runs PTX only");
    return NO_BINARY_FOR_GPU;
  }
  auto module = std::make_shared<LoadedModule>();
  module->context = context;
  try {
    module->program = parsePtx(source);
    makeVariables(simulator, *module);
  } catch (const VersionError& error) {
    errors.write(error.message);
    return UNSUPPORTED_PTX_VERSION;
  } catch (const ParseError& error) {
    dropVariables(simulator, *module);
    errors.write("ptxas application ptx input, " + error.message);
    return simulator.broken(INVALID_PTX, "PTX " + error.message);
  }
  *out = simulator.modules.add(module);
  simulator.opened("module", *out);
  return SUCCESS;
}

}  // namespace

SLUICE_API cuModuleLoadData(Handle* out, const void* image) {
  return call("cuModuleLoadData", CONTEXT | NO_CAPTURE,
              [&](Simulator& simulator, auto& context) -> int {
                return load(simulator, context, out, image, JitLog());
              });
}

SLUICE_API cuModuleLoadDataEx(Handle* out, const void* image, unsigned count, int* options,
                              void** values) {
  return call("cuModuleLoadDataEx", CONTEXT | NO_CAPTURE,
              [&](Simulator& simulator, auto& context) -> int {
                if (count && (!options || !values)) return INVALID_VALUE;
                logOf(count, options, values, INFO_LOG, INFO_LOG_SIZE).write("");
                JitLog errors = logOf(count, options, values, ERROR_LOG, ERROR_LOG_SIZE);
                errors.write("");
                return load(simulator, context, out, image, errors);
              });
}

SLUICE_API cuModuleUnload(Handle handle) {
  return closingCall("cuModuleUnload", [&](Simulator& simulator, auto& context) -> int {
    if (!context) return INVALID_CONTEXT;
    std::shared_ptr<LoadedModule> module = simulator.modules.remove(handle);
    if (!module) return simulator.broken(INVALID_HANDLE, "a module unloaded that isn't loaded");
    for (Handle function : module->functions) simulator.functions.remove(function);
    simulator.scheduler.completeAll(context.get());
    dropVariables(simulator, *module);
    simulator.closed("module", handle);
    return SUCCESS;
  });
}

SLUICE_API cuModuleGetFunction(Handle* out, Handle handle, const char* name) {
  return call("cuModuleGetFunction", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<LoadedModule> module = simulator.modules.find(handle);
    if (!module)
      return simulator.broken(INVALID_HANDLE, "a function of a module that isn't loaded");
    if (!out || !name) return INVALID_VALUE;
    auto found = module->program->kernels.find(name);
    if (found == module->program->kernels.end()) return NOT_FOUND;
    for (Handle known : module->functions)
      if (simulator.functions.find(known)->kernel == found->second.get()) {
        *out = known;
        return SUCCESS;
      }
    auto function = std::make_shared<Function>();
    function->module = module;
    function->kernel = found->second.get();
    *out = simulator.functions.add(function);
    module->functions.push_back(*out);
    return SUCCESS;
  });
}

SLUICE_API cuModuleGetGlobal_v2(DevicePointer* address, size_t* bytes, Handle handle,
                                const char* name) {
  return call("cuModuleGetGlobal_v2", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<LoadedModule> module = simulator.modules.find(handle);
    if (!module)
      return simulator.broken(INVALID_HANDLE, "a variable of a module that isn't loaded");
    if (!name) return INVALID_VALUE;
    auto found = module->variables.find(name);
    if (found == module->variables.end()) return NOT_FOUND;
    if (address) *address = found->second;
    if (bytes) *bytes = simulator.memory.find(found->second)->size;
    return SUCCESS;
  });
}

namespace {

enum FunctionAttribute {
  MAX_THREADS,
  SHARED_SIZE,
  CONST_SIZE,
  LOCAL_SIZE,
  NUM_REGS,
  PTX_VERSION,
  BINARY_VERSION,
  CACHE_MODE,
  MAX_DYNAMIC_SHARED,
  CARVEOUT
};

}  // namespace

SLUICE_API cuFuncGetAttribute(int* value, int attribute, Handle handle) {
  return call("cuFuncGetAttribute", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Function> function = simulator.functions.find(handle);
    if (!function) return simulator.broken(INVALID_HANDLE, "a function that isn't loaded");
    if (!value) return INVALID_VALUE;
    const Kernel& kernel = *function->kernel;
    switch (attribute) {
      case MAX_THREADS:
        *value = static_cast<int>(kernel.maxThreads);
        return SUCCESS;
      case SHARED_SIZE:
        *value = static_cast<int>(kernel.sharedBytes);
        return SUCCESS;
      case CONST_SIZE:
        *value = 0;
        return SUCCESS;
      case LOCAL_SIZE:
        *value = static_cast<int>(kernel.localBytes);
        return SUCCESS;
      case NUM_REGS:
        *value = 32;
        return SUCCESS;  // Only ptxas knows.
      case PTX_VERSION:
        *value = 75;
        return SUCCESS;
      case BINARY_VERSION:
        *value = simulator.capability;
        return SUCCESS;
      case CACHE_MODE:
        *value = 0;
        return SUCCESS;
      case MAX_DYNAMIC_SHARED:
        *value = static_cast<int>(function->dynamicLimit);
        return SUCCESS;
      case CARVEOUT:
        *value = -1;
        return SUCCESS;
      default:
        return INVALID_VALUE;
    }
  });
}

SLUICE_API cuFuncSetAttribute(Handle handle, int attribute, int value) {
  return call("cuFuncSetAttribute", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Function> function = simulator.functions.find(handle);
    if (!function) return simulator.broken(INVALID_HANDLE, "a function that isn't loaded");
    if (attribute == CARVEOUT) return SUCCESS;
    if (attribute != MAX_DYNAMIC_SHARED || value < 0 ||
        value + static_cast<int>(function->kernel->sharedBytes) > SHARED_OPT_IN)
      return INVALID_VALUE;
    function->dynamicLimit = static_cast<uint32_t>(value);
    return SUCCESS;
  });
}

}  // namespace sluice
