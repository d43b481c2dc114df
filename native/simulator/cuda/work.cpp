#include "work.h"

#include <algorithm>
#include <chrono>

namespace sluice {

namespace {

// So much may wait: a program that never waits must not fill the host's memory.
constexpr size_t MOST_PENDING = 4096;

}  // namespace

uint64_t nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Scheduler::add(const WorkPointer& work) {
  work->number = next_++;
  std::erase_if(work->after, [](const WorkPointer& other) { return !other || other->done; });
  pending_[work->number] = work;
  if (order_ == Order::Eager) complete(work);
  if (order_ == Order::Random) runSome();
  while (pending_.size() > MOST_PENDING) complete(pending_.begin()->second);
}

// The last dependency first: of several branches the one that was begun last, which a program that
// forgot to order them is least likely to expect.
WorkPointer Scheduler::firstToRun(WorkPointer work) const {
  for (;;) {
    auto waiting = std::find_if(work->after.rbegin(), work->after.rend(),
                                [](const WorkPointer& other) { return !other->done; });
    if (waiting == work->after.rend()) return work;
    WorkPointer next = *waiting;
    work = std::move(next);
  }
}

void Scheduler::complete(WorkPointer work) {
  if (order_ == Order::Contrary) runOthers(work);
  std::vector<WorkPointer> stack{std::move(work)};
  while (!stack.empty()) {
    WorkPointer top = stack.back();
    auto waiting = std::find_if(top->after.rbegin(), top->after.rend(),
                                [](const WorkPointer& other) { return !other->done; });
    if (!top->done && waiting != top->after.rend()) {
      stack.push_back(*waiting);
      continue;
    }
    if (!top->done) run(top);
    stack.pop_back();
  }
}

void Scheduler::step(const WorkPointer& work) {
  if (!work->done) run(firstToRun(work));
}

void Scheduler::completeAll(const Context* context) {
  std::vector<WorkPointer> all;
  for (auto& [number, work] : pending_)
    if (work->context.get() == context) all.push_back(work);
  for (WorkPointer& work : all) complete(work);
}

void Scheduler::run(const WorkPointer& work) {
  // Done first: whatever it throws, it will not run again.
  work->done = true;
  work->after.clear();
  pending_.erase(work->number);
  runner_(*work);
  work->doneAt = nanoseconds();
  work->run = nullptr;
  work->context = nullptr;
}

// Everything that may run before the work does, the newest first: what overwrites too early is
// found so, as what comes too late is by the lazy order.
void Scheduler::runOthers(const WorkPointer& work) {
  std::set<const Work*> needed;
  std::vector<const Work*> open{work.get()};
  while (!open.empty()) {
    const Work* next = open.back();
    open.pop_back();
    if (next->done || !needed.insert(next).second) continue;
    for (const WorkPointer& before : next->after) open.push_back(before.get());
  }
  std::set<const Work*> later{work.get()};
  std::vector<WorkPointer> free;
  for (auto& [number, other] : pending_) {
    bool waits =
        std::any_of(other->after.begin(), other->after.end(),
                    [&](const WorkPointer& before) { return later.contains(before.get()); });
    if (waits) later.insert(other.get());
    else if (!needed.contains(other.get())) free.push_back(other);
  }
  order_ = Order::Lazy;
  for (auto other = free.rbegin(); other != free.rend(); ++other) complete(*other);
  order_ = Order::Contrary;
}

void Scheduler::runSome() {
  while (!pending_.empty() && random_() % 2) {
    auto chosen = pending_.begin();
    std::advance(chosen, random_() % std::min<size_t>(pending_.size(), 64));
    run(firstToRun(chosen->second));
  }
}

void Scheduler::drop(const Context* context) {
  for (auto at = pending_.begin(); at != pending_.end();) {
    if (at->second->context.get() != context) {
      ++at;
      continue;
    }
    WorkPointer work = at->second;
    work->done = true;
    work->after.clear();
    work->run = nullptr;
    work->context = nullptr;
    at = pending_.erase(at);
  }
}

void Scheduler::dropAll() {
  for (auto& [number, work] : pending_) {
    work->done = true;
    work->after.clear();
    work->run = nullptr;
    work->context = nullptr;
  }
  pending_.clear();
}

}  // namespace sluice
