#include "rnn_run.h"

#include <cstdlib>
#include <cstring>
#include <optional>

#include "../device.h"
#include "api.h"
#include "reserve.h"
#include "rnn_layout.h"
#include "rnn_network.h"
#include "tensor.h"
#include "view.h"

namespace sluice::cudnn {

uint64_t hash(const void* bytes, size_t n, uint64_t from) {
  for (size_t i = 0; i < n; i++)
    from = (from ^ static_cast<const unsigned char*>(bytes)[i]) * 0x100000001b3;
  return from;
}

uint64_t shape_hash(const Rnn& r, const RnnData& x) {
  const int parts[] = {r.algorithm, r.cell,    r.bias,   r.direction, r.input_mode, r.type,
                       r.precision, r.math,    r.inputs, r.hidden,    r.projected,  r.layers,
                       x.layout,    x.longest, x.batch,  x.vector};
  return hash(x.lengths.data(), x.lengths.size() * sizeof(int), hash(parts, sizeof parts));
}

size_t reserve_bytes(const Rnn& r, const RnnData& x) {
  const size_t saved = r.type == DOUBLE
                           ? Saved<double>::elements(r, x.longest, x.batch) * sizeof(double)
                           : Saved<float>::elements(r, x.longest, x.batch) * sizeof(float);
  return sizeof(Stamp) + saved + 2 * (sluice_sim_seed() * 13 % 47) + 1;
}

namespace {

/** The element offset of the vector of step t of sequence b. */
int64_t offset(const RnnData& d, int t, int b) {
  if (d.layout == SEQ_MAJOR_UNPACKED) return (static_cast<int64_t>(t) * d.batch + b) * d.vector;
  if (d.layout == BATCH_MAJOR_UNPACKED) return (static_cast<int64_t>(b) * d.longest + t) * d.vector;
  int64_t before = b;
  for (int length : d.lengths) before += std::min(length, t);
  return before * d.vector;
}

void* shifted(const void* base, int64_t elements, Element type) {
  return const_cast<char*>(static_cast<const char*>(base))
         + elements * static_cast<int64_t>(bytes(type));
}

/** Device memory of one call, in the type that its network computes in. */
template <class T>
class Access {
 public:
  explicit Access(const RnnRun& run) : run_(run), type_(element(run.rnn.type)) {}

  /** [T, B, V] of the steps that there are, 0 elsewhere. */
  std::optional<Array<T>> sequences(const RnnData& d, const void* at) const {
    Array<T> values(static_cast<size_t>(d.longest) * d.batch * d.vector);
    const bool read = each_step(d, [&](int t, int b) {
      const void* from = sluice_sim_memory(shifted(at, offset(d, t, b), type_),
                                           d.vector * bytes(type_), SLUICE_READ, run_.call);
      if (from != nullptr)
        widen(type_, from, d.vector,
              values.data() + (static_cast<size_t>(t) * d.batch + b) * d.vector);
      return from != nullptr;
    });
    return read ? std::optional(std::move(values)) : std::nullopt;
  }

  /** Writes the steps that there are; padding takes the fill, or stays never written. */
  void put_sequences(const RnnData& d, void* at, const Array<T>& values) const {
    each_step(d, [&](int t, int b) {
      void* to = sluice_sim_memory(shifted(at, offset(d, t, b), type_), d.vector * bytes(type_),
                                   SLUICE_WRITE, run_.call);
      if (to != nullptr)
        narrow(type_, values.data() + (static_cast<size_t>(t) * d.batch + b) * d.vector, d.vector,
               to);
      return to != nullptr;
    });
    if (d.layout == SEQ_MAJOR_PACKED || d.fill.empty()) return;
    for (int b = 0; b < d.batch; b++) {
      for (int t = d.lengths[b]; t < d.longest; t++) {
        auto* to = static_cast<char*>(sluice_sim_memory(
            shifted(at, offset(d, t, b), type_), d.vector * bytes(type_), SLUICE_WRITE, run_.call));
        for (int j = 0; to != nullptr && j < d.vector; j++)
          std::memcpy(to + j * bytes(type_), d.fill.data(), bytes(type_));
      }
    }
  }

  void poison_sequences(const RnnData& d, void* at) const {
    size_t steps = static_cast<size_t>(d.longest) * d.batch;
    if (d.layout == SEQ_MAJOR_PACKED) {
      steps = 0;
      for (int length : d.lengths) steps += length;
    }
    sluice_sim_poison(at, steps * d.vector * bytes(type_), run_.call);
  }

  /** n values; zeros when there is no address. */
  std::optional<Array<T>> state(const void* at, size_t n) const {
    Array<T> values(n);
    if (at == nullptr || n == 0) return values;
    const void* from = sluice_sim_memory(at, n * bytes(type_), SLUICE_READ, run_.call);
    if (from == nullptr) return std::nullopt;
    widen(type_, from, n, values.data());
    return values;
  }

  void put_state(void* at, const Array<T>& values) const {
    if (at == nullptr || values.empty()) return;
    sluice_sim_poison(at, values.size() * bytes(type_), run_.call);
    void* to = sluice_sim_memory(at, values.size() * bytes(type_), SLUICE_WRITE, run_.call);
    if (to != nullptr) narrow(type_, values.data(), values.size(), to);
  }

  std::optional<Array<Weights<T>>> weights(const void* at) const {
    Array<Weights<T>> all = empty_weights();
    for (const auto& entry : WeightLayout(run_.rnn).entries) {
      auto values = state(static_cast<const char*>(at) + entry.offset, entry.elements());
      if (!values) return std::nullopt;
      std::copy(values->begin(), values->end(), place(all, entry));
    }
    return all;
  }

  void put_weights(void* at, Array<Weights<T>>& all) const {
    for (const auto& entry : WeightLayout(run_.rnn).entries) {
      void* to = sluice_sim_memory(static_cast<char*>(at) + entry.offset,
                                   entry.elements() * bytes(type_), SLUICE_WRITE, run_.call);
      if (to != nullptr) narrow(type_, place(all, entry), entry.elements(), to);
    }
  }

  /** The lengths on the device, where they are given, must be those of the descriptor. */
  bool lengths_agree() const {
    if (run_.lengths == nullptr) return true;
    const auto& expected = run_.x_data.lengths;
    const void* found =
        sluice_sim_memory(run_.lengths, expected.size() * sizeof(int), SLUICE_READ, run_.call);
    if (found == nullptr) return false;
    if (std::memcmp(found, expected.data(), expected.size() * sizeof(int)) == 0) return true;
    sluice_sim_report("%s: devSeqLengths are not the lengths of the descriptor", run_.call);
    return false;
  }

  bool poison_workspace() const {
    if (run_.workspace_size == 0) return true;
    if (sluice_sim_memory(run_.workspace, run_.workspace_size, SLUICE_WRITE, run_.call) == nullptr)
      return false;
    sluice_sim_poison(run_.workspace, run_.workspace_size, run_.call);
    return true;
  }

  /** The stamp and what was saved; false after a report when this is not the reserve of the step in
   * hand. */
  bool load(Stamp* stamp, Saved<T>* saved) const {
    const size_t n = saved->data.size() * sizeof(T);
    auto* from = static_cast<const char*>(
        sluice_sim_memory(run_.reserve, sizeof(Stamp) + n, SLUICE_READ, run_.call));
    if (from == nullptr) return false;
    std::memcpy(stamp, from, sizeof(Stamp));
    if (stamp->magic != Stamp::MAGIC) {
      sluice_sim_report("%s: the reserve space holds no training step", run_.call);
      return false;
    }
    if (stamp->shape != shape_hash(run_.rnn, run_.x_data)) {
      sluice_sim_report("%s: the reserve space is of another RNN or other lengths", run_.call);
      return false;
    }
    std::memcpy(saved->data.data(), from + sizeof(Stamp), n);
    return true;
  }

  void keep(const Stamp& stamp, const Saved<T>& saved) const {
    const size_t n = saved.data.size() * sizeof(T);
    auto* to = static_cast<char*>(
        sluice_sim_memory(run_.reserve, sizeof(Stamp) + n, SLUICE_WRITE, run_.call));
    if (to == nullptr) return;
    std::memcpy(to, &stamp, sizeof(Stamp));
    std::memcpy(to + sizeof(Stamp), saved.data.data(), n);
  }

  Network<T> network() const {
    const Rnn& r = run_.rnn;
    Rounding rounding = Rounding::none;
    if (r.type == FLOAT && r.math == TENSOR_OP_MATH_ALLOW_CONVERSION) rounding = Rounding::f16;
    // Of the math types only FMA forbids TF32.
    if (r.type == FLOAT && (r.math == DEFAULT_MATH || r.math == TENSOR_OP_MATH))
      rounding = Rounding::tf32;
    return {r, run_.x_data.lengths, run_.x_data.longest, run_.x_data.batch, rounding, type_};
  }

  Array<Weights<T>> empty_weights() const {
    const Rnn& r = run_.rnn;
    const size_t G = r.gates(), H = r.hidden;
    const bool input_bias = r.bias == DOUBLE_BIAS || r.bias == SINGLE_INPUT_BIAS;
    const bool recurrent_bias = r.bias == DOUBLE_BIAS || r.bias == SINGLE_RECURRENT_BIAS;
    Array<Weights<T>> all(r.layers * r.directions());
    for (size_t part = 0; part < all.size(); part++) {
      const int layer = static_cast<int>(part) / r.directions();
      if (layer > 0 || !r.skips_input()) all[part].input.resize(G * H * r.inputs_of(layer));
      all[part].recurrent.resize(G * H * r.projected);
      if (r.projects()) all[part].projection.resize(r.projected * H);
      if (input_bias) all[part].input_bias.resize(G * H);
      if (recurrent_bias) all[part].recurrent_bias.resize(G * H);
    }
    return all;
  }

  size_t hidden_states() const {
    return static_cast<size_t>(run_.rnn.layers) * run_.rnn.directions() * run_.x_data.batch
           * run_.rnn.projected;
  }
  size_t cell_states() const {
    return run_.rnn.cell != LSTM ? 0
                                 : static_cast<size_t>(run_.rnn.layers) * run_.rnn.directions()
                                       * run_.x_data.batch * run_.rnn.hidden;
  }

 private:
  const RnnRun& run_;
  Element type_;

  template <class Visit>
  static bool each_step(const RnnData& d, Visit visit) {
    for (int b = 0; b < d.batch; b++) {
      for (int t = 0; t < d.lengths[b]; t++) {
        if (!visit(t, b)) return false;
      }
    }
    return true;
  }

  T* place(Array<Weights<T>>& all, const WeightEntry& entry) const {
    Weights<T>& w = all[entry.part];
    const int G = run_.rnn.gates();
    if (entry.id == 2 * G) return w.projection.data();
    const bool recurrent = entry.id >= G;
    Array<T>& into = entry.bias ? (recurrent ? w.recurrent_bias : w.input_bias)
                                : (recurrent ? w.recurrent : w.input);
    return into.data() + (entry.id % G) * entry.elements();
  }
};

template <class T>
uint64_t hash_of(const Array<T>& values) {
  return hash(values.data(), values.size() * sizeof(T));
}

template <class T>
uint64_t hash_of(const Array<Weights<T>>& all) {
  uint64_t sum = 0;
  for (const auto& w : all) {
    for (const auto* each :
         {&w.input, &w.recurrent, &w.projection, &w.input_bias, &w.recurrent_bias})
      sum = sum * 31 + hash_of(*each);
  }
  return sum;
}

/** Draws the masks between the layers and moves the states on; ones where nothing is dropped. */
template <class T>
bool draw_masks(const RnnForward& run, Saved<T>& saved) {
  const Rnn& r = run.rnn;
  const size_t n =
      static_cast<size_t>(run.x_data.longest) * run.x_data.batch * r.directions() * r.projected;
  const float p = r.dropout == nullptr ? 0 : r.dropout->probability;
  const bool drops = run.training && p > 0 && r.layers > 1;
  DropoutState* state = nullptr;
  if (drops) {
    state = static_cast<DropoutState*>(sluice_sim_memory(r.dropout->states, sizeof(DropoutState),
                                                         SLUICE_READ | SLUICE_WRITE, run.call));
    if (state == nullptr) return false;
  }
  for (int l = 1; l < r.layers; l++) {
    T* mask = saved.mask(l);
    for (size_t i = 0; i < n; i++) {
      mask[i] = !drops                                     ? T(1)
                : p >= 1 || dropout_uniform(*state, i) < p ? T(0)
                                                           : T(1) / (T(1) - T(p));
    }
    if (drops) state->drawn++;
  }
  return true;
}

/** A planted fault: an algorithm whose results are off, for tests of who compares algorithms. */
bool wrong_algorithm(int algorithm) {
  const char* wrong = std::getenv("SLUICE_SIMULATOR_WRONG_RNN_ALGORITHM");
  return wrong != nullptr && std::atoi(wrong) == algorithm;
}

template <class T>
void forward(const RnnForward& run) {
  const Access<T> access(run);
  if (!access.lengths_agree() || !access.poison_workspace()) return;
  auto x = access.sequences(run.x_data, run.x);
  auto weights = access.weights(run.weights);
  auto h = access.state(run.hx, access.hidden_states()),
       c = access.state(run.cx, access.cell_states());
  if (!x || !weights || !h || !c) return;
  const uint64_t h0 = hash_of(*h), c0 = hash_of(*c);
  Saved<T> saved(run.rnn, run.x_data.longest, run.x_data.batch);
  if (!draw_masks(run, saved)) return;
  Array<T> y(static_cast<size_t>(run.y_data.longest) * run.y_data.batch * run.y_data.vector);
  access.network().forward(*x, *weights, *h, *c, y, saved);
  if (wrong_algorithm(run.rnn.algorithm)) {
    for (auto& value : y) value += T(0.01);
  }
  access.poison_sequences(run.y_data, run.y_out);
  access.put_sequences(run.y_data, run.y_out, y);
  access.put_state(run.hy, *h);
  access.put_state(run.cy, *c);
  if (run.training) {
    sluice_sim_poison(run.reserve, run.reserve_size, run.call);
    auto stored = access.sequences(run.y_data, run.y_out);
    access.keep({Stamp::MAGIC, shape_hash(run.rnn, run.x_data), hash_of(*weights), hash_of(*x), h0,
                 c0, stored ? hash_of(*stored) : 0, Phase::forward, 0},
                saved);
  }
  access.poison_workspace();
}

/** Reports an input that is not the one of the forward call. */
bool same(const RnnRun& run, const char* what, uint64_t then, uint64_t now) {
  if (then != now) sluice_sim_report("%s: %s differs from that of cudnnRNNForward", run.call, what);
  return then == now;
}

template <class T>
void backward_data(const RnnBackwardData& run) {
  const Access<T> access(run);
  if (!access.lengths_agree() || !access.poison_workspace()) return;
  Stamp stamp;
  Saved<T> saved(run.rnn, run.x_data.longest, run.x_data.batch);
  if (!access.load(&stamp, &saved)) return;
  if (stamp.phase != Phase::forward) {
    sluice_sim_report("%s: the reserve space was used by a backward pass already", run.call);
    return;
  }
  auto y = access.sequences(run.y_data, run.y), dy = access.sequences(run.y_data, run.dy);
  auto weights = access.weights(run.weights);
  auto h = access.state(run.hx, access.hidden_states()),
       c = access.state(run.cx, access.cell_states());
  auto dh = access.state(run.dhy, access.hidden_states()),
       dc = access.state(run.dcy, access.cell_states());
  if (!y || !dy || !weights || !h || !c || !dh || !dc) return;
  if (!same(run, "y", stamp.y, hash_of(*y))
      || !same(run, "weightSpace", stamp.weights, hash_of(*weights))
      || !same(run, "hx", stamp.h0, hash_of(*h)) || !same(run, "cx", stamp.c0, hash_of(*c))) {
    return;
  }
  Array<T> dx;
  access.network().backward_data(*dy, *weights, *h, *c, *dh, *dc, dx, saved);
  access.poison_sequences(run.x_data, run.dx);
  access.put_sequences(run.x_data, run.dx, dx);
  access.put_state(run.dhx, *dh);
  access.put_state(run.dcx, *dc);
  stamp.phase = Phase::data;
  access.keep(stamp, saved);
  access.poison_workspace();
}

template <class T>
void backward_weights(const RnnBackwardWeights& run) {
  const Access<T> access(run);
  if (!access.lengths_agree() || !access.poison_workspace()) return;
  Stamp stamp;
  Saved<T> saved(run.rnn, run.x_data.longest, run.x_data.batch);
  if (!access.load(&stamp, &saved)) return;
  if (stamp.phase != Phase::data) {
    sluice_sim_report("%s: called before cudnnRNNBackwardData_v8", run.call);
    return;
  }
  auto x = access.sequences(run.x_data, run.x), y = access.sequences(run.y_data, run.y);
  auto h = access.state(run.hx, access.hidden_states());
  // What is there is added to, so it must have been written, with zeros at least.
  auto gradients = access.weights(run.dweights);
  if (!x || !y || !h || !gradients) return;
  if (!same(run, "x", stamp.x, hash_of(*x)) || !same(run, "y", stamp.y, hash_of(*y))
      || !same(run, "hx", stamp.h0, hash_of(*h)))
    return;
  access.network().backward_weights(*x, *h, *gradients, saved);
  access.put_weights(run.dweights, *gradients);
  access.poison_workspace();
}

}  // namespace

void RnnForward::operator()() const {
  rnn.type == DOUBLE ? forward<double>(*this) : forward<float>(*this);
}

void RnnBackwardData::operator()() const {
  rnn.type == DOUBLE ? backward_data<double>(*this) : backward_data<float>(*this);
}

void RnnBackwardWeights::operator()() const {
  rnn.type == DOUBLE ? backward_weights<double>(*this) : backward_weights<float>(*this);
}

}  // namespace sluice::cudnn
