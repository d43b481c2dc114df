// Counts calls by name and lets chosen ones fail.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sluice {

class Calls {
 public:
  struct Outcome {
    int status = 0;
    bool sticky = false;
  };

  // Counts the call and says what it must return.
  Outcome enter(const std::string& name);
  // An empty name: any call. `at` counts from 1, the next such call.
  void inject(const std::string& name, int at, int status, bool sticky);
  void clearInjections() { injections_.clear(); }
  void clearCounts() { counts_.clear(); }
  uint64_t injected() const { return injected_; }
  uint64_t count(const std::string& name) const;
  std::string text() const;

 private:
  struct Injection {
    std::string name;
    int left;
    Outcome outcome;
  };

  std::map<std::string, uint64_t> counts_;
  std::vector<Injection> injections_;
  uint64_t injected_ = 0;
};

}  // namespace sluice
