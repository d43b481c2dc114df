// Convolutions as they are defined, on dense maps of float or double.
#pragma once
#include <vector>

#include "graph.h"

namespace sluice::cudnn {

/** x: [N, H, W, C], w: [R, S, C, K], y: [N, P, Q, K]. */
struct Window {
  int64_t N, H, W, C, K, R, S, P, Q;
  int64_t top, left, down, across, down_dilation, across_dilation;
  bool flipped;

  explicit Window(const Operation& operation);
};

template <class T>
using Map = std::vector<T>;

template <class T>
Map<T> forward(const Window& g, const Map<T>& x, const Map<T>& w);

template <class T>
Map<T> backward_data(const Window& g, const Map<T>& dy, const Map<T>& w);

template <class T>
Map<T> backward_filter(const Window& g, const Map<T>& x, const Map<T>& dy);

}  // namespace sluice::cudnn
