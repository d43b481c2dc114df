// The gates of ST-LSTM (PredRNN) for one step, in two phases, since the output gate looks at both
// new memories.
//
//   i = s(x_i + h_i), f = s(x_f + h_f + forget_bias), g = tanh(x_g + h_g), c' = f c + i g
//   the same with i', f', g' from x and m: m' = f' m + i' g'
//   o = s(x_o + h_o + w_o), h' = o tanh(last)
//
// xs [rows, 7, K] = i, f, g, i', f', g', o; hs [rows, 4, K] = i, f, g, o; ms [rows, 3, K]; rows are
// pixels. xs is overwritten with the activations; in backward all three with the gradients of the
// sums. Launch: elements of [rows, K].
#ifndef KERNEL
#define HALVES
#include "prelude.cuh"
#define FILE "st_lstm.cu"

// Element e of one memory: the sums of x and of the other, i, f, g each `length` apart.
template <class T, class V>
DEVICE void remember(T* x, const T* other, int length, V before, V forget_bias, V* after, T* both,
                     T* delta, Count e) {
  V i = sigmoid(get(x, 0) + get(other, 0));
  V f = sigmoid(get(x, length) + get(other, length) + forget_bias);
  V g = hyperbolic(get(x, 2 * (Count)length) + get(other, 2 * (Count)length));
  V value = f * before + i * g;
  put(x, 0, i);
  put(x, length, f);
  put(x, 2 * (Count)length, g);
  after[e] = value;
  put(both, 0, value);
  if (delta) {
    put(delta, e, i * g);
  }
}

// The way back: d is the gradient of the memory, dig that of i g.
template <class T, class V>
DEVICE void recall(T* x, T* other, int length, V before, V d, V dig, V* owed, Count e) {
  V i = get(x, 0);
  V f = get(x, length);
  V g = get(x, 2 * (Count)length);
  if (owed) {
    owed[e] += d * f;
  }
  V di = dig * g * i * (1 - i);
  V df = d * before * f * (1 - f);
  V dg = dig * i * (1 - g * g);
  put(x, 0, di);
  put(other, 0, di);
  put(x, length, df);
  put(other, length, df);
  put(x, 2 * (Count)length, dg);
  put(other, 2 * (Count)length, dg);
}

#include "types.cuh"
#else

// c_{t-1}, m_{t-1}, c_t, m_t [rows, K], both [rows, 2, K] = c_t, m_t; delta_c = i g and delta_m =
// i' g' [rows, K], or null.
KERNEL(st_lstm_memory)(T* xs, const T* hs, const T* ms, const V* c_before, const V* m_before, V* c,
                       V* m, T* both, T* delta_c, T* delta_m, int rows, int length,
                       double forget_bias) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    T* x = xs + 7 * row * length + j;
    T* pair = both + 2 * row * length + j;
    remember(x, hs + 4 * row * length + j, length, c_before[e], V(forget_bias), c, pair, delta_c,
             e);
    remember(x + 3 * (Count)length, ms + 3 * row * length + j, length, m_before[e], V(forget_bias),
             m, pair + length, delta_m, e);
  }
}

// Gradients: dc, dm of c_t and m_t, or null; dboth; ddelta_c, ddelta_m of the deltas, or null;
// owed_c and owed_m of c_{t-1} and m_{t-1}, added to, or null.
KERNEL(st_lstm_memory_backward)(T* xs, T* hs, T* ms, const V* c_before, const V* m_before,
                                const V* dc, const V* dm, const T* dboth, const T* ddelta_c,
                                const T* ddelta_m, V* owed_c, V* owed_m, int rows, int length) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    T* x = xs + 7 * row * length + j;
    const T* pair = dboth + 2 * row * length + j;
    V d = get(pair, 0) + get_or_zero(dc, e);
    recall(x, hs + 4 * row * length + j, length, c_before[e], d, d + get_or_zero(ddelta_c, e),
           owed_c, e);
    d = get(pair, length) + get_or_zero(dm, e);
    recall(x + 3 * (Count)length, ms + 3 * row * length + j, length, m_before[e], d,
           d + get_or_zero(ddelta_m, e), owed_m, e);
  }
}

// os: the output gate's sum from the memories; last: the last convolution's, overwritten with its
// tanh; h = h_t; each [rows, K].
KERNEL(st_lstm_output)(T* xs, const T* hs, const T* os, T* last, T* h, int rows, int length) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    Count x = (7 * row + 6) * length + j;
    V o = sigmoid(get(xs, x) + get(hs, (4 * row + 3) * length + j) + get(os, e));
    V t = hyperbolic(get(last, e));
    put(xs, x, o);
    put(last, e, t);
    put(h, e, o * t);
  }
}

KERNEL(st_lstm_output_backward)(T* xs, T* hs, T* os, T* last, const T* dh, int rows, int length) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    Count x = (7 * row + 6) * length + j;
    V o = get(xs, x);
    V t = get(last, e);
    V d = get(dh, e);
    V da = d * t * o * (1 - o);
    put(xs, x, da);
    put(hs, (4 * row + 3) * length + j, da);
    put(os, e, da);
    put(last, e, d * o * (1 - t * t));
  }
}

#endif
