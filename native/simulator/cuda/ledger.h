// What is open, and what was said about broken contracts.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

class Ledger {
 public:
  void opened(const std::string& kind, uint64_t handle, const void* context,
              const std::string& detail = "");
  // False where it isn't open; the caller says so.
  bool closed(const std::string& kind, uint64_t handle);
  bool isOpen(const std::string& kind, uint64_t handle) const {
    return open_.contains({kind, handle});
  }
  // Whatever was open in the context went with it: nobody can close it any more.
  void lost(const void* context);
  void clear() { open_.clear(); }
  size_t size() const { return open_.size(); }
  // Lines of what is open in the context, or of all.
  std::string text(const void* context = nullptr) const;

 private:
  struct Entry {
    const void* context;
    std::string detail;
  };
  std::map<std::pair<std::string, uint64_t>, Entry> open_;
};

class Report {
 public:
  // The same line counts once; after a thousand lines the rest is dropped.
  void add(const std::string& line);
  void clear() { lines_.clear(); }
  bool empty() const { return lines_.empty(); }
  std::string text() const;

 private:
  std::vector<std::string> lines_;
};

}  // namespace sluice
