// The gates of LSTM and ConvLSTM for one step.
//
//   i = s(a_i + p_i c), f = s(a_f + p_f c + forget_bias), g = tanh(a_g), c' = f c + i g,
//   o = s(a_o + p_o c'), h = o tanh(c')
//
// gates [rows, 4, L] in the order i, f, g, o: an LSTM has N rows of L = H, frames that lie
// channels-last N H W rows of L = K. Activations overwrite the sums; backward, the gradients of the
// sums overwrite the activations. bias [4, L] or null. Peepholes [peephole_rows, L] each, repeated
// over the rows, or null. c is bounded by clip (infinite for none): where it is read (clip_read,
// cuDNN's) or as it is stored (TensorFlow's). Rows past their length (lengths [rows] or null) keep
// their state, write zero to y and owe nothing. Launch: elements of [rows, L].
#ifndef KERNEL
#define HALVES
#include "prelude.cuh"
#define FILE "lstm.cu"
#include "types.cuh"
#else

// before, after: c_{t-1}, c_t. h_t goes to h (kept from h_before by rows that have ended, zero if
// that is null) and, unless null, to y, whose rows are y_stride apart.
KERNEL(lstm_forward)(T* gates, const T* bias, const T* pi, const T* pf, const T* po,
                     const V* before, V* after, const T* h_before, T* h, T* y, Count y_stride,
                     const int* lengths, int step, int rows, int length, int peephole_rows,
                     double forget_bias, double clip, int clip_read) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    if (ended(lengths, row, step)) {
      after[e] = before[e];
      put(h, e, get_or_zero(h_before, e));
      if (y) {
        put(y, row * y_stride + j, 0);
      }
      continue;
    }
    T* a = gates + 4 * row * length + j;
    Count map = row % peephole_rows * length + j;
    V bound = V(clip);
    V c = clip_read ? bounded(before[e], bound) : before[e];
    V i = sigmoid(get(a, 0) + get_or_zero(bias, j) + get_or_zero(pi, map) * c);
    V f = sigmoid(get(a, length) + get_or_zero(bias, length + j) + V(forget_bias) +
                  get_or_zero(pf, map) * c);
    V g = hyperbolic(get(a, 2 * (Count)length) + get_or_zero(bias, 2 * (Count)length + j));
    V fresh = f * c + i * g;
    fresh = clip_read ? fresh : bounded(fresh, bound);
    V out = clip_read ? bounded(fresh, bound) : fresh;
    V o = sigmoid(get(a, 3 * (Count)length) + get_or_zero(bias, 3 * (Count)length + j) +
                  get_or_zero(po, map) * out);
    V value = o * hyperbolic(out);
    put(a, 0, i);
    put(a, length, f);
    put(a, 2 * (Count)length, g);
    put(a, 3 * (Count)length, o);
    after[e] = fresh;
    put(h, e, value);
    if (y) {
      put(y, row * y_stride + j, value);
    }
  }
}

// dh: the gradient of h_t in (dy, unless null, is added), zero out, but kept by rows that have
// ended. dc: the gradient of c_t in, of c_{t-1} out. The bound cuts all of c_t's gradient where it
// was stored clipped, and only what came through the output where it was read clipped.
KERNEL(lstm_backward)(T* gates, const T* pi, const T* pf, const T* po, const V* before,
                      const V* after, const T* dy, Count y_stride, T* dh, V* dc,
                      const int* lengths, int step, int rows, int length, int peephole_rows,
                      double clip, int clip_read) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    T* a = gates + 4 * row * length + j;
    if (ended(lengths, row, step)) {
      for (int gate = 0; gate < 4; gate++) {
        put(a, gate * (Count)length, 0);
      }
      continue;
    }
    Count map = row % peephole_rows * length + j;
    V bound = V(clip);
    V i = get(a, 0);
    V f = get(a, length);
    V g = get(a, 2 * (Count)length);
    V o = get(a, 3 * (Count)length);
    V stored = before[e];
    V c = clip_read ? bounded(stored, bound) : stored;
    V t = hyperbolic(clip_read ? bounded(after[e], bound) : after[e]);
    V d = get(dh, e) + (dy ? get(dy, row * y_stride + j) : V(0));
    V dao = d * t * o * (1 - o);
    V through = d * o * (1 - t * t) + dao * get_or_zero(po, map);
    V fresh = dc[e] + through;
    if (clip_read) {
      fresh = magnitude(after[e]) > bound ? dc[e] : fresh;
    } else {
      fresh = magnitude(f * stored + i * g) > bound ? V(0) : fresh;
    }
    V dai = fresh * g * i * (1 - i);
    V daf = fresh * c * f * (1 - f);
    V back = fresh * f + dai * get_or_zero(pi, map) + daf * get_or_zero(pf, map);
    put(a, 0, dai);
    put(a, length, daf);
    put(a, 2 * (Count)length, fresh * i * (1 - g * g));
    put(a, 3 * (Count)length, dao);
    dc[e] = clip_read && magnitude(stored) > bound ? V(0) : back;
    put(dh, e, 0);
  }
}

// di, df, dO [peephole_rows, L] += what one step owes, after lstm_backward.
// Launch: elements of [peephole_rows, L]; a thread goes through its rows in order.
KERNEL(lstm_peephole)(const T* gates, const V* before, const V* after, V* di, V* df, V* dO,
                      int rows, int length, int peephole_rows, double clip, int clip_read) {
  FOR_EACH(p, (Count)peephole_rows * length) {
    Count map = p / length;
    int j = int(p - map * length);
    V bound = clip_read ? V(clip) : V(infinity());
    V i = 0;
    V f = 0;
    V o = 0;
    for (Count row = map; row < rows; row += peephole_rows) {
      const T* a = gates + 4 * row * length + j;
      V c = bounded(before[row * length + j], bound);
      i += get(a, 0) * c;
      f += get(a, length) * c;
      o += get(a, 3 * (Count)length) * bounded(after[row * length + j], bound);
    }
    di[p] += i;
    df[p] += f;
    dO[p] += o;
  }
}

#endif
