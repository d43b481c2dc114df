#include "rnn_network.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../product.h"

namespace sluice::cudnn {

namespace {

/** The sizes of the arrays of one part, in the order of Saved's accessors. */
std::array<size_t, 7> part_sizes(const Rnn& r, size_t n) {
  const size_t G = r.gates(), H = r.hidden, P = r.projected, candidate = r.cell == GRU ? n * H : 0;
  return {n * G * H, candidate, r.cell == LSTM ? n * H : 0, n * P, n * G * H, candidate, n * P};
}

size_t sum(const std::array<size_t, 7>& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), size_t{0});
}

}  // namespace

template <class T>
Saved<T>::Saved(const Rnn& r, int64_t steps, int64_t batch)
    : data(elements(r, steps, batch)),
      sizes_(part_sizes(r, steps * batch)),
      part_(sum(sizes_)),
      masks_(part_ * r.layers * r.directions()),
      mask_(static_cast<size_t>(steps) * batch * r.directions() * r.projected) {}

template <class T>
size_t Saved<T>::elements(const Rnn& r, int64_t steps, int64_t batch) {
  const size_t n = steps * batch;
  return sum(part_sizes(r, n)) * r.layers * r.directions()
         + (r.layers - 1) * n * r.directions() * r.projected;
}

namespace {

template <class T>
T sigmoid(T a) {
  return T(1) / (T(1) + std::exp(-a));
}

/** [n, m] of [m, n] */
template <class T>
Array<T> turned(const T* from, size_t m, size_t n) {
  Array<T> to(m * n);
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < n; j++) to[j * m + i] = from[i * n + j];
  }
  return to;
}

template <class T>
void add_rows(T* to, size_t rows, const Array<T>& row) {
  for (size_t i = 0; i < rows && !row.empty(); i++) {
    for (size_t j = 0; j < row.size(); j++) to[i * row.size() + j] += row[j];
  }
}

/** Rows i of values where the sequence is not over, 0 elsewhere. */
template <class T>
void add_live_rows(T* to, const T* rows, size_t width, size_t steps, const Array<int>& lengths) {
  for (size_t t = 0; t < steps; t++) {
    for (size_t b = 0; b < lengths.size(); b++) {
      if (static_cast<int>(t) >= lengths[b]) continue;
      const T* from = rows + (t * lengths.size() + b) * width;
      for (size_t j = 0; j < width; j++) to[j] += from[j];
    }
  }
}

template <class T>
T stored_as(Element type, T value) {
  char bits[8];
  store<T>(type, bits, 0, value);
  return load<T>(type, bits, 0);
}

}  // namespace

template <class T>
Array<T> Network<T>::rounded(const T* values, size_t n) const {
  Array<T> all(values, values + n);
  if (rounding != Rounding::none) {
    for (auto& value : all) value = round(rounding, static_cast<float>(value));
  }
  return all;
}

template <class T>
T Network<T>::clip(T c) const {
  return rnn.clip_mode == 1
             ? std::clamp(c, static_cast<T>(rnn.clip_low), static_cast<T>(rnn.clip_high))
             : c;
}

/** The input of a layer: x, or what the layer below gave in all directions, after dropout. */
template <class T>
Array<T> Network<T>::inputs_of(int layer, const Array<T>& x, Saved<T>& saved) const {
  if (layer == 0) return x;
  const size_t D = rnn.directions(), P = rnn.projected, n = steps * batch;
  Array<T> joined(n * D * P);
  const T* mask = saved.mask(layer);
  for (size_t d = 0; d < D; d++) {
    const T* from = saved.output(static_cast<int>((layer - 1) * D + d));
    for (size_t i = 0; i < n; i++) {
      for (size_t j = 0; j < P; j++)
        joined[(i * D + d) * P + j] = from[i * P + j] * mask[(i * D + d) * P + j];
    }
  }
  return joined;
}

template <class T>
void Network<T>::forward(const Array<T>& x, const Array<Weights<T>>& w, Array<T>& h, Array<T>& c,
                         Array<T>& y, Saved<T>& saved) const {
  const size_t D = rnn.directions(), H = rnn.hidden, P = rnn.projected, B = batch;
  for (int l = 0; l < rnn.layers; l++) {
    const Array<T> input = inputs_of(l, x, saved);
    for (size_t d = 0; d < D; d++) {
      const size_t part = l * D + d;
      forward_part(l, static_cast<int>(d), input, w[part], h.data() + part * B * P,
                   c.empty() ? nullptr : c.data() + part * B * H, saved);
    }
  }
  for (size_t d = 0; d < D; d++) {
    const T* from = saved.output(static_cast<int>((rnn.layers - 1) * D + d));
    for (size_t i = 0; i < steps * B; i++) std::copy_n(from + i * P, P, y.data() + (i * D + d) * P);
  }
}

template <class T>
void Network<T>::forward_part(int layer, int direction, const Array<T>& x, const Weights<T>& w,
                              T* h, T* c, Saved<T>& saved) const {
  const int part = layer * rnn.directions() + direction;
  const size_t H = rnn.hidden, P = rnn.projected, G = rnn.gates(), B = batch,
               I = rnn.inputs_of(layer);
  // The input side of all steps at once, in the place of the gates.
  T* gates = saved.gates(part);
  std::fill_n(gates, steps * B * G * H, T(0));
  if (w.input.empty()) {
    for (size_t i = 0; i < steps * B; i++) {
      for (size_t g = 0; g < G; g++) std::copy_n(x.data() + i * I, H, gates + (i * G + g) * H);
    }
  } else {
    const auto left = rounded(x.data(), x.size()), right = rounded(w.input.data(), w.input.size());
    multiply_add(steps * B, G * H, I, left.data(), I, 1, turned(right.data(), G * H, I).data(),
                 G * H, gates, G * H);
  }
  add_rows(gates, steps * B, w.input_bias);
  const auto recurrent = rounded(w.recurrent.data(), w.recurrent.size());
  const auto across = turned(recurrent.data(), G * H, P);
  const auto projection = rounded(w.projection.data(), w.projection.size());
  Array<T> side(B * G * H), hidden(H);
  for (int64_t step = 0; step < steps; step++) {
    const int64_t t = direction == 0 ? step : steps - 1 - step;
    std::fill(side.begin(), side.end(), T(0));
    const auto before = rounded(h, B * P);
    multiply_add(B, G * H, P, before.data(), P, 1, across.data(), G * H, side.data(), G * H);
    add_rows(side.data(), B, w.recurrent_bias);
    for (size_t b = 0; b < B; b++) {
      if (t >= lengths[b]) continue;
      const size_t row = t * B + b;
      T *a = gates + row * G * H, *s = side.data() + b * G * H, *out = saved.output(part) + row * P;
      for (size_t j = 0; j < H; j++) {
        if (rnn.cell == LSTM) {
          const T i = sigmoid(a[j] + s[j]), f = sigmoid(a[H + j] + s[H + j]);
          const T g = std::tanh(a[2 * H + j] + s[2 * H + j]),
                  o = sigmoid(a[3 * H + j] + s[3 * H + j]);
          T& state = c[b * H + j];
          state = f * clip(state) + i * g;
          a[j] = i, a[H + j] = f, a[2 * H + j] = g, a[3 * H + j] = o;
          saved.cell(part)[row * H + j] = state;
          hidden[j] = o * std::tanh(clip(state));
        } else if (rnn.cell == GRU) {
          const T r = sigmoid(a[j] + s[j]), z = sigmoid(a[H + j] + s[H + j]),
                  n = std::tanh(a[2 * H + j] + r * s[2 * H + j]);
          saved.candidate(part)[row * H + j] = s[2 * H + j];
          a[j] = r, a[H + j] = z, a[2 * H + j] = n;
          hidden[j] = (T(1) - z) * n + z * h[b * P + j];
        } else {
          const T sum = a[j] + s[j];
          a[j] = hidden[j] = rnn.cell == RNN_TANH ? std::tanh(sum) : std::max(sum, T(0));
        }
      }
      for (size_t p = 0; p < P; p++) {
        T value = hidden[p];
        if (!projection.empty()) {
          const auto operand = rounded(hidden.data(), H);
          value = 0;
          for (size_t j = 0; j < H; j++) value += projection[p * H + j] * operand[j];
        }
        out[p] = stored_as(stored, value);
      }
      std::copy_n(out, P, h + b * P);
    }
  }
}

template <class T>
void Network<T>::backward_data(const Array<T>& dy, const Array<Weights<T>>& w, const Array<T>& h0,
                               const Array<T>& c0, Array<T>& dh, Array<T>& dc, Array<T>& dx,
                               Saved<T>& saved) const {
  const size_t D = rnn.directions(), H = rnn.hidden, P = rnn.projected, B = batch;
  Array<T> above = dy;
  for (int l = rnn.layers - 1; l >= 0; l--) {
    Array<T> below(steps * B * rnn.inputs_of(l));
    for (size_t d = 0; d < D; d++) {
      const size_t part = l * D + d;
      backward_part(l, static_cast<int>(d), above, w[part], h0.data() + part * B * P,
                    c0.empty() ? nullptr : c0.data() + part * B * H, dh.data() + part * B * P,
                    dc.empty() ? nullptr : dc.data() + part * B * H, below, saved);
    }
    if (l > 0) {
      const T* mask = saved.mask(l);
      for (size_t i = 0; i < below.size(); i++) below[i] *= mask[i];
    }
    above = std::move(below);
  }
  dx = std::move(above);
}

template <class T>
void Network<T>::backward_part(int layer, int direction, const Array<T>& dy, const Weights<T>& w,
                               const T* h0, const T* c0, T* dh, T* dc, Array<T>& dx,
                               Saved<T>& saved) const {
  const int part = layer * rnn.directions() + direction;
  const size_t D = rnn.directions(), H = rnn.hidden, P = rnn.projected, G = rnn.gates(), B = batch,
               I = rnn.inputs_of(layer);
  const auto recurrent = rounded(w.recurrent.data(), w.recurrent.size());
  const auto projection = rounded(w.projection.data(), w.projection.size());
  std::fill_n(saved.slopes(part), steps * B * G * H, T(0));
  Array<T> side(B * G * H), before(B * P), hidden(H);
  for (int64_t step = steps - 1; step >= 0; step--) {
    const int64_t t = direction == 0 ? step : steps - 1 - step;
    std::fill(side.begin(), side.end(), T(0));
    Array<T> carried(B * P);
    for (size_t b = 0; b < B; b++) {
      if (t >= lengths[b]) {
        std::copy_n(dh + b * P, P, carried.data() + b * P);
        continue;
      }
      const int64_t past = direction == 0 ? t - 1 : t + 1;
      const bool first = past < 0 || past >= lengths[b];
      const size_t row = t * B + b, back = first ? 0 : past * B + b;
      const T* a = saved.gates(part) + row * G * H;
      T *da = saved.slopes(part) + row * G * H, *ds = side.data() + b * G * H,
        *out = saved.output_slope(part) + row * P;
      for (size_t p = 0; p < P; p++) out[p] = dy[(row * D + direction) * P + p] + dh[b * P + p];
      for (size_t j = 0; j < H; j++) {
        hidden[j] = projection.empty() ? out[j] : T(0);
        for (size_t p = 0; p < P && !projection.empty(); p++)
          hidden[j] += projection[p * H + j] * out[p];
      }
      for (size_t j = 0; j < H; j++) {
        const T slope = hidden[j];
        if (rnn.cell == LSTM) {
          const T i = a[j], f = a[H + j], g = a[2 * H + j], o = a[3 * H + j];
          const T state = saved.cell(part)[row * H + j],
                  old = first ? c0[b * H + j] : saved.cell(part)[back * H + j];
          const T bent = std::tanh(clip(state));
          // The clip is on reading c, so that what is carried past the read is not cut.
          const T whole =
              dc[b * H + j] + (clip(state) == state ? slope * o * (T(1) - bent * bent) : T(0));
          da[j] = whole * g * i * (T(1) - i);
          da[H + j] = whole * clip(old) * f * (T(1) - f);
          da[2 * H + j] = whole * i * (T(1) - g * g);
          da[3 * H + j] = slope * bent * o * (T(1) - o);
          dc[b * H + j] = clip(old) == old ? whole * f : T(0);
          for (size_t k = 0; k < 4; k++) ds[k * H + j] = da[k * H + j];
        } else if (rnn.cell == GRU) {
          const T r = a[j], z = a[H + j], n = a[2 * H + j];
          const T old = first ? h0[b * P + j] : saved.output(part)[back * P + j];
          const T dn = slope * (T(1) - z) * (T(1) - n * n);
          da[j] = dn * saved.candidate(part)[row * H + j] * r * (T(1) - r);
          da[H + j] = slope * (old - n) * z * (T(1) - z);
          da[2 * H + j] = dn;
          ds[j] = da[j], ds[H + j] = da[H + j];
          saved.recurrent_slopes(part)[row * H + j] = ds[2 * H + j] = dn * r;
          carried[b * P + j] = slope * z;
        } else {
          da[j] = ds[j] = rnn.cell == RNN_TANH ? slope * (T(1) - a[j] * a[j])
                          : a[j] > 0           ? slope
                                               : T(0);
        }
      }
    }
    const auto left = rounded(side.data(), side.size());
    multiply_add(B, P, G * H, left.data(), G * H, 1, recurrent.data(), P, carried.data(), P);
    std::copy(carried.begin(), carried.end(), dh);
  }
  const auto slopes = rounded(saved.slopes(part), steps * B * G * H);
  if (w.input.empty()) {
    for (size_t i = 0; i < steps * B; i++) {
      for (size_t k = 0; k < G * H; k++) dx[i * I + k % H] += slopes[i * G * H + k];
    }
  } else {
    const auto input = rounded(w.input.data(), w.input.size());
    multiply_add(steps * B, I, G * H, slopes.data(), G * H, 1, input.data(), I, dx.data(), I);
  }
}

template <class T>
void Network<T>::backward_weights(const Array<T>& x, const Array<T>& h0, Array<Weights<T>>& dw,
                                  Saved<T>& saved) const {
  const size_t D = rnn.directions(), H = rnn.hidden, P = rnn.projected, G = rnn.gates(), B = batch,
               n = steps * B;
  for (int l = 0; l < rnn.layers; l++) {
    Array<T> input = inputs_of(l, x, saved);
    const size_t I = rnn.inputs_of(l);
    for (size_t i = 0; i < n; i++) {
      if (static_cast<int>(i / B) >= lengths[i % B]) std::fill_n(input.data() + i * I, I, T(0));
    }
    input = rounded(input.data(), input.size());
    for (size_t d = 0; d < D; d++) {
      const int part = static_cast<int>(l * D + d);
      Weights<T>& w = dw[part];
      Array<T> before(n * P), hidden(w.projection.empty() ? 0 : n * H),
          side(saved.slopes(part), saved.slopes(part) + n * G * H);
      Array<T> output(n * P);
      for (size_t i = 0; i < n; i++) {
        const int64_t t = i / B, b = i % B, past = d == 0 ? t - 1 : t + 1;
        if (t >= lengths[b]) continue;
        const T* from = past < 0 || past >= lengths[b] ? h0.data() + (part * B + b) * P
                                                       : saved.output(part) + (past * B + b) * P;
        std::copy_n(from, P, before.data() + i * P);
        std::copy_n(saved.output_slope(part) + i * P, P, output.data() + i * P);
        if (rnn.cell == GRU)
          std::copy_n(saved.recurrent_slopes(part) + i * H, H, side.data() + (i * G + 2) * H);
        for (size_t j = 0; j < H && !hidden.empty(); j++) {
          hidden[i * H + j] =
              saved.gates(part)[(i * G + 3) * H + j] * std::tanh(clip(saved.cell(part)[i * H + j]));
        }
      }
      const auto slopes = rounded(saved.slopes(part), n * G * H),
                 sides = rounded(side.data(), side.size());
      before = rounded(before.data(), before.size());
      if (!w.input.empty())
        multiply_add(G * H, I, n, slopes.data(), 1, G * H, input.data(), I, w.input.data(), I);
      multiply_add(G * H, P, n, sides.data(), 1, G * H, before.data(), P, w.recurrent.data(), P);
      if (!w.projection.empty())
        multiply_add(P, H, n, output.data(), 1, P, hidden.data(), H, w.projection.data(), H);
      if (!w.input_bias.empty())
        add_live_rows(w.input_bias.data(), saved.slopes(part), G * H, steps, lengths);
      if (!w.recurrent_bias.empty())
        add_live_rows(w.recurrent_bias.data(), side.data(), G * H, steps, lengths);
    }
  }
}

template struct Network<float>;
template struct Network<double>;
template class Saved<float>;
template class Saved<double>;

}  // namespace sluice::cudnn
