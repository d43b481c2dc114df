// The engines of the simulator: all compute the same convolution, with the workspaces, notes and
// refusals that a caller has to be ready for.
#pragma once
#include <optional>
#include <vector>

#include "graph.h"

namespace sluice::cudnn {

constexpr int64_t ENGINES = 8;

/** An engine by its global index; empty when it does not do the graph. */
std::optional<Engine> engine(const Graph& graph, int64_t index);

/** What the heuristics offer, best guess first; the order changes with the simulator's seed. */
std::vector<Engine> suggested(const Graph& graph, int mode);

}  // namespace sluice::cudnn
