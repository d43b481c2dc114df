// What finalised descriptors hold.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "../element.h"

namespace sluice::cudnn {

struct Tensor {
  int type;
  std::vector<int64_t> dims, strides;
  int64_t uid, alignment;
  bool is_virtual;
};

struct Convolution {
  int compute;
  bool flipped;
  std::vector<int64_t> before, after, stride, dilation;
};

enum class Direction { forward, data, filter };

/** y = alpha conv(x, w) + beta y, or the gradient of x or w in the place of it. */
struct Operation {
  Direction direction;
  Tensor x, w, y;
  Convolution convolution;
  double alpha, beta;

  const Tensor& output() const {
    return direction == Direction::forward ? y : direction == Direction::data ? x : w;
  }
};

struct Graph {
  Operation operation;
  void* handle;
};

/** One of the ways to execute a graph: what it needs, and what it does to the numbers. */
struct Engine {
  Graph graph;
  int64_t index;
  const char* name;
  std::vector<int> notes;
  int64_t workspace;
  Rounding rounding;
  /** Whether plans of it are refused although the heuristics offer it. */
  bool refused;
};

struct Heuristic {
  std::vector<Engine> engines;
};

struct Plan {
  Engine engine;
  void* handle;
};

struct Pack {
  std::vector<int64_t> uids;
  std::vector<void*> pointers;
  void* workspace;
};

}  // namespace sluice::cudnn
