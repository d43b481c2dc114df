#include "ledger.h"

#include <algorithm>
#include <cstdio>

namespace sluice {

void Ledger::opened(const std::string& kind, uint64_t handle, const void* context,
                    const std::string& detail) {
  open_[{kind, handle}] = {context, detail};
}

bool Ledger::closed(const std::string& kind, uint64_t handle) {
  return open_.erase({kind, handle}) > 0;
}

void Ledger::lost(const void* context) {
  std::erase_if(open_, [&](const auto& item) { return item.second.context == context; });
}

std::string Ledger::text(const void* context) const {
  std::string result;
  for (const auto& [key, entry] : open_) {
    if (context && entry.context != context) continue;
    char handle[32];
    std::snprintf(handle, sizeof handle, " %#llx", static_cast<unsigned long long>(key.second));
    result += key.first + handle + (entry.detail.empty() ? "" : " " + entry.detail) + "\n";
  }
  return result;
}

void Report::add(const std::string& line) {
  constexpr size_t MOST = 1000;
  if (lines_.size() >= MOST || std::find(lines_.begin(), lines_.end(), line) != lines_.end())
    return;
  lines_.push_back(line);
}

std::string Report::text() const {
  std::string result;
  for (const std::string& line : lines_) result += line + "\n";
  return result;
}

}  // namespace sluice
