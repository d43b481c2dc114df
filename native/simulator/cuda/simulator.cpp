#include "simulator.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sluice {

namespace {

uint64_t fromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? std::strtoull(value, nullptr, 0) : otherwise;
}

// Whoever asks by SLUICE_SIMULATOR_REPORT=1 reads at exit what was broken or left open.
void reportAtExit() {
  if (!fromEnvironment("SLUICE_SIMULATOR_REPORT", 0)) return;
  Simulator& simulator = Simulator::get();
  std::fputs(simulator.report.text().c_str(), stderr);
  std::string open = simulator.ledger.text();
  if (!open.empty()) std::fprintf(stderr, "open at exit:\n%s", open.c_str());
}

}  // namespace

std::vector<std::shared_ptr<Context>>& contextStack() {
  thread_local std::vector<std::shared_ptr<Context>> stack;
  return stack;
}

CaptureMode& threadCaptureMode() {
  thread_local CaptureMode mode = CaptureMode::Global;
  return mode;
}

// Never destroyed: threads may still call when the process ends.
Simulator& Simulator::get() {
  static Simulator* instance = [] {
    auto* made = new Simulator();
    std::atexit(reportAtExit);
    return made;
  }();
  return *instance;
}

Simulator::Simulator() : scheduler([this](Work& work) { runWork(work); }) { configure(); }

void Simulator::configure() {
  memoryLimit = fromEnvironment("SLUICE_SIMULATOR_MEMORY", 4ULL << 30);
  seed = fromEnvironment("SLUICE_SIMULATOR_SEED", 1);
  driverVersion = static_cast<int>(fromEnvironment("SLUICE_SIMULATOR_DRIVER", 13000));
  capability = static_cast<int>(fromEnvironment("SLUICE_SIMULATOR_CAPABILITY", 90));
  const char* order = std::getenv("SLUICE_SIMULATOR_ORDER");
  std::string chosen = order ? order : "lazy";
  scheduler.setOrder(chosen == "random"     ? Order::Random
                     : chosen == "contrary" ? Order::Contrary
                     : chosen == "eager"    ? Order::Eager
                                            : Order::Lazy);
  scheduler.setSeed(seed);
  devices.clear();
  devices.resize(fromEnvironment("SLUICE_SIMULATOR_DEVICES", 1));
  for (size_t i = 0; i < devices.size(); i++) {
    Device& device = devices[i];
    device.defaultPool = device.pool = std::make_shared<Pool>();
    device.pool->device = static_cast<int>(i);
    device.defaultPoolHandle = device.poolHandle = pools.add(device.pool);
  }
}

void Simulator::reset() {
  scheduler.dropAll();
  executables.clear();
  graphs.clear();
  functions.clear();
  modules.clear();
  events.clear();
  streams.clear();
  contexts.clear();
  pools.clear();
  hostUses.clear();
  poolOf.clear();
  ledger.clear();
  std::vector<uint64_t> live;
  for (auto& [base, allocation] : memory.all())
    if (allocation->state != Allocation::State::Freed) live.push_back(base);
  for (uint64_t base : live) memory.release(base);
  calls = Calls();
  report.clear();
  launches = instructions = 0;
  instructionLimit = 20'000'000'000;
  captures = 0;
  initialized = false;
  contextStack().clear();
  configure();
}

void Simulator::lose(Context& context, int status) {
  if (context.lost) return;
  context.lost = status;
  scheduler.drop(&context);
  ledger.lost(context.handle);
}

void Simulator::runWork(Work& work) {
  std::shared_ptr<Context> context = work.context;
  try {
    work.run();
  } catch (const Fault& fault) {
    broken(work.name + ": " + fault.what());
    lose(*context, fault.status);
  } catch (const std::exception& error) {
    broken(work.name + ": " + error.what());
    lose(*context, LAUNCH_FAILED);
  }
}

std::shared_ptr<Context> Simulator::current() const {
  auto& stack = contextStack();
  // A context that was destroyed, or belongs to a simulator before reset, is none.
  if (stack.empty() || !stack.back() || !contexts.find(stack.back()->handle)) return nullptr;
  return stack.back();
}

void Simulator::opened(const std::string& kind, uint64_t handle, const std::string& detail) {
  std::shared_ptr<Context> context = current();
  ledger.opened(kind, handle, context ? context->handle : nullptr, detail);
}

std::shared_ptr<Stream> Simulator::stream(Handle handle) {
  auto number = reinterpret_cast<uint64_t>(handle);
  std::shared_ptr<Context> context = current();
  if (number <= 1) return context ? context->legacy : nullptr;
  return streams.find(handle);
}

// Work on the legacy stream waits for all blocking streams, and they for it.
std::vector<WorkPointer> Simulator::before(Stream& stream) {
  std::vector<WorkPointer> after{stream.last};
  Context& context = *stream.context;
  if (stream.legacy) {
    for (auto& weak : context.streams)
      if (auto other = weak.lock(); other && other->blocking) after.push_back(other->last);
    std::erase_if(context.ofDestroyedStreams, [](const WorkPointer& work) { return work->done; });
    for (WorkPointer& work : context.ofDestroyedStreams) after.push_back(work);
  } else if (stream.blocking) {
    after.push_back(context.legacy->last);
  }
  return after;
}

int Simulator::submit(Stream& stream, const std::string& name, std::function<void()> run,
                      WorkPointer* made) {
  if (stream.capture) {
    Capture& capture = *stream.capture;
    if (capture.invalidated) return CAPTURE_INVALIDATED;
    capture.graph->nodes.push_back({name, std::move(run), stream.tails});
    stream.tails = {capture.graph->nodes.size() - 1};
    return SUCCESS;
  }
  if (captures && stream.legacy) {
    for (auto& weak : stream.context->streams)
      if (auto other = weak.lock(); other && other->blocking && other->capture) {
        invalidate(*other->capture);
        return CAPTURE_IMPLICIT;
      }
  }
  auto work = std::make_shared<Work>();
  work->name = name;
  work->run = std::move(run);
  work->context = stream.context;
  work->after = before(stream);
  stream.last = work;
  scheduler.add(work);
  if (made) *made = work;
  // What ran at once may have failed at once.
  return stream.context->lost;
}

void Simulator::endCapture(const std::shared_ptr<Capture>& capture) {
  for (auto& weak : capture->streams)
    if (auto stream = weak.lock(); stream && stream->capture == capture) {
      stream->capture = nullptr;
      stream->tails.clear();
    }
  if (!capture->ended) captures--;
  capture->ended = true;
}

int Simulator::checkUnsafe() {
  if (!captures || threadCaptureMode() == CaptureMode::Relaxed) return SUCCESS;
  for (auto& [handle, stream] : streams.all()) {
    if (!stream->capture || stream->capture->mode == CaptureMode::Relaxed) continue;
    bool mine = stream->capture->thread == std::this_thread::get_id();
    bool global =
        stream->capture->mode == CaptureMode::Global && threadCaptureMode() == CaptureMode::Global;
    if (!mine && !global) continue;
    invalidate(*stream->capture);
    return CAPTURE_UNSUPPORTED;
  }
  return SUCCESS;
}

int Simulator::reserve(int device, uint64_t bytes) {
  if (devices[device].used + charged(bytes) > memoryLimit) return OUT_OF_MEMORY;
  devices[device].used += charged(bytes);
  return SUCCESS;
}

}  // namespace sluice
