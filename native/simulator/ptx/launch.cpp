#include "launch.h"

#include "block.h"

namespace sluice {

namespace {

Dim3 blockIndex(const Dim3& grid, uint64_t number) {
  return {uint32_t(number % grid.x), uint32_t(number / grid.x % grid.y),
          uint32_t(number / grid.x / grid.y)};
}

uint64_t runInTurn(const Launch& launch) {
  Block block(launch);
  for (uint64_t i = 0; i < launch.grid.volume(); i++) {
    block.start(blockIndex(launch.grid, i), i);
    block.run(false);
  }
  return block.executed();
}

// Blocks that may wait for each other must all be under way.
uint64_t runTogether(const Launch& launch) {
  std::vector<std::unique_ptr<Block>> blocks;
  for (uint64_t i = 0; i < launch.grid.volume(); i++) {
    blocks.push_back(std::make_unique<Block>(launch));
    blocks.back()->start(blockIndex(launch.grid, i), i);
  }
  uint64_t executed = 0;
  while (!blocks.empty())
    for (size_t i = 0; i < blocks.size();) {
      if (!blocks[i]->run(true)) {
        i++;
        continue;
      }
      executed += blocks[i]->executed();
      blocks.erase(blocks.begin() + i);
    }
  return executed;
}

}  // namespace

uint64_t run(const Launch& launch) {
  launch.order = GridOrder(launch.grid.volume());
  launch.met.assign(launch.kernel.code.size(), nullptr);
  return launch.cooperative ? runTogether(launch) : runInTurn(launch);
}

}  // namespace sluice
