#include "rnn_layout.h"

#include <algorithm>
#include <random>

#include "../device.h"
#include "tensor.h"

namespace sluice::cudnn {
namespace {

constexpr size_t ALIGNMENT = 16;

bool has_bias(const Rnn& r, bool recurrent) {
  return r.bias == DOUBLE_BIAS || r.bias == (recurrent ? SINGLE_RECURRENT_BIAS : SINGLE_INPUT_BIAS);
}

std::vector<WeightEntry> entries(const Rnn& r) {
  std::vector<WeightEntry> all;
  const int G = r.gates();
  for (int part = 0; part < r.layers * r.directions(); part++) {
    const int layer = part / r.directions();
    for (int id = 0; id < 2 * G; id++) {
      const bool recurrent = id >= G;
      if (recurrent || layer > 0 || !r.skips_input()) {
        all.push_back({part, id, false, r.hidden, recurrent ? r.projected : r.inputs_of(layer), 0});
      }
      if (has_bias(r, recurrent)) all.push_back({part, id, true, r.hidden, 1, 0});
    }
    if (r.projects()) all.push_back({part, 2 * G, false, r.projected, r.hidden, 0});
  }
  return all;
}

}  // namespace

WeightLayout::WeightLayout(const Rnn& r) : entries(cudnn::entries(r)) {
  std::mt19937_64 random(sluice_sim_seed() * 1000003 + r.hidden * 31 + r.inputs);
  std::shuffle(entries.begin(), entries.end(), random);
  size_t end = ALIGNMENT * (random() % 5);
  for (auto& entry : entries) {
    entry.offset = end;
    end += entry.elements() * legacy_bytes(r.type) + ALIGNMENT * (random() % 4);
    end = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
  bytes = end + 2 * (random() % 50) + 1;
}

const WeightEntry* WeightLayout::find(int part, int id, bool bias) const {
  for (const auto& entry : entries) {
    if (entry.part == part && entry.id == id && entry.bias == bias) return &entry;
  }
  return nullptr;
}

size_t workspace_bytes(const Rnn& r, const RnnData& x, bool training) {
  const size_t steps =
      static_cast<size_t>(x.longest) * x.batch * r.gates() * r.hidden * legacy_bytes(r.type);
  return steps * (training ? 2 : 1) + 2 * (sluice_sim_seed() * 7 % 61) + 1;
}

}  // namespace sluice::cudnn
