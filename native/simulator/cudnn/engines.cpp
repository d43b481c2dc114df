#include "engines.h"

#include <algorithm>
#include <numeric>

#include "../device.h"
#include "api.h"

namespace sluice::cudnn {
namespace {

int64_t elements(const Tensor& tensor) {
  return std::accumulate(tensor.dims.begin(), tensor.dims.end(), int64_t{1}, std::multiplies<>());
}

/** Channels lie side by side: NHWC, or KRSC for a filter. */
bool channels_last(const Tensor& tensor) { return tensor.strides[1] == 1; }

/** What no engine does: other numbers of dimensions, groups, and mixed or integer types. */
bool simulated(const Operation& o) {
  const bool single = (o.x.type == FLOAT || o.x.type == HALF || o.x.type == BFLOAT16)
                      && o.convolution.compute == FLOAT;
  const bool twice = o.x.type == DOUBLE && o.convolution.compute == DOUBLE;
  return o.x.dims.size() == 4 && o.x.dims[1] == o.w.dims[1] && (single || twice)
         && o.x.type == o.w.type && o.x.type == o.y.type;
}

bool winograd(const Operation& o) {
  auto ones = [](const std::vector<int64_t>& v) { return v == std::vector<int64_t>{1, 1}; };
  return o.w.dims[2] == 3 && o.w.dims[3] == 3 && ones(o.convolution.stride)
         && ones(o.convolution.dilation);
}

}  // namespace

namespace {

std::optional<Engine> sated(const Graph& graph, int64_t index) {
  const Operation& o = graph.operation;
  if (!simulated(o)) return std::nullopt;
  const bool single = o.x.type == FLOAT;
  const int64_t odd = 2 * static_cast<int64_t>(sluice_sim_seed() % 97) + 1;
  const int64_t filter = elements(o.w), output = elements(o.output());
  switch (index) {
    case 0: return Engine{graph, 0, "direct", {}, 0, Rounding::none, false};
    case 1:
      return Engine{graph, 1, "implicit_product", {}, 4 * filter + odd, Rounding::none, false};
    case 2:
      if (!winograd(o)) return std::nullopt;
      return Engine{graph,          2,    "winograd", {WINOGRAD}, 16 * output + 4 * filter + odd,
                    Rounding::none, false};
    case 3:
      if (!channels_last(o.x) || o.x.type == DOUBLE) return std::nullopt;
      return Engine{graph,         3,         "tensor_core",
                    {TENSOR_CORE}, 128 + odd, single ? Rounding::tf32 : Rounding::none,
                    false};
    case 4:
      if (!single) return std::nullopt;
      return Engine{graph,         4,    "down_convert", {TENSOR_CORE, DOWN_CONVERT_INPUTS}, 0,
                    Rounding::f16, false};
    case 5:
      if (o.direction == Direction::forward) return std::nullopt;
      return Engine{graph, 5, "split", {NONDETERMINISTIC}, 2 * output + odd, Rounding::none, false};
    case 6: return Engine{graph, 6, "greedy", {}, (int64_t{1} << 42) + odd, Rounding::none, false};
    case 7: return Engine{graph, 7, "refused", {}, 0, Rounding::none, true};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Engine> engine(const Graph& graph, int64_t index) {
  std::optional<Engine> found = sated(graph, index);
  if (found)
    found->workspace += static_cast<int64_t>(sluice_sim_hunger()) * graph.operation.x.dims[0];
  return found;
}

std::vector<Engine> suggested(const Graph& graph, int mode) {
  std::vector<int64_t> order =
      mode == FALLBACK ? std::vector<int64_t>{7, 0} : std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 0};
  if (mode != FALLBACK) {
    const auto turn = (sluice_sim_seed() + (mode == MODE_B ? 3 : 0)) % order.size();
    std::rotate(order.begin(), order.begin() + static_cast<int64_t>(turn), order.end());
  }
  std::vector<Engine> found;
  for (int64_t index : order) {
    if (auto each = engine(graph, index)) found.push_back(std::move(*each));
  }
  return found;
}

}  // namespace sluice::cudnn
