// Each tap (r, s) of the window is a product of a row of pixels with a matrix of channels.
#include "convolution.h"

#include <algorithm>

#include "../product.h"

namespace sluice::cudnn {

Window::Window(const Operation& o)
    : N(o.x.dims[0]),
      H(o.x.dims[2]),
      W(o.x.dims[3]),
      C(o.x.dims[1]),
      K(o.w.dims[0]),
      R(o.w.dims[2]),
      S(o.w.dims[3]),
      P(o.y.dims[2]),
      Q(o.y.dims[3]),
      top(o.convolution.before[0]),
      left(o.convolution.before[1]),
      down(o.convolution.stride[0]),
      across(o.convolution.stride[1]),
      down_dilation(o.convolution.dilation[0]),
      across_dilation(o.convolution.dilation[1]),
      flipped(o.convolution.flipped) {}

namespace {

/** One tap at one row of y: where its pixels lie in x, w and y, and how many there are. */
struct Tap {
  int64_t x, w, y, pixels;
};

template <class Visit>
void each_tap(const Window& g, Visit visit) {
  for (int64_t n = 0; n < g.N; n++) {
    for (int64_t p = 0; p < g.P; p++) {
      for (int64_t r = 0; r < g.R; r++) {
        const int64_t h = p * g.down - g.top + r * g.down_dilation;
        if (h < 0 || h >= g.H) continue;
        for (int64_t s = 0; s < g.S; s++) {
          // Pixels q with 0 <= q * across + shift < W.
          const int64_t shift = s * g.across_dilation - g.left;
          const int64_t from = shift >= 0 ? 0 : (-shift + g.across - 1) / g.across;
          const int64_t to =
              g.W - 1 - shift < 0 ? 0 : std::min(g.Q, (g.W - 1 - shift) / g.across + 1);
          if (from >= to) continue;
          const int64_t tap = g.flipped ? (g.R - 1 - r) * g.S + g.S - 1 - s : r * g.S + s;
          visit(Tap{((n * g.H + h) * g.W + from * g.across + shift) * g.C, tap * g.C * g.K,
                    ((n * g.P + p) * g.Q + from) * g.K, to - from});
        }
      }
    }
  }
}

}  // namespace

template <class T>
Map<T> forward(const Window& g, const Map<T>& x, const Map<T>& w) {
  Map<T> y(g.N * g.P * g.Q * g.K);
  each_tap(g, [&](const Tap& t) {
    multiply_add<T>(t.pixels, g.K, g.C, x.data() + t.x, g.across * g.C, 1, w.data() + t.w, g.K,
                    y.data() + t.y, g.K);
  });
  return y;
}

template <class T>
Map<T> backward_data(const Window& g, const Map<T>& dy, const Map<T>& w) {
  Map<T> dx(g.N * g.H * g.W * g.C), turned(w.size());
  for (int64_t tap = 0; tap < g.R * g.S; tap++) {
    for (int64_t c = 0; c < g.C; c++) {
      for (int64_t k = 0; k < g.K; k++)
        turned[(tap * g.K + k) * g.C + c] = w[(tap * g.C + c) * g.K + k];
    }
  }
  each_tap(g, [&](const Tap& t) {
    multiply_add<T>(t.pixels, g.C, g.K, dy.data() + t.y, g.K, 1, turned.data() + t.w, g.C,
                    dx.data() + t.x, g.across * g.C);
  });
  return dx;
}

template <class T>
Map<T> backward_filter(const Window& g, const Map<T>& x, const Map<T>& dy) {
  Map<T> dw(g.R * g.S * g.C * g.K);
  each_tap(g, [&](const Tap& t) {
    multiply_add<T>(g.C, g.K, t.pixels, x.data() + t.x, 1, g.across * g.C, dy.data() + t.y, g.K,
                    dw.data() + t.w, g.K);
  });
  return dw;
}

template Map<float> forward(const Window&, const Map<float>&, const Map<float>&);
template Map<double> forward(const Window&, const Map<double>&, const Map<double>&);
template Map<float> backward_data(const Window&, const Map<float>&, const Map<float>&);
template Map<double> backward_data(const Window&, const Map<double>&, const Map<double>&);
template Map<float> backward_filter(const Window&, const Map<float>&, const Map<float>&);
template Map<double> backward_filter(const Window&, const Map<double>&, const Map<double>&);

}  // namespace sluice::cudnn
