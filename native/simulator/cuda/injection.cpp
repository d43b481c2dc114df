#include "injection.h"

namespace sluice {

Calls::Outcome Calls::enter(const std::string& name) {
  counts_[name]++;
  Outcome outcome;
  for (size_t i = 0; i < injections_.size();) {
    Injection& injection = injections_[i];
    bool meant = injection.name.empty() || injection.name == name;
    if (!meant || --injection.left > 0) {
      i++;
      continue;
    }
    outcome = injection.outcome;
    injections_.erase(injections_.begin() + i);
    injected_++;
  }
  return outcome;
}

void Calls::inject(const std::string& name, int at, int status, bool sticky) {
  injections_.push_back({name, at, {status, sticky}});
}

uint64_t Calls::count(const std::string& name) const {
  if (!name.empty()) {
    auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
  }
  uint64_t sum = 0;
  for (const auto& [key, count] : counts_) sum += count;
  return sum;
}

std::string Calls::text() const {
  std::string result;
  for (const auto& [name, count] : counts_) result += name + " " + std::to_string(count) + "\n";
  return result;
}

}  // namespace sluice
