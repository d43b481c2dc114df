// Every engine's result, in three directions, three types, two layouts and with slices of channels,
// against sums in double; then what execution must refuse.
#include <memory>
#include <string>

#include "faults.h"
#include "graph.h"

using namespace check;

namespace {

struct Host {
  std::vector<float> x, w, y;
};

/** Visits each product x * w that goes into y: (index of x, of w, of y) for the strides given. */
template <class Visit>
void each_product(const Shape& s, const Integers& x, const Integers& w, const Integers& y,
                  Visit visit) {
  for (int64_t n = 0; n < s.N; n++)
    for (int64_t k = 0; k < s.K; k++)
      for (int64_t p = 0; p < s.P(); p++)
        for (int64_t q = 0; q < s.Q(); q++)
          for (int64_t c = 0; c < s.C; c++)
            for (int64_t r = 0; r < s.R; r++)
              for (int64_t t = 0; t < s.S; t++) {
                const int64_t h = p * s.stride - s.pad + r * s.dilation,
                              v = q * s.stride - s.pad + t * s.dilation;
                if (h < 0 || h >= s.H || v < 0 || v >= s.W) continue;
                const int64_t row = s.mode == CONVOLUTION ? s.R - 1 - r : r,
                              column = s.mode == CONVOLUTION ? s.S - 1 - t : t;
                visit(n * x[0] + c * x[1] + h * x[2] + v * x[3],
                      k * w[0] + c * w[1] + row * w[2] + column * w[3],
                      n * y[0] + k * y[1] + p * y[2] + q * y[3]);
              }
}

std::vector<float> rounded(sluice::Element type, std::vector<float> values) {
  std::vector<char> bits(values.size() * sluice::bytes(type));
  sluice::narrow(type, values.data(), values.size(), bits.data());
  sluice::widen(type, bits.data(), values.size(), values.data());
  return values;
}

double bound(int type, int64_t engine) {
  if (type == FLOAT) return engine == 3 ? 4e-3 : engine == 4 ? 4e-3 : 1e-5;
  if (type == DOUBLE) return 1e-6;
  return type == HALF ? 2e-3 : 2e-2;
}

void convolution(void* handle, const Shape& s, int direction, int type, bool last, float beta,
                 int64_t gap) {
  const auto element = type == DOUBLE  ? sluice::Element::f64
                       : type == FLOAT ? sluice::Element::f32
                       : type == HALF  ? sluice::Element::f16
                                       : sluice::Element::bf16;
  const double alpha = 0.5;
  const int64_t wide_x = last && gap > 0 ? s.C + gap : 0, wide_y = last && gap > 0 ? s.K + gap : 0;
  ConvolutionGraph g(handle, s, direction, type, last, alpha, beta, wide_x, wide_y);
  const auto sx = strides({s.N, s.C, s.H, s.W}, last, wide_x),
             sw = strides({s.K, s.C, s.R, s.S}, last),
             sy = strides({s.N, s.K, s.P(), s.Q()}, last, wide_y);
  Host host{rounded(element, random(sx[0] * s.N, 1)), rounded(element, random(sw[0] * s.K, 2)),
            rounded(element, random(sy[0] * s.N, 3))};
  auto& out = direction == FORWARD ? host.y : direction == BACKWARD_DATA ? host.x : host.w;
  std::vector<double> sum(out.size()), expected(out.begin(), out.end());
  std::vector<char> touched(out.size());
  each_product(s, sx, sw, sy, [&](int64_t x, int64_t w, int64_t y) {
    if (direction == FORWARD) sum[y] += double(host.x[x]) * host.w[w];
    if (direction == BACKWARD_DATA) sum[x] += double(host.y[y]) * host.w[w];
    if (direction == BACKWARD_FILTER) sum[w] += double(host.x[x]) * host.y[y];
  });
  const auto& so = direction == FORWARD ? sy : direction == BACKWARD_DATA ? sx : sw;
  const Integers dims = direction == FORWARD         ? Integers{s.N, s.K, s.P(), s.Q()}
                        : direction == BACKWARD_DATA ? Integers{s.N, s.C, s.H, s.W}
                                                     : Integers{s.K, s.C, s.R, s.S};
  for (int64_t i = 0; i < dims[0] * dims[1] * dims[2] * dims[3]; i++) {
    const int64_t at = i / (dims[3] * dims[2] * dims[1]) * so[0]
                       + i / (dims[3] * dims[2]) % dims[1] * so[1] + i / dims[3] % dims[2] * so[2]
                       + i % dims[3] * so[3];
    expected[at] = alpha * sum[at] + beta * expected[at];
  }
  Configs configs(g.graph, MODE_A);
  that(configs.all().size() >= 2, "the heuristics offer engines");
  int ran = 0;
  for (const auto& config : configs.all()) {
    const int64_t engine = Configs::index(*config);
    Backend plan(PLAN), pack(VARIANT_PACK);
    plan.set(PLAN_ENGINE_CONFIG, *config).set(PLAN_HANDLE, TYPE_HANDLE, std::vector<void*>{handle});
    if (engine == 7) {
      status(NOT_SUPPORTED, plan.try_finalize(), "a refused plan");
      continue;
    }
    plan.finalize();
    const auto workspace = plan.get<int64_t>(PLAN_WORKSPACE_SIZE, TYPE_INT64);
    if (workspace > 1 << 30) continue;
    Buffer X(element, host.x), W(element, host.w), Y(element, host.y),
        work(sluice::Element::f32, workspace / 4 + 4);
    pack.set(PACK_UNIQUE_IDS, TYPE_INT64, Integers{3, 1, 2})
        .set(PACK_DATA_POINTERS, TYPE_VOID_PTR, std::vector<void*>{Y.at(), X.at(), W.at()})
        .set(PACK_WORKSPACE, TYPE_VOID_PTR, std::vector<void*>{work.at()})
        .finalize();
    status(0, cudnnBackendExecute(handle, plan.handle(), pack.handle()), "cudnnBackendExecute");
    auto got = (direction == FORWARD ? Y : direction == BACKWARD_DATA ? X : W).get();
    near(expected, got, bound(type, engine) * std::sqrt(double(s.C * s.R * s.S)),
         ("engine " + std::to_string(engine) + " direction " + std::to_string(direction) + " type "
          + std::to_string(type))
             .c_str());
    ran++;
  }
  that(ran >= 2, "at least two engines ran");
}

void refusals(void* handle) {
  ConvolutionGraph g(handle, {1, 2, 4, 4, 3, 3, 3}, FORWARD, FLOAT, true, 1, 0);
  Configs configs(g.graph, FALLBACK);
  Backend plan(PLAN);
  for (const auto& config : configs.all()) {
    if (Configs::index(*config) == 0) plan.set(PLAN_ENGINE_CONFIG, *config);
  }
  plan.set(PLAN_HANDLE, TYPE_HANDLE, std::vector<void*>{handle}).finalize();
  Buffer X(sluice::Element::f32, random(32, 1)), W(sluice::Element::f32, random(54, 2)),
      Y(sluice::Element::f32, 48);
  auto run = [&](const Integers& uids, const std::vector<void*>& pointers, void* with) {
    Backend pack(VARIANT_PACK);
    pack.set(PACK_UNIQUE_IDS, TYPE_INT64, uids)
        .set(PACK_DATA_POINTERS, TYPE_VOID_PTR, pointers)
        .finalize();
    return cudnnBackendExecute(with, plan.handle(), pack.handle());
  };
  void* misaligned = static_cast<char*>(X.at()) + 2;
  void* other;
  status(0, cudnnCreate(&other), "cudnnCreate");
  status(SUCCESS, run({1, 2, 3}, {X.at(), W.at(), Y.at()}, handle), "a good pack");
  status(BAD_PARAM, run({1, 2, 4}, {X.at(), W.at(), Y.at()}, handle), "a wrong unique id");
  status(BAD_PARAM, run({1, 2}, {X.at(), W.at(), Y.at()}, handle), "fewer ids than pointers");
  status(BAD_PARAM_MISALIGNED_POINTER, run({1, 2, 3}, {misaligned, W.at(), Y.at()}, handle),
         "a misaligned pointer");
  status(BAD_PARAM_NULL_POINTER, run({1, 2, 3}, {nullptr, W.at(), Y.at()}, handle),
         "a null pointer");
  status(BAD_PARAM, run({1, 2, 3}, {X.at(), W.at(), Y.at()}, other), "another handle");
  status(0, cudnnDestroy(other), "cudnnDestroy");
  status(NOT_INITIALIZED, run({1, 2, 3}, {X.at(), W.at(), Y.at()}, other), "a destroyed handle");
}

/** One forward convolution [1, 4, 4, 2] -> [1, 4, 4, 3] with an engine that wants a workspace. */
struct Bench {
  void* handle = nullptr;
  std::unique_ptr<ConvolutionGraph> graph;
  std::unique_ptr<Configs> configs;
  std::unique_ptr<Backend> plan;
  int64_t workspace = 0;

  explicit Bench(double beta) {
    fresh_device();
    status(0, cudnnCreate(&handle), "cudnnCreate");
    graph = std::make_unique<ConvolutionGraph>(handle, Shape{1, 2, 4, 4, 3, 3, 3}, FORWARD, FLOAT,
                                               true, 1, beta);
    configs = std::make_unique<Configs>(graph->graph, MODE_A);
    plan = std::make_unique<Backend>(PLAN);
    for (const auto& config : configs->all()) {
      if (Configs::index(*config) == 1) plan->set(PLAN_ENGINE_CONFIG, *config);
    }
    plan->set(PLAN_HANDLE, TYPE_HANDLE, std::vector<void*>{handle}).finalize();
    workspace = plan->get<int64_t>(PLAN_WORKSPACE_SIZE, TYPE_INT64);
  }
  ~Bench() { status(0, cudnnDestroy(handle), "cudnnDestroy"); }

  int run(void* x, void* w, void* y, void* work) {
    Backend pack(VARIANT_PACK);
    pack.set(PACK_UNIQUE_IDS, TYPE_INT64, Integers{1, 2, 3})
        .set(PACK_DATA_POINTERS, TYPE_VOID_PTR, std::vector<void*>{x, w, y})
        .set(PACK_WORKSPACE, TYPE_VOID_PTR, std::vector<void*>{work})
        .finalize();
    return cudnnBackendExecute(handle, plan->handle(), pack.handle());
  }
};

void faults() {
  using Values = std::vector<float>;
  const auto f32 = sluice::Element::f32;
  auto fault = [&](const char* what, auto run, double beta = 0) {
    Bench b(beta);
    Buffer x(f32, Values(32, 1)), w(f32, Values(54, 1)), y(f32, 48), work(f32, b.workspace / 4 + 1);
    reported(what, SUCCESS, [&] { return run(b, x, w, y, work); });
  };
  fault("an input never written", [&](Bench& b, Buffer&, Buffer& w, Buffer& y, Buffer& work) {
    Buffer fresh(f32, 32);
    return b.run(fresh.at(), w.at(), y.at(), work.at());
  });
  fault(
      "an output added to and never written",
      [&](Bench& b, Buffer& x, Buffer& w, Buffer& y, Buffer& work) {
        return b.run(x.at(), w.at(), y.at(), work.at());
      },
      1);
  fault("an input that was freed", [&](Bench& b, Buffer&, Buffer& w, Buffer& y, Buffer& work) {
    void* at = Buffer(f32, Values(32, 1)).at();
    return b.run(at, w.at(), y.at(), work.at());
  });
  fault("an input that is too small", [&](Bench& b, Buffer&, Buffer& w, Buffer& y, Buffer& work) {
    Buffer small(f32, Values(27, 1));
    return b.run(small.at(), w.at(), y.at(), work.at());
  });
  fault("an output that is too small", [&](Bench& b, Buffer& x, Buffer& w, Buffer&, Buffer& work) {
    Buffer small(f32, 43);
    return b.run(x.at(), w.at(), small.at(), work.at());
  });
  fault("a workspace that is too small", [&](Bench& b, Buffer& x, Buffer& w, Buffer& y, Buffer&) {
    Buffer small(f32, 8);
    return b.run(x.at(), w.at(), y.at(), small.at());
  });
  fault("a host pointer", [&](Bench& b, Buffer&, Buffer& w, Buffer& y, Buffer& work) {
    static float host[32] = {};
    return b.run(host, w.at(), y.at(), work.at());
  });
  fault("an output over an input", [&](Bench& b, Buffer&, Buffer& w, Buffer&, Buffer& work) {
    Buffer both(f32, Values(64, 1));
    return b.run(both.at(), w.at(), both.at(16), work.at());
  });
  fault("a workspace that is read", [&](Bench& b, Buffer& x, Buffer& w, Buffer& y, Buffer& work) {
    const int status = b.run(x.at(), w.at(), y.at(), work.at());
    b.run(work.at(), w.at(), y.at(), Buffer(f32, b.workspace / 4 + 1).at());
    return status;
  });
}

}  // namespace

int main() {
  open_device();
  void* handle;
  status(0, cudnnCreate(&handle), "cudnnCreate");
  const Shape shapes[] = {{2, 3, 7, 6, 5, 3, 3},    {1, 4, 5, 5, 8, 5, 5, 2},
                          {3, 1, 4, 9, 2, 1, 1, 0}, {2, 2, 9, 8, 3, 3, 3, 2, 2, 2},
                          {1, 17, 3, 2, 18, 3, 3},  {1, 2, 6, 6, 2, 3, 5, 1, 1, 1, CONVOLUTION},
                          {2, 3, 1, 1, 4, 5, 5, 2}};
  for (const auto& shape : shapes) {
    for (int direction : {FORWARD, BACKWARD_DATA, BACKWARD_FILTER}) {
      for (int type : {FLOAT, DOUBLE, HALF, BFLOAT16}) {
        for (int form = 0; form < 6; form++)
          convolution(handle, shape, direction, type, form % 2 == 0, form < 2 ? 0 : 1,
                      form > 3 ? 3 : 0);
      }
    }
  }
  refusals(handle);
  status(0, cudnnDestroy(handle), "cudnnDestroy");
  faults();
  return done("convolution_test");
}
