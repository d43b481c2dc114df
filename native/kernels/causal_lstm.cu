// The gates of Causal LSTM (PredRNN++) for one step, in three phases: the cell, the memory that
// looks at the new cell, the output that looks at both.
//
//   i = s(x_i + h_i + c_i), f = s(x_f + h_f + c_f + forget_bias), g = tanh(x_g + h_g + c_g),
//   c' = f c + i g
//   i' = s(x_i' + m_i' + n_i'), f' = s(x_f' + m_f' + n_f' + forget_bias), g' = tanh(x_g' + n_g'),
//   m' = f' tanh(m_m) + i' g'
//   o = tanh(x_o + h_o + n_o + w_o), h' = o tanh(last)
//
// xs [rows, 7, K] = i, f, g, i', f', g', o; hs [rows, 4, K] = i, f, g, o; cs [rows, 3, K] = i, f,
// g, from the old cell; ms [rows, 3, K] = i', f', m; ns [rows, 4, K] = i', g', f', o, from the new
// cell. xs and m are overwritten with the activations; in backward all become the gradients of the
// sums. Launch: elements of [rows, K].
#ifndef KERNEL
#define HALVES
#include "prelude.cuh"
#define FILE "causal_lstm.cu"
#include "types.cuh"
#else

KERNEL(causal_lstm_cell)(T* xs, const T* hs, const T* cs, const V* before, V* c, int rows,
                         int length, double forget_bias) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    Count two = 2 * (Count)length;
    T* x = xs + 7 * row * length + j;
    const T* h = hs + 4 * row * length + j;
    const T* old = cs + 3 * row * length + j;
    V i = sigmoid(get(x, 0) + get(h, 0) + get(old, 0));
    V f = sigmoid(get(x, length) + get(h, length) + get(old, length) + V(forget_bias));
    V g = hyperbolic(get(x, two) + get(h, two) + get(old, two));
    put(x, 0, i);
    put(x, length, f);
    put(x, two, g);
    c[e] = f * before[e] + i * g;
  }
}

// dc: the gradient of c_t; owed: that of c_{t-1}, added to, or null.
KERNEL(causal_lstm_cell_backward)(T* xs, T* hs, T* cs, const V* before, const V* dc, V* owed,
                                  int rows, int length) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    Count two = 2 * (Count)length;
    T* x = xs + 7 * row * length + j;
    T* h = hs + 4 * row * length + j;
    T* old = cs + 3 * row * length + j;
    V i = get(x, 0);
    V f = get(x, length);
    V g = get(x, two);
    V d = dc[e];
    V di = d * g * i * (1 - i);
    V df = d * before[e] * f * (1 - f);
    V dg = d * i * (1 - g * g);
    put(x, 0, di);
    put(h, 0, di);
    put(old, 0, di);
    put(x, length, df);
    put(h, length, df);
    put(old, length, df);
    put(x, two, dg);
    put(h, two, dg);
    put(old, two, dg);
    if (owed) {
      owed[e] += d * f;
    }
  }
}

// both [rows, 2, K] = c_t, m_t; the old m is in ms.
KERNEL(causal_lstm_memory)(T* xs, T* ms, const T* ns, const V* c, V* m, T* both, int rows,
                           int length, double forget_bias) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    Count two = 2 * (Count)length;
    T* x = xs + (7 * row + 3) * length + j;
    T* old = ms + 3 * row * length + j;
    const T* fresh = ns + 4 * row * length + j;
    V i = sigmoid(get(x, 0) + get(old, 0) + get(fresh, 0));
    V f = sigmoid(get(x, length) + get(old, length) + get(fresh, two) + V(forget_bias));
    V g = hyperbolic(get(x, two) + get(fresh, length));
    V past = hyperbolic(get(old, two));
    V value = f * past + i * g;
    put(x, 0, i);
    put(x, length, f);
    put(x, two, g);
    put(old, two, past);
    m[e] = value;
    put(both, 2 * row * length + j, c[e]);
    put(both, (2 * row + 1) * length + j, value);
  }
}

// dc is added to; dm; dboth.
KERNEL(causal_lstm_memory_backward)(T* xs, T* ms, T* ns, V* dc, const V* dm, const T* dboth,
                                    int rows, int length) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    Count two = 2 * (Count)length;
    T* x = xs + (7 * row + 3) * length + j;
    T* old = ms + 3 * row * length + j;
    T* fresh = ns + 4 * row * length + j;
    V i = get(x, 0);
    V f = get(x, length);
    V g = get(x, two);
    V past = get(old, two);
    V d = dm[e] + get(dboth, (2 * row + 1) * length + j);
    dc[e] += get(dboth, 2 * row * length + j);
    V di = d * g * i * (1 - i);
    V df = d * past * f * (1 - f);
    V dg = d * i * (1 - g * g);
    put(x, 0, di);
    put(old, 0, di);
    put(fresh, 0, di);
    put(x, length, df);
    put(old, length, df);
    put(fresh, two, df);
    put(x, two, dg);
    put(fresh, length, dg);
    put(old, two, d * f * (1 - past * past));
  }
}

// os: the output gate's sum from m_t; last: the last convolution's, overwritten with its tanh; h =
// h_t; each [rows, K].
KERNEL(causal_lstm_output)(T* xs, const T* hs, const T* ns, const T* os, T* last, T* h, int rows,
                           int length) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    Count x = (7 * row + 6) * length + j;
    Count y = (4 * row + 3) * length + j;
    V o = hyperbolic(get(xs, x) + get(hs, y) + get(ns, y) + get(os, e));
    V t = hyperbolic(get(last, e));
    put(xs, x, o);
    put(last, e, t);
    put(h, e, o * t);
  }
}

KERNEL(causal_lstm_output_backward)(T* xs, T* hs, T* ns, T* os, T* last, const T* dh, int rows,
                                    int length) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    Count x = (7 * row + 6) * length + j;
    Count y = (4 * row + 3) * length + j;
    V o = get(xs, x);
    V t = get(last, e);
    V d = get(dh, e);
    V da = d * t * (1 - o * o);
    put(xs, x, da);
    put(hs, y, da);
    put(ns, y, da);
    put(os, e, da);
    put(last, e, d * o * (1 - t * t));
  }
}

#endif
