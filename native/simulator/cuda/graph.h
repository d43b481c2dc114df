// Stream capture and graphs.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace sluice {

struct Stream;

struct GraphNode {
  std::string name;
  std::function<void()> run;
  std::vector<size_t> after;
};

struct Graph {
  std::vector<GraphNode> nodes;
};

enum class CaptureMode { Global = 0, ThreadLocal = 1, Relaxed = 2 };

struct Capture {
  uint64_t id = 0;
  CaptureMode mode = CaptureMode::Global;
  std::thread::id thread;
  Stream* origin = nullptr;
  std::shared_ptr<Graph> graph = std::make_shared<Graph>();
  std::vector<std::weak_ptr<Stream>> streams;
  bool invalidated = false;
  bool ended = false;
};

}  // namespace sluice
