// The recurrent networks as the documentation defines them, on dense host arrays: [T, B, ...] with
// T the longest length, where only steps within a sequence's length are looked at.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "../element.h"
#include "rnn.h"

namespace sluice::cudnn {

template <class T>
using Array = std::vector<T>;

/** The weights of one direction of one layer, or their gradients; empty where there are none. */
template <class T>
struct Weights {
  Array<T> input;           // [G, H, inputs]
  Array<T> recurrent;       // [G, H, P]
  Array<T> projection;      // [P, H]
  Array<T> input_bias;      // [G, H]
  Array<T> recurrent_bias;  // [G, H]
};

/** What forward leaves for backward, in one piece so that it can lie in a reserve space. */
template <class T>
class Saved {
 public:
  Saved(const Rnn& rnn, int64_t steps, int64_t batch);

  /** The number of elements of `data`. */
  static size_t elements(const Rnn& rnn, int64_t steps, int64_t batch);

  /** The part of direction d of layer l: its pseudo-layer is l * D + d. */
  T* gates(int part) { return at(part, 0); }             // [T, B, G, H] after their activations
  T* candidate(int part) { return at(part, 1); }         // [T, B, H] GRU: R h + b of n
  T* cell(int part) { return at(part, 2); }              // [T, B, H] LSTM: c before the clip
  T* output(int part) { return at(part, 3); }            // [T, B, P]
  T* slopes(int part) { return at(part, 4); }            // [T, B, G, H] backward: dL/d(input side)
  T* recurrent_slopes(int part) { return at(part, 5); }  // [T, B, H] GRU: of n's recurrent side
  T* output_slope(int part) { return at(part, 6); }  // [T, B, P] the whole gradient of the output
  /** [T, B, D * P] what dropout multiplies the input of a layer with, layer >= 1. */
  T* mask(int layer) { return data.data() + masks_ + static_cast<size_t>(layer - 1) * mask_; }

  Array<T> data;

 private:
  std::array<size_t, 7> sizes_;
  size_t part_, masks_, mask_;

  T* at(int part, int which) {
    size_t offset = part * part_;
    for (int i = 0; i < which; i++) offset += sizes_[i];
    return data.data() + offset;
  }
};

/** One call's view of the network. */
template <class T>
struct Network {
  const Rnn& rnn;
  const Array<int>& lengths;  // [B]
  int64_t steps, batch;
  /** What products do to their inputs. */
  Rounding rounding;
  /** What h is stored as from step to step. */
  Element stored;

  /** x: [T, B, inputs], h0: [L * D, B, P], c0: [L * D, B, H], y: [T, B, D * P]; h0 and c0 become hn
   * and cn. */
  void forward(const Array<T>& x, const Array<Weights<T>>& w, Array<T>& h, Array<T>& c, Array<T>& y,
               Saved<T>& saved) const;

  /** dy: [T, B, D * P], dh and dc come as those of hn and cn and become those of h0 and c0; dx: [T,
   * B, inputs]. */
  void backward_data(const Array<T>& dy, const Array<Weights<T>>& w, const Array<T>& h0,
                     const Array<T>& c0, Array<T>& dh, Array<T>& dc, Array<T>& dx,
                     Saved<T>& saved) const;

  /** Adds to dw, which has the sizes of the weights. */
  void backward_weights(const Array<T>& x, const Array<T>& h0, Array<Weights<T>>& dw,
                        Saved<T>& saved) const;

 private:
  void forward_part(int layer, int direction, const Array<T>& x, const Weights<T>& w, T* h, T* c,
                    Saved<T>& saved) const;
  void backward_part(int layer, int direction, const Array<T>& dy, const Weights<T>& w, const T* h0,
                     const T* c0, T* dh, T* dc, Array<T>& dx, Saved<T>& saved) const;
  Array<T> inputs_of(int layer, const Array<T>& x, Saved<T>& saved) const;
  Array<T> rounded(const T* values, size_t n) const;
  T clip(T c) const;
};

extern template struct Network<float>;
extern template struct Network<double>;
extern template class Saved<float>;
extern template class Saved<double>;

}  // namespace sluice::cudnn
