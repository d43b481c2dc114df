// Capture of streams into graphs, and their replay.
#include <algorithm>

#include "call.h"

namespace sluice {

namespace {

// Whether the origin's last nodes come after every node that another stream ends with.
bool joined(const Capture& capture, const Stream& origin) {
  const auto& nodes = capture.graph->nodes;
  std::vector<char> reached(nodes.size());
  std::vector<size_t> open = origin.tails;
  while (!open.empty()) {
    size_t node = open.back();
    open.pop_back();
    if (reached[node]) continue;
    reached[node] = 1;
    open.insert(open.end(), nodes[node].after.begin(), nodes[node].after.end());
  }
  for (auto& weak : capture.streams)
    if (auto stream = weak.lock())
      for (size_t tail : stream->tails)
        if (!reached[tail]) return false;
  return true;
}

// One piece of work a node, and one after them all.
int launch(Simulator& simulator, ExecutableGraph& executable, Stream& stream) {
  std::vector<WorkPointer> made;
  auto begin = std::make_shared<Work>();
  auto start = [] {};
  if (int status = simulator.submit(stream, "cuGraphLaunch", start, &begin)) return status;
  std::vector<char> hasFollower(executable.graph->nodes.size());
  for (const GraphNode& node : executable.graph->nodes)
    for (size_t before : node.after) hasFollower[before] = 1;
  for (const GraphNode& node : executable.graph->nodes) {
    auto work = std::make_shared<Work>();
    work->name = node.name;
    // Keeps the graph, whose functions it runs, until it has run.
    auto graph = executable.graph;
    work->run = [graph, &node] { node.run(); };
    work->context = stream.context;
    // One executable graph doesn't run twice at a time.
    work->after = {begin, executable.last};
    for (size_t before : node.after) work->after.push_back(made[before]);
    made.push_back(work);
    simulator.scheduler.add(work);
  }
  auto finish = std::make_shared<Work>();
  finish->name = "cuGraphLaunch";
  finish->run = [] {};
  finish->context = stream.context;
  finish->after = {begin};
  for (size_t i = 0; i < made.size(); i++)
    if (!hasFollower[i]) finish->after.push_back(made[i]);
  stream.last = finish;
  executable.last = finish;
  simulator.scheduler.add(finish);
  return stream.context->lost;
}

}  // namespace

SLUICE_API cuStreamBeginCapture_v2(Handle handle, int mode) {
  return call("cuStreamBeginCapture_v2", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Stream> stream = simulator.stream(handle);
    if (!stream) return simulator.broken(INVALID_HANDLE, "a capture of a stream that isn't open");
    if (mode < 0 || mode > 2) return INVALID_VALUE;
    if (stream->legacy) return CAPTURE_UNSUPPORTED;
    if (stream->capture) return 401;  // CUDA_ERROR_ILLEGAL_STATE
    auto capture = std::make_shared<Capture>();
    capture->id = simulator.nextCapture++;
    capture->mode = static_cast<CaptureMode>(mode);
    capture->thread = std::this_thread::get_id();
    capture->origin = stream.get();
    capture->streams.push_back(stream);
    stream->capture = capture;
    stream->tails.clear();
    simulator.captures++;
    return SUCCESS;
  });
}

SLUICE_API cuStreamEndCapture(Handle handle, Handle* out) {
  // Even a failure that a test injects ends it: nobody could end it again.
  return closingCall("cuStreamEndCapture", [&](Simulator& simulator, auto& context) -> int {
    if (!context) return INVALID_CONTEXT;
    std::shared_ptr<Stream> stream = simulator.stream(handle);
    if (!stream)
      return simulator.broken(INVALID_HANDLE, "the end of a capture of a stream that isn't open");
    if (!out) return INVALID_VALUE;
    *out = nullptr;
    std::shared_ptr<Capture> capture = stream->capture;
    if (!capture) return 401;  // CUDA_ERROR_ILLEGAL_STATE
    if (capture->origin != stream.get()) return CAPTURE_UNMATCHED;
    if (capture->mode != CaptureMode::Relaxed && capture->thread != std::this_thread::get_id())
      return CAPTURE_WRONG_THREAD;
    bool complete = joined(*capture, *stream);
    bool invalidated = capture->invalidated;
    simulator.endCapture(capture);
    if (simulator.failing) return simulator.failing;
    if (invalidated) return CAPTURE_INVALIDATED;
    if (!complete)
      return simulator.broken(CAPTURE_UNJOINED,
                              "a capture ended before all of its streams were joined");
    *out = simulator.graphs.add(capture->graph);
    simulator.opened("graph", *out);
    return SUCCESS;
  });
}

SLUICE_API cuStreamIsCapturing(Handle handle, int* status) {
  return call("cuStreamIsCapturing", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Stream> stream = simulator.stream(handle);
    if (!stream) return simulator.broken(INVALID_HANDLE, "a stream that isn't open");
    if (!status) return INVALID_VALUE;
    *status = !stream->capture ? 0 : stream->capture->invalidated ? 2 : 1;
    return SUCCESS;
  });
}

SLUICE_API cuThreadExchangeStreamCaptureMode(int* mode) {
  return call("cuThreadExchangeStreamCaptureMode", DRIVER, [&](Simulator&, auto&) -> int {
    if (!mode || *mode < 0 || *mode > 2) return INVALID_VALUE;
    int before = static_cast<int>(threadCaptureMode());
    threadCaptureMode() = static_cast<CaptureMode>(*mode);
    *mode = before;
    return SUCCESS;
  });
}

SLUICE_API cuGraphCreate(Handle* out, unsigned flags) {
  return call("cuGraphCreate", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    if (!out || flags) return INVALID_VALUE;
    *out = simulator.graphs.add(std::make_shared<Graph>());
    simulator.opened("graph", *out);
    return SUCCESS;
  });
}

SLUICE_API cuGraphDestroy(Handle handle) {
  return closingCall("cuGraphDestroy", [&](Simulator& simulator, auto&) -> int {
    if (!simulator.graphs.remove(handle))
      return simulator.broken(INVALID_VALUE, "a graph destroyed that isn't open");
    simulator.closed("graph", handle);
    return SUCCESS;
  });
}

SLUICE_API cuGraphInstantiateWithFlags(Handle* out, Handle handle, unsigned long long) {
  return call("cuGraphInstantiateWithFlags", CONTEXT,
              [&](Simulator& simulator, auto& context) -> int {
                std::shared_ptr<Graph> graph = simulator.graphs.find(handle);
                if (!graph || !out)
                  return simulator.broken(INVALID_VALUE, "a graph instantiated that isn't open");
                auto executable = std::make_shared<ExecutableGraph>();
                executable->context = context;
                executable->graph = std::make_shared<Graph>(*graph);
                *out = simulator.executables.add(executable);
                simulator.opened("executable graph", *out);
                return SUCCESS;
              });
}

SLUICE_API cuGraphExecDestroy(Handle handle) {
  return closingCall("cuGraphExecDestroy", [&](Simulator& simulator, auto&) -> int {
    if (!simulator.executables.remove(handle))
      return simulator.broken(INVALID_VALUE, "an executable graph destroyed that isn't open");
    simulator.closed("executable graph", handle);
    return SUCCESS;
  });
}

SLUICE_API cuGraphUpload(Handle handle, Handle stream) {
  return call("cuGraphUpload", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    return simulator.executables.find(handle) && simulator.stream(stream) ? SUCCESS : INVALID_VALUE;
  });
}

SLUICE_API cuGraphLaunch(Handle handle, Handle streamHandle) {
  return call("cuGraphLaunch", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<ExecutableGraph> executable = simulator.executables.find(handle);
    if (!executable)
      return simulator.broken(INVALID_VALUE, "an executable graph launched that isn't open");
    std::shared_ptr<Stream> stream = simulator.stream(streamHandle);
    if (!stream)
      return simulator.broken(INVALID_HANDLE, "a graph launched on a stream that isn't open");
    if (stream->capture)
      return simulator.broken(NOT_SUPPORTED, "the simulator has no graphs inside of graphs");
    return launch(simulator, *executable, *stream);
  });
}

namespace {

// CUgraphExecUpdateResultInfo
struct UpdateResult {
  int result;
  void *errorNode, *errorFromNode;
};

}  // namespace

SLUICE_API cuGraphExecUpdate_v2(Handle handle, Handle graphHandle, UpdateResult* result) {
  return call("cuGraphExecUpdate_v2", CONTEXT, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<ExecutableGraph> executable = simulator.executables.find(handle);
    std::shared_ptr<Graph> graph = simulator.graphs.find(graphHandle);
    if (!executable || !graph || !result) return INVALID_VALUE;
    *result = {0, nullptr, nullptr};
    const auto &before = executable->graph->nodes, &now = graph->nodes;
    bool same = std::equal(before.begin(), before.end(), now.begin(), now.end(),
                           [](const GraphNode& a, const GraphNode& b) {
                             return a.name == b.name && a.after == b.after;
                           });
    if (!same) {
      result->result = 2;  // CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED
      return GRAPH_EXEC_UPDATE_FAILURE;
    }
    executable->graph = std::make_shared<Graph>(*graph);
    return SUCCESS;
  });
}

SLUICE_API cuGraphDebugDotPrint(Handle handle, const char* path, unsigned) {
  return call("cuGraphDebugDotPrint", DRIVER, [&](Simulator& simulator, auto&) -> int {
    std::shared_ptr<Graph> graph = simulator.graphs.find(handle);
    FILE* file = graph && path ? std::fopen(path, "w") : nullptr;
    if (!file) return INVALID_VALUE;
    std::fputs("digraph {\n", file);
    for (size_t i = 0; i < graph->nodes.size(); i++) {
      std::fprintf(file, "  %zu [label=\"%s\"]\n", i, graph->nodes[i].name.c_str());
      for (size_t before : graph->nodes[i].after) std::fprintf(file, "  %zu -> %zu\n", before, i);
    }
    std::fputs("}\n", file);
    std::fclose(file);
    return SUCCESS;
  });
}

}  // namespace sluice
