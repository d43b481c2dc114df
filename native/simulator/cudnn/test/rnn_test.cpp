// Forward passes against a scalar recursion written from the equations, gradients against finite
// differences, in all forms; then planted faults, each of which must be reported.
#include <algorithm>
#include <functional>

#include "faults.h"
#include "rnn.h"

using namespace check;

namespace {

double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

/** One sequence through one direction of one layer, by the equations; `at` gives input j of step t.
 */
struct Reference {
  const RnnSpec& s;
  const Named& w;

  double weight(int part, int id, int row, int column, int columns) const {
    return w[(size_t(part) * (2 * s.gates() + (s.cell == LSTM ? 1 : 0)) + id) * 2]
            [size_t(row) * columns + column];
  }
  double bias(int part, int id, int row) const {
    const auto& b = w[(size_t(part) * (2 * s.gates() + (s.cell == LSTM ? 1 : 0)) + id) * 2 + 1];
    return b.empty() ? 0 : b[row];
  }
  double read_clip(double c) const { return s.clip ? std::min(0.2, std::max(-0.15, c)) : c; }

  /** h and c of the part; returns the new h. */
  void step(int part, const Values& input, Values& h, Values& c) const {
    const int G = s.gates(), H = s.hidden, I = static_cast<int>(input.size());
    const bool skip = s.input_mode == 1 && part < s.directions;
    auto in = [&](int g, int j) {
      double sum = bias(part, g, j);
      if (skip) return sum + input[j];
      for (int k = 0; k < I; k++) sum += weight(part, g, j, k, I) * input[k];
      return sum;
    };
    auto re = [&](int g, int j) {
      double sum = bias(part, G + g, j);
      for (int k = 0; k < s.projected; k++) sum += weight(part, G + g, j, k, s.projected) * h[k];
      return sum;
    };
    Values out(H);
    for (int j = 0; j < H; j++) {
      if (s.cell == LSTM) {
        c[j] = sigmoid(in(1, j) + re(1, j)) * read_clip(c[j])
               + sigmoid(in(0, j) + re(0, j)) * std::tanh(in(2, j) + re(2, j));
        out[j] = sigmoid(in(3, j) + re(3, j)) * std::tanh(read_clip(c[j]));
      } else if (s.cell == GRU) {
        const double r = sigmoid(in(0, j) + re(0, j)), i = sigmoid(in(1, j) + re(1, j));
        out[j] = (1 - i) * std::tanh(in(2, j) + r * re(2, j)) + i * h[j];
      } else {
        const double a = in(0, j) + re(0, j);
        out[j] = s.cell == RNN_TANH ? std::tanh(a) : std::max(a, 0.0);
      }
    }
    if (s.projected == H) {
      h = out;
      return;
    }
    for (int p = 0; p < s.projected; p++) {
      h[p] = 0;
      for (int j = 0; j < H; j++) h[p] += weight(part, 8, p, j, H) * out[j];
    }
  }

  void run(const Values& x, const Values& h0, const Values& c0, Values& y, Values& hn,
           Values& cn) const {
    const int D = s.directions, P = s.projected, H = s.hidden, B = s.batch();
    hn = h0, cn = c0;
    y.assign(s.vectors() * D * P, 0);
    for (int b = 0; b < B; b++) {
      std::vector<Values> level(s.lengths[b]);
      for (int t = 0; t < s.lengths[b]; t++)
        level[t].assign(x.begin() + s.at(t, b) * s.inputs, x.begin() + (s.at(t, b) + 1) * s.inputs);
      for (int l = 0; l < s.layers; l++) {
        std::vector<Values> next(s.lengths[b], Values(D * P));
        for (int d = 0; d < D; d++) {
          const int part = l * D + d;
          double* hs = hn.data() + (size_t(part) * B + b) * P;
          double* cs = cn.data() + (size_t(part) * B + b) * H;
          Values h(hs, hs + P), c(cs, cs + H);
          for (int i = 0; i < s.lengths[b]; i++) {
            const int t = d == 0 ? i : s.lengths[b] - 1 - i;
            step(part, level[t], h, c);
            std::copy(h.begin(), h.end(), next[t].begin() + d * P);
          }
          std::copy(h.begin(), h.end(), hs);
          std::copy(c.begin(), c.end(), cs);
        }
        level = next;
      }
      for (int t = 0; t < s.lengths[b]; t++)
        std::copy(level[t].begin(), level[t].end(), y.begin() + s.at(t, b) * D * P);
    }
  }
};

Values numbers(size_t n, unsigned seed, double scale = 0.6) {
  auto values = random(n, seed);
  Values all(values.begin(), values.end());
  for (auto& value : all) value *= scale;
  return all;
}

struct Point {
  Values x, h, c;
  Named w;
};

Point point(const Caller& caller) {
  const auto& s = caller.spec;
  Point p{numbers(s.vectors() * s.inputs, 1),
          numbers(size_t(s.parts()) * s.batch() * s.projected, 2),
          numbers(size_t(s.parts()) * s.batch() * s.hidden, 3, 0.2),
          {}};
  for (size_t i = 0; i < caller.weight_count(); i++)
    p.w.push_back(numbers(caller.weight_size(i), 10 + static_cast<unsigned>(i)));
  return p;
}

void put(Caller& caller, const Point& p) {
  caller.x->put(p.x);
  caller.hx->put(p.h);
  caller.cx->put(p.c);
  caller.put_weights(p.w);
}

/** The loss whose gradients are checked: a weighted sum of all outputs. */
struct Loss {
  Values y, h, c;

  double of(const Caller& caller, const Values& ys, const Values& hs, const Values& cs) const {
    double sum = 0;
    for (size_t i = 0; i < ys.size(); i++) sum += y[i] * ys[i];
    for (size_t i = 0; i < hs.size(); i++) sum += h[i] * hs[i];
    for (size_t i = 0; i < cs.size() && caller.spec.cell == LSTM; i++) sum += c[i] * cs[i];
    return sum;
  }
};

std::string name(const RnnSpec& s) {
  return "cell " + std::to_string(s.cell) + " bias " + std::to_string(s.bias) + " directions "
         + std::to_string(s.directions) + " layers " + std::to_string(s.layers) + " projected "
         + std::to_string(s.projected) + " layout " + std::to_string(s.layout)
         + (s.clip ? " clip" : "") + " mode " + std::to_string(s.input_mode);
}

void gradients_of(const RnnSpec& s, const std::string& what, const char* part, const Values& got,
                  Values& at, const std::function<double()>& loss) {
  (void)s;
  Values expected;
  for (auto& value : at) {
    const double old = value, h = 1e-6;
    value = old + h;
    const double up = loss();
    value = old - h;
    const double down = loss();
    value = old;
    expected.push_back((up - down) / (2 * h));
  }
  near(expected, got, 2e-8, (what + ": gradient of " + part).c_str());
}

void network(void* handle, const RnnSpec& s, bool differences) {
  Caller caller(handle, s);
  Point p = point(caller);
  put(caller, p);
  Values y, hn, cn;
  Reference{s, p.w}.run(p.x, p.h, p.c, y, hn, cn);
  status(0, caller.forward(true), "cudnnRNNForward");
  const double bound = s.type == DOUBLE  ? 1e-12
                       : s.type == FLOAT ? 2e-6
                       : s.type == HALF  ? 4e-3
                                         : 3e-2;
  near(y, caller.y->get(), bound, (name(s) + ": y").c_str());
  near(hn, caller.hy->get(), bound, (name(s) + ": hy").c_str());
  if (s.cell == LSTM) near(cn, caller.cy->get(), bound, (name(s) + ": cy").c_str());
  if (!differences) return;
  Loss loss{numbers(y.size(), 4), numbers(hn.size(), 5), numbers(cn.size(), 6)};
  caller.dy->put(loss.y);
  caller.dhy->put(loss.h);
  caller.dcy->put(loss.c);
  caller.gradients->clear();
  status(0, caller.backward_data(), "cudnnRNNBackwardData_v8");
  status(0, caller.backward_weights(), "cudnnRNNBackwardWeights_v8");
  auto evaluate = [&] {
    Values ys, hs, cs;
    Reference{s, p.w}.run(p.x, p.h, p.c, ys, hs, cs);
    return loss.of(caller, ys, hs, cs);
  };
  gradients_of(s, name(s), "x", caller.dx->get(), p.x, evaluate);
  gradients_of(s, name(s), "hx", caller.dhx->get(), p.h, evaluate);
  if (s.cell == LSTM) gradients_of(s, name(s), "cx", caller.dcx->get(), p.c, evaluate);
  const Named got = caller.weight_gradients();
  for (size_t i = 0; i < got.size(); i++)
    gradients_of(s, name(s), ("weight " + std::to_string(i)).c_str(), got[i], p.w[i], evaluate);
  // Added to what is there: a second step doubles them.
  put(caller, p);
  status(0, caller.forward(true), "cudnnRNNForward");
  status(0, caller.backward_data(), "cudnnRNNBackwardData_v8");
  status(0, caller.backward_weights(), "cudnnRNNBackwardWeights_v8");
  const Named twice = caller.weight_gradients();
  for (size_t i = 0; i < got.size(); i++) {
    Values doubled = got[i];
    for (auto& value : doubled) value *= 2;
    near(doubled, twice[i], 1e-12, "gradients are added");
  }
}

void all_forms(void* handle) {
  for (int cell : {RNN_RELU, RNN_TANH, LSTM, GRU}) {
    for (int layout : {SEQ_MAJOR_UNPACKED, SEQ_MAJOR_PACKED, BATCH_MAJOR_UNPACKED}) {
      for (int directions : {1, 2}) {
        for (int layers : {1, 3}) {
          RnnSpec s{.cell = cell, .directions = directions, .layers = layers, .layout = layout};
          network(handle, s, true);
          if (cell == LSTM) {
            s.projected = 2;
            network(handle, s, true);
            s.clip = true;
            network(handle, s, true);
          }
        }
      }
    }
    for (int bias : {NO_BIAS, SINGLE_INPUT_BIAS, SINGLE_RECURRENT_BIAS})
      network(handle, {.cell = cell, .bias = bias, .directions = 2, .layers = 2}, true);
    network(handle, {.cell = cell, .directions = 2, .layers = 2, .inputs = 4, .input_mode = 1},
            true);
    network(handle, {.cell = cell, .inputs = 1, .hidden = 1, .projected = 1, .lengths = {1}}, true);
    for (int type : {FLOAT, HALF, BFLOAT16})
      network(handle,
              {.cell = cell,
               .directions = 2,
               .layers = 2,
               .inputs = 9,
               .hidden = 17,
               .projected = 17,
               .type = type},
              false);
    for (int algorithm : {PERSIST_STATIC, PERSIST_DYNAMIC, PERSIST_STATIC_SMALL_H}) {
      network(handle,
              {.cell = cell,
               .layers = 2,
               .hidden = 8,
               .projected = 8,
               .lengths = {4, 4},
               .type = FLOAT,
               .algorithm = algorithm},
              false);
    }
  }
}

/** Dropout draws other masks at each step and keeps the mask of a step for its backward pass. */
void dropout(void* handle) {
  RnnSpec s{.cell = RNN_TANH,
            .layers = 2,
            .inputs = 3,
            .hidden = 8,
            .projected = 8,
            .lengths = {6, 6, 6, 6},
            .type = FLOAT,
            .dropout = 0.5f};
  Caller caller(handle, s);
  put(caller, point(caller));
  status(0, caller.forward(false), "forward in inference");
  const Values plain = caller.y->get();
  status(0, caller.forward(true), "forward in training");
  const Values one = caller.y->get();
  status(0, caller.forward(true), "forward in training");
  const Values two = caller.y->get();
  status(0, caller.forward(false), "forward in inference");
  that(caller.y->get() == plain, "inference drops nothing");
  that(one != plain && two != plain && one != two, "each training step draws its own mask");
  RnnSpec all = s;
  all.dropout = 1;
  Caller nothing(handle, all);
  Point p = point(nothing);
  put(nothing, p);
  status(0, nothing.forward(true), "forward with all dropped");
  for (double value : nothing.y->get()) that(std::isfinite(value), "dropping all gives no NaN");
}

/** An LSTM in a device of its own, since a fault at execution is sticky. */
struct Bench {
  RnnSpec spec{.cell = LSTM, .layers = 2, .type = FLOAT};
  void* handle = nullptr;
  std::unique_ptr<Caller> c;

  Bench() {
    fresh_device();
    status(0, cudnnCreate(&handle), "cudnnCreate");
    c = std::make_unique<Caller>(handle, spec);
    put(*c, point(*c));
    c->dy->put(numbers(spec.vectors() * spec.projected, 4));
    c->dhy->put(numbers(size_t(spec.parts()) * spec.batch() * spec.projected, 5));
    c->dcy->put(numbers(size_t(spec.parts()) * spec.batch() * spec.hidden, 6));
    status(0, cuCtxSynchronize(), "cuCtxSynchronize");
  }
  ~Bench() {
    c.reset();
    status(0, cudnnDestroy(handle), "cudnnDestroy");
  }
};

/** `run` must return `expected` and, when that is success, be reported at execution. */
void fault(const char* what, int expected, const std::function<int(Caller&)>& run) {
  Bench bench;
  if (expected != SUCCESS) return status(expected, run(*bench.c), what);
  reported(what, expected, [&] { return run(*bench.c); });
}

void one_byte_short(std::unique_ptr<Space>& space) {
  space = std::make_unique<Space>(space->bytes - 1);
}

void faults() {
  fault("a workspace one byte short", BAD_PARAM,
        [](Caller& c) { return one_byte_short(c.workspace), c.forward(true); });
  fault("a reserve space one byte short", BAD_PARAM,
        [](Caller& c) { return one_byte_short(c.reserve), c.forward(true); });
  fault("a weight space one byte short", BAD_PARAM,
        [](Caller& c) { return one_byte_short(c.weights), c.forward(true); });
  fault("weights never written", SUCCESS, [](Caller& c) {
    return c.weights = std::make_unique<Space>(c.weights->bytes), c.forward(true);
  });
  fault("backward without forward", SUCCESS, [](Caller& c) { return c.backward_data(); });
  fault("backward after inference", SUCCESS,
        [](Caller& c) { return c.forward(false), c.backward_data(); });
  fault("backward data twice", SUCCESS,
        [](Caller& c) { return c.forward(true), c.backward_data(), c.backward_data(); });
  fault("backward weights before backward data", SUCCESS,
        [](Caller& c) { return c.forward(true), c.gradients->clear(), c.backward_weights(); });
  fault("weight gradients not zeroed", SUCCESS,
        [](Caller& c) { return c.forward(true), c.backward_data(), c.backward_weights(); });
  fault("weights changed in between", SUCCESS, [](Caller& c) {
    c.forward(true);
    cuCtxSynchronize();
    Named w = point(c).w;
    w[0][0] += 1;
    c.put_weights(w);
    return c.backward_data();
  });
  fault("the reserve space of another step", SUCCESS, [](Caller& c) {
    c.forward(true);
    cuCtxSynchronize();
    auto kept = std::move(c.reserve);
    c.reserve = std::make_unique<Space>(kept->bytes);
    c.x->put(numbers(c.spec.vectors() * c.spec.inputs, 77));
    c.forward(true);
    cuCtxSynchronize();
    std::swap(kept, c.reserve);
    return c.backward_data();
  });
  fault("lengths on the device differ", SUCCESS, [](Caller& c) {
    const int wrong[] = {5, 3, 1};
    cuMemcpyHtoD_v2(reinterpret_cast<uint64_t>(c.lengths->at()), wrong, sizeof wrong);
    return c.forward(true);
  });
  std::vector<float> host(1000);
  fault("a host pointer", SUCCESS, [&](Caller& c) {
    return cudnnRNNForward(c.handle, c.rnn, 0, nullptr, c.x_data, host.data(), c.y_data, c.y->at(),
                           c.h_state, nullptr, nullptr, c.c_state, nullptr, nullptr,
                           c.weights->bytes, c.weights->at(), c.workspace->bytes, c.workspace->at(),
                           0, nullptr);
  });
}

}  // namespace

int main() {
  open_device();
  void* handle;
  status(0, cudnnCreate(&handle), "cudnnCreate");
  all_forms(handle);
  dropout(handle);
  status(0, cudnnDestroy(handle), "cudnnDestroy");
  faults();
  return done("rnn_test");
}
