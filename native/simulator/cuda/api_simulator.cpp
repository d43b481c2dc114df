// What the simulator's other libraries (device.h) and the tests (control.h) ask of it.
#include <cstring>

#include "../control.h"
#include "../device.h"
#include "call.h"

using namespace sluice;

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

Simulator& simulator() { return Simulator::get(); }

using Guard = std::lock_guard<std::recursive_mutex>;

int giveText(const std::string& text, char* into, int bytes) {
  if (into && bytes > 0) {
    size_t length = std::min(text.size(), static_cast<size_t>(bytes) - 1);
    std::memcpy(into, text.data(), length);
    into[length] = 0;
  }
  return static_cast<int>(text.size()) + 1;
}

// Calls `drop` when the last copy of the work that holds it is gone.
struct Dropped {
  void (*drop)(void*);
  void* context;
  ~Dropped() {
    if (drop) drop(context);
  }
};

void fault(const char* who, const Fault& fault) {
  simulator().broken(std::string(who ? who : "") + ": " + fault.what());
  if (std::shared_ptr<Context> context = simulator().current())
    simulator().lose(*context, fault.status);
}

void inject(const char* name, int at, int status, bool sticky) {
  Guard guard(simulator().lock);
  simulator().calls.inject(name ? name : "", at, status, sticky);
}

}  // namespace

EXPORTED int sluice_sim_enqueue(void* stream, const char* name, void (*work)(void*),
                                void (*drop)(void*), void* context) {
  Guard guard(simulator().lock);
  auto dropped = std::make_shared<Dropped>(Dropped{nullptr, context});
  dropped->drop = drop;
  std::shared_ptr<Context> current = simulator().current();
  if (!current) return INVALID_CONTEXT;
  if (current->lost) return current->lost;
  std::shared_ptr<Stream> target = simulator().stream(stream);
  if (!target)
    return simulator().broken(INVALID_HANDLE, std::string(name) + " on a stream that isn't open");
  return simulator().submit(*target, name, [dropped, work] { work(dropped->context); });
}

EXPORTED void* sluice_sim_memory(const void* address, size_t bytes, int mode, const char* who) {
  static char nothing[16];
  if (!bytes) return nothing;
  Guard guard(simulator().lock);
  auto at = reinterpret_cast<uint64_t>(address);
  try {
    bool reads = mode & SLUICE_READ;
    Allocation& found = reads ? simulator().memory.requireWritten(at, bytes, "read")
                              : simulator().memory.require(at, bytes, "write");
    uint64_t offset = at - found.base;
    if ((mode & SLUICE_WRITE) && found.written) std::memset(found.written + offset, 1, bytes);
    return found.data + offset;
  } catch (const Fault& broken) {
    fault(who, broken);
    return nullptr;
  }
}

EXPORTED int sluice_sim_is_memory(const void* address, size_t bytes) {
  Guard guard(simulator().lock);
  auto at = reinterpret_cast<uint64_t>(address);
  Allocation* found = simulator().memory.find(at);
  return found && found->state != Allocation::State::Freed && found->holds(at, bytes);
}

EXPORTED void sluice_sim_poison(void* address, size_t bytes, const char* who) {
  if (!bytes) return;
  Guard guard(simulator().lock);
  auto at = reinterpret_cast<uint64_t>(address);
  try {
    Allocation& found = simulator().memory.require(at, bytes, "write");
    std::memset(found.data + (at - found.base), 0xCB, bytes);
    if (found.written) std::memset(found.written + (at - found.base), 0, bytes);
  } catch (const Fault& broken) {
    fault(who, broken);
  }
}

EXPORTED void sluice_sim_opened(const char* kind, const void* handle) {
  Guard guard(simulator().lock);
  simulator().opened(kind, reinterpret_cast<uint64_t>(handle));
}

EXPORTED int sluice_sim_closed(const char* kind, const void* handle) {
  Guard guard(simulator().lock);
  if (simulator().ledger.closed(kind, reinterpret_cast<uint64_t>(handle))) return 1;
  simulator().broken(std::string(kind) + " " + hex(handle) + " was closed and isn't open");
  return 0;
}

EXPORTED int sluice_sim_enter(const char* call) {
  Guard guard(simulator().lock);
  Calls::Outcome outcome = simulator().calls.enter(call);
  std::shared_ptr<Context> context = simulator().current();
  if (outcome.sticky && context) simulator().lose(*context, outcome.status);
  return outcome.status;
}

EXPORTED void sluice_sim_report(const char* format, ...) {
  char line[2048];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  Guard guard(simulator().lock);
  simulator().broken(line);
}

EXPORTED uint64_t sluice_sim_hunger() {
  Guard guard(simulator().lock);
  return simulator().hunger;
}

EXPORTED uint64_t sluice_sim_seed() {
  Guard guard(simulator().lock);
  return simulator().seed;
}

EXPORTED const void* sluice_sim_context() {
  Guard guard(simulator().lock);
  std::shared_ptr<Context> context = simulator().current();
  return context ? context->handle : nullptr;
}

EXPORTED void sluice_sim_reset() {
  Guard guard(simulator().lock);
  simulator().reset();
}

EXPORTED void sluice_sim_inject(const char* name, int at, int status) {
  inject(name, at, status, false);
}

EXPORTED void sluice_sim_inject_sticky(const char* name, int at, int status) {
  inject(name, at, status, true);
}

EXPORTED void sluice_sim_clear_injections() {
  Guard guard(simulator().lock);
  simulator().calls.clearInjections();
}

EXPORTED unsigned long long sluice_sim_injected() {
  Guard guard(simulator().lock);
  return simulator().calls.injected();
}

EXPORTED unsigned long long sluice_sim_calls(const char* name) {
  Guard guard(simulator().lock);
  return simulator().calls.count(name ? name : "");
}

EXPORTED int sluice_sim_calls_text(char* into, int bytes) {
  Guard guard(simulator().lock);
  return giveText(simulator().calls.text(), into, bytes);
}

EXPORTED void sluice_sim_clear_calls() {
  Guard guard(simulator().lock);
  simulator().calls.clearCounts();
}

EXPORTED int sluice_sim_report_text(char* into, int bytes) {
  Guard guard(simulator().lock);
  return giveText(simulator().report.text(), into, bytes);
}

EXPORTED void sluice_sim_clear_report() {
  Guard guard(simulator().lock);
  simulator().report.clear();
}

EXPORTED int sluice_sim_ledger_text(char* into, int bytes) {
  Guard guard(simulator().lock);
  return giveText(simulator().ledger.text(), into, bytes);
}

EXPORTED unsigned long long sluice_sim_open_count() {
  Guard guard(simulator().lock);
  return simulator().ledger.size();
}

EXPORTED unsigned long long sluice_sim_launches() {
  Guard guard(simulator().lock);
  return simulator().launches;
}

EXPORTED unsigned long long sluice_sim_thread_instructions() {
  Guard guard(simulator().lock);
  return simulator().instructions;
}

EXPORTED unsigned long long sluice_sim_pending() {
  Guard guard(simulator().lock);
  return simulator().scheduler.pending();
}

EXPORTED void sluice_sim_set_limit(unsigned long long instructions) {
  Guard guard(simulator().lock);
  simulator().instructionLimit = instructions;
}

EXPORTED void sluice_sim_set_memory(unsigned long long bytes) {
  Guard guard(simulator().lock);
  simulator().memoryLimit = bytes;
}

EXPORTED void sluice_sim_set_seed(unsigned long long seed) {
  Guard guard(simulator().lock);
  simulator().seed = seed;
  simulator().scheduler.setSeed(seed);
}

EXPORTED void sluice_sim_set_hunger(unsigned long long bytes) {
  Guard guard(simulator().lock);
  simulator().hunger = bytes;
}

EXPORTED int sluice_sim_set_order(const char* order) {
  Guard guard(simulator().lock);
  std::string chosen = order ? order : "";
  if (chosen == "lazy") simulator().scheduler.setOrder(Order::Lazy);
  else if (chosen == "contrary") simulator().scheduler.setOrder(Order::Contrary);
  else if (chosen == "random") simulator().scheduler.setOrder(Order::Random);
  else if (chosen == "eager") simulator().scheduler.setOrder(Order::Eager);
  else return INVALID_VALUE;
  return SUCCESS;
}
