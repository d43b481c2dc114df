// Work that was asked for, and when it runs: as late as the order of streams allows by default, so
// that what nobody waited for isn't there yet.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace sluice {

struct Context;

struct Work {
  std::string name;
  std::function<void()> run;
  // What must be done first.
  std::vector<std::shared_ptr<Work>> after;
  std::shared_ptr<Context> context;
  uint64_t number = 0;
  bool done = false;
  uint64_t doneAt = 0;  // nanoseconds
};

using WorkPointer = std::shared_ptr<Work>;

enum class Order { Lazy, Contrary, Random, Eager };

class Scheduler {
 public:
  // What runs work, so that its faults find their context.
  explicit Scheduler(std::function<void(Work&)> runner) : runner_(std::move(runner)) {}

  void add(const WorkPointer& work);
  // Runs it and all that it depends on.
  void complete(WorkPointer work);
  // Runs one piece of what it waits for, or itself.
  void step(const WorkPointer& work);
  void completeAll(const Context* context);
  void drop(const Context* context);
  void dropAll();
  void setOrder(Order order) { order_ = order; }
  void setSeed(uint64_t seed) { random_.seed(seed); }
  size_t pending() const { return pending_.size(); }

 private:
  WorkPointer firstToRun(WorkPointer work) const;
  void run(const WorkPointer& work);
  void runSome();
  void runOthers(const WorkPointer& work);

  std::function<void(Work&)> runner_;
  std::map<uint64_t, WorkPointer> pending_;
  uint64_t next_ = 1;
  Order order_ = Order::Lazy;
  std::mt19937_64 random_;
};

uint64_t nanoseconds();

}  // namespace sluice
