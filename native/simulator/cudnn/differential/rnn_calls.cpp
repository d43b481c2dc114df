// cudnnRNNDescriptor_t: each parameter over its values, right and wrong, and products of those that
// bear on each other.
#include "library.h"

namespace differential {
namespace {

constexpr int RELU = 0, TANH = 1, LSTM = 2, GRU = 3;

struct Rnn {
  int algorithm = 0, cell = LSTM, bias = 2, direction = 0, input = 0, data = 0, precision = 0,
      math = 0;
  int32_t inputs = 32, hidden = 64, projection = 64, layers = 2;
  uint32_t flags = 0;
};

void show(const std::string& what, int status, void* rnn, void* dropout) {
  int e[8];
  int32_t n[4];
  void* drop = nullptr;
  uint32_t flags = 0;
  const int got = call("cudnnGetRNNDescriptor_v8", rnn, e, e + 1, e + 2, e + 3, e + 4, e + 5, e + 6,
                       e + 7, n, n + 1, n + 2, n + 3, &drop, &flags);
  std::string values = text(got);
  if (got == 0) {
    values += text(e[0], e[1], e[2], e[3], e[4], e[5], e[6], e[7])
              + text(n[0], n[1], n[2], n[3], flags) + (drop == dropout ? "" : "other dropout");
  }
  line(what, status, values);
}

void set(void* rnn, const Rnn& r, void* dropout = nullptr) {
  const int status = call("cudnnSetRNNDescriptor_v8", rnn, r.algorithm, r.cell, r.bias, r.direction,
                          r.input, r.data, r.precision, r.math, r.inputs, r.hidden, r.projection,
                          r.layers, dropout, r.flags);
  show("cudnnSetRNNDescriptor_v8 "
           + text(r.algorithm, r.cell, r.bias, r.direction, r.input, r.data, r.precision, r.math)
           + text(r.inputs, r.hidden, r.projection, r.layers, r.flags),
       status, rnn, dropout);
}

/** One parameter at a time, for each cell and algorithm. */
void each_parameter(void* rnn) {
  for (int algorithm = 0; algorithm < 4; algorithm++) {
    for (int cell = -1; cell < 5; cell++) {
      Rnn base;
      base.algorithm = algorithm;
      base.cell = cell;
      auto vary = [&](int Rnn::*field, std::vector<int> values) {
        for (int value : values) {
          Rnn r = base;
          r.*field = value;
          set(rnn, r);
        }
      };
      vary(&Rnn::algorithm, {-1, 0, 1, 2, 3, 4});
      vary(&Rnn::bias, {-1, 0, 1, 2, 3, 4});
      vary(&Rnn::direction, {-1, 0, 1, 2});
      vary(&Rnn::input, {-1, 0, 1, 2});
      vary(&Rnn::data, {-1, 0, 1, 2, 3, 4, 9, 10, 24});
      vary(&Rnn::precision, {-1, 0, 1, 2, 3, 9, 24});
      vary(&Rnn::math, {-1, 0, 1, 2, 3, 4});
      vary(&Rnn::inputs, {-1, 0, 1, 33, 64});
      vary(&Rnn::hidden, {-1, 0, 1, 33, 64, 65, 1024, 4096});
      vary(&Rnn::projection, {-1, 0, 1, 32, 63, 64, 65});
      vary(&Rnn::layers, {-1, 0, 1, 3, 17, 40, 1000});
      for (uint32_t flags : {0u, 1u, 2u, 3u, 4u, 0x80000000u}) {
        Rnn r = base;
        r.flags = flags;
        set(rnn, r);
      }
    }
  }
}

void types(void* rnn) {
  for (int algorithm = 0; algorithm < 4; algorithm++)
    for (int cell : {RELU, LSTM, GRU})
      for (int data : {0, 1, 2, 9})
        for (int precision : {0, 1, 2, 9})
          for (int math = 0; math < 4; math++) {
            Rnn r{algorithm, cell, 2, 0, 0, data, precision, math};
            set(rnn, r);
          }
}

/** Projection, direction and skipped inputs together. */
void forms(void* rnn) {
  for (int algorithm = 0; algorithm < 4; algorithm++)
    for (int cell = 0; cell < 4; cell++)
      for (int direction : {0, 1})
        for (int input : {0, 1})
          for (int32_t projection : {32, 64})
            for (int32_t inputs : {32, 64})
              for (uint32_t flags : {0u, 1u}) {
                Rnn r;
                r.algorithm = algorithm, r.cell = cell, r.direction = direction, r.input = input;
                r.projection = projection, r.inputs = inputs, r.flags = flags;
                set(rnn, r);
              }
}

void clips(void* rnn) {
  for (int cell : {RELU, TANH, LSTM, GRU}) {
    Rnn r;
    r.cell = cell;
    set(rnn, r);
    for (int mode : {-1, 0, 1, 2}) {
      for (auto [low, high] : std::vector<std::pair<double, double>>{
               {-1, 1}, {1, -1}, {0, 0}, {2, 3}, {-1.0 / 0.0, 1.0 / 0.0}, {0.0 / 0.0, 1}}) {
        const int status = call("cudnnRNNSetClip_v9", rnn, mode, low, high);
        int got_mode = -7;
        double l = -7, h = -7;
        const int got = call("cudnnRNNGetClip_v9", rnn, &got_mode, &l, &h);
        line("cudnnRNNSetClip_v9 " + text(cell, mode, low, high), status,
             text(got, got_mode, l, h));
      }
    }
  }
}

}  // namespace

void rnn_calls() {
  Made rnn("RNN"), dropout("Dropout");
  show("a new RNN", 0, rnn.handle, nullptr);
  each_parameter(rnn.handle);
  types(rnn.handle);
  forms(rnn.handle);
  set(rnn.handle, Rnn{}, dropout.handle);
  clips(rnn.handle);
  Made fresh("RNN");
  int mode = -7;
  double low = -7, high = -7;
  line("clip of a new RNN", call("cudnnRNNSetClip_v9", fresh.handle, 1, -1.0, 1.0));
  line("clip of a new RNN got", call("cudnnRNNGetClip_v9", fresh.handle, &mode, &low, &high),
       text(mode, low, high));
  line("no RNN", guarded([&] { return call("cudnnRNNSetClip_v9", nullptr, 1, -1.0, 1.0); }));
}

}  // namespace differential
