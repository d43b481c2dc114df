// Executes a plan: everything is checked that a caller may get wrong, then the convolution
// computed.
#include <algorithm>

#include "../work.h"
#include "convolution.h"
#include "descriptor.h"
#include "handle.h"
#include "message.h"
#include "view.h"

namespace sluice::cudnn {
namespace {

constexpr const char* CALL = "cudnnBackendExecute";

/** A plan with the addresses of its tensors. */
struct Run {
  Engine engine;
  void *x, *w, *y, *workspace;

  void operator()() const {
    engine.graph.operation.x.type == DOUBLE ? run<double>() : run<float>();
  }

 private:
  template <class T>
  void run() const;
};

/** The strides of [R, S, C, K] for the dimensions K, C, R, S. */
std::vector<int64_t> filter_strides(const Tensor& w) {
  const auto& d = w.dims;
  return {1, d[0], d[3] * d[1] * d[0], d[1] * d[0]};
}

/** The strides of [N, H, W, C] for the dimensions N, C, H, W. */
std::vector<int64_t> map_strides(const Tensor& map) {
  const auto& d = map.dims;
  return {d[2] * d[3] * d[1], 1, d[3] * d[1], d[1]};
}

template <class T>
void limit(std::vector<T>& values, Rounding rounding) {
  if (rounding == Rounding::none) return;
  for (auto& value : values) value = round(rounding, static_cast<float>(value));
}

bool overlap(const View& a, const void* at, const View& b, const void* there) {
  auto one = static_cast<const char*>(at), other = static_cast<const char*>(there);
  return one < other + b.extent() && other < one + a.extent();
}

template <class T>
void Run::run() const {
  const Operation& o = engine.graph.operation;
  // Reports a workspace that is too small.
  if (engine.workspace > 0) sluice_sim_poison(workspace, engine.workspace, CALL);
  View X(o.x, x, map_strides(o.x), CALL), W(o.w, w, filter_strides(o.w), CALL),
      Y(o.y, y, map_strides(o.y), CALL);
  const bool first = o.direction == Direction::data;
  const View& left = first ? Y : X;
  const View& right = o.direction == Direction::filter ? Y : W;
  const View& output = o.direction == Direction::forward ? Y : first ? X : W;
  void* to = o.direction == Direction::forward ? y : first ? x : w;
  if (overlap(output, to, left, first ? y : x)
      || overlap(output, to, right, o.direction == Direction::filter ? y : w)) {
    sluice_sim_report("%s: the output overlaps an input", CALL);
  }
  auto a = left.read<T>(), b = right.read<T>();
  if (!a || !b) return;
  limit(*a, engine.rounding);
  limit(*b, engine.rounding);
  const Window window(o);
  auto result = o.direction == Direction::forward ? forward(window, *a, *b)
                : first                           ? backward_data(window, *a, *b)
                                                  : backward_filter(window, *a, *b);
  output.write(result, static_cast<T>(o.alpha), static_cast<T>(o.beta));
}

/** The address given for a tensor; null after a failure. */
int address(const Pack& pack, const Tensor& tensor, void** at) {
  auto found = std::find(pack.uids.begin(), pack.uids.end(), tensor.uid);
  if (found == pack.uids.end())
    return fail(BAD_PARAM, "no pointer for unique id %ld", (long)tensor.uid);
  *at = pack.pointers[found - pack.uids.begin()];
  if (*at == nullptr)
    return fail(BAD_PARAM_NULL_POINTER, "the pointer of unique id %ld is NULL", (long)tensor.uid);
  if (reinterpret_cast<uintptr_t>(*at) % tensor.alignment != 0) {
    return fail(BAD_PARAM_MISALIGNED_POINTER,
                "the pointer of unique id %ld is not aligned to %ld bytes", (long)tensor.uid,
                (long)tensor.alignment);
  }
  return SUCCESS;
}

}  // namespace

int execute(void* handle, const Plan& plan, const Pack& pack) {
  auto with = use(handle, CALL);
  if (with == nullptr) return fail(NOT_INITIALIZED, "handle was destroyed");
  if (plan.handle != nullptr && plan.handle != handle) {
    sluice_sim_report("%s: the plan was made for another handle", CALL);
    return fail(BAD_PARAM, "the plan was made for another handle");
  }
  if (pack.uids.size() != pack.pointers.size()) {
    return fail(BAD_PARAM, "%zu unique ids, %zu pointers", pack.uids.size(), pack.pointers.size());
  }
  if (pack.uids.size() != 3)
    sluice_sim_report("%s: %zu pointers for 3 tensors", CALL, pack.uids.size());
  if (plan.engine.workspace > 0 && pack.workspace == nullptr)
    return fail(BAD_PARAM_NULL_POINTER, "workspace == NULL");
  if (reinterpret_cast<uintptr_t>(pack.workspace) % 16 != 0) {
    return fail(BAD_PARAM_MISALIGNED_POINTER, "the workspace is not aligned");
  }
  const Operation& o = plan.engine.graph.operation;
  if (o.x.uid == o.w.uid || o.x.uid == o.y.uid || o.w.uid == o.y.uid) {
    sluice_sim_report("%s: the unique ids of x, w and y are not unique", CALL);
  }
  Run run{plan.engine, nullptr, nullptr, nullptr, pack.workspace};
  if (int status = address(pack, o.x, &run.x)) return status;
  if (int status = address(pack, o.w, &run.w)) return status;
  if (int status = address(pack, o.y, &run.y)) return status;
  return enqueue(with->stream, CALL, run) == 0 ? SUCCESS
                                               : fail(EXECUTION_FAILED, "the stream took no work");
}

}  // namespace sluice::cudnn
