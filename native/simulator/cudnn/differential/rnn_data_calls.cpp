// cudnnRNNDataDescriptor_t: types, layouts, sizes and lengths.
#include "library.h"

namespace differential {
namespace {

void show(const std::string& what, int status, void* data, int wanted = 3) {
  int e[5] = {-7, -7, -7, -7, -7}, lengths[6] = {-7, -7, -7, -7, -7, -7};
  double fill = -7;
  const int got = call("cudnnGetRNNDataDescriptor", data, e, e + 1, e + 2, e + 3, e + 4, wanted,
                       lengths, &fill);
  std::string values = text(got);
  if (got == 0)
    values +=
        text(e[0], e[1], e[2], e[3], e[4]) + text(lengths[0], lengths[1], lengths[2], lengths[3]);
  line(what, status, values);
}

void set(void* data, int type, int layout, int longest, int batch, int vector,
         const std::vector<int>& lengths, bool fill = true) {
  double zero = 0;
  const int status = call("cudnnSetRNNDataDescriptor", data, type, layout, longest, batch, vector,
                          lengths.data(), fill ? &zero : nullptr);
  show("cudnnSetRNNDataDescriptor " + text(type, layout, longest, batch, vector, fill)
           + text(lengths),
       status, data);
}

}  // namespace

void rnn_data_calls() {
  Made made("RNNData");
  void* d = made.handle;
  show("a new RNNData", 0, d);
  const std::vector<std::vector<int>> all{{7, 5, 2}, {2, 5, 7}, {7, 7, 7},  {5, 5, 5}, {7, 3, 0},
                                          {0, 0, 0}, {7, 5, 9}, {7, -1, 2}, {1, 1, 1}, {7, 7, 6}};
  for (int layout = -1; layout < 4; layout++) {
    for (const auto& lengths : all) set(d, 0, layout, 7, 3, 32, lengths);
    for (int type = -1; type < 25; type++) set(d, type, layout, 7, 3, 32, {7, 5, 2});
    for (int longest : {-1, 0, 1, 6, 8}) set(d, 0, layout, longest, 3, 32, {7, 5, 2});
    for (int batch : {-1, 0, 1, 2}) set(d, 0, layout, 7, batch, 32, {7, 5, 2});
    for (int vector : {-1, 0, 1, 33}) set(d, 0, layout, 7, 3, vector, {7, 5, 2});
    set(d, 0, layout, 7, 3, 32, {7, 5, 2}, false);
  }
  set(d, 0, 0, 7, 3, 32, {7, 5, 2});
  for (int wanted : {-1, 0, 1, 2, 3, 4, 5})
    show("cudnnGetRNNDataDescriptor " + text(wanted), 0, d, wanted);
  line("no lengths", guarded([&] {
         return call("cudnnSetRNNDataDescriptor", d, 0, 0, 7, 3, 32, nullptr, nullptr);
       }));
  line("no descriptor", guarded([&] {
         int n[3] = {1, 1, 1};
         return call("cudnnSetRNNDataDescriptor", nullptr, 0, 0, 7, 3, 32, &n[0], nullptr);
       }));
}

}  // namespace differential
