#include "mnemonic.h"

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sluice {

namespace {

using Words = std::vector<std::string>;

Words split(const std::string& text) {
  Words words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, '.');) words.push_back(word);
  return words;
}

std::string joined(const Words& words) {
  std::string result;
  for (const std::string& word : words) result += (result.empty() ? "" : ".") + word;
  return result;
}

bool isFloat(const std::string& type) {
  return type == "f16" || type == "f16x2" || type == "f32" || type == "f64";
}

bool take(Words& words, const std::string& word) {
  auto at = std::find(words.begin() + 1, words.end(), word);
  if (at == words.end()) return false;
  words.erase(at);
  return true;
}

void takeRounding(Words& words, Mnemonic& into) {
  const std::pair<const char*, Rounding> modes[] = {{"rn", Rounding::Nearest},
                                                    {"rz", Rounding::Zero},
                                                    {"rm", Rounding::Down},
                                                    {"rp", Rounding::Up}};
  for (auto [name, rounding] : modes) {
    if (take(words, name)) into.rounding = rounding;
    if (take(words, std::string(name) + "i")) {
      into.rounding = rounding;
      into.integral = true;
    }
  }
}

void takeSpace(Words& words, Mnemonic& into) {
  const std::pair<const char*, Space> spaces[] = {{"global", Space::Global},
                                                  {"const", Space::Constant},
                                                  {"shared", Space::Shared},
                                                  {"local", Space::Local},
                                                  {"param", Space::Parameter}};
  for (auto [name, space] : spaces)
    if (take(words, name)) into.space = space;
}

// Caching, order and scope change nothing in a machine that does one thing after another.
void dropHints(Words& words) {
  static const std::unordered_set<std::string> HINTS = {"ca",
                                                        "cg",
                                                        "cs",
                                                        "lu",
                                                        "cv",
                                                        "wb",
                                                        "wt",
                                                        "nc",
                                                        "volatile",
                                                        "relaxed",
                                                        "acquire",
                                                        "release",
                                                        "acq_rel",
                                                        "weak",
                                                        "cta",
                                                        "gpu",
                                                        "sys",
                                                        "noftz",
                                                        "L1::no_allocate",
                                                        "L1::evict_last"};
  words.erase(std::remove_if(words.begin() + 1, words.end(),
                             [](const std::string& word) { return HINTS.contains(word); }),
              words.end());
}

void memoryKey(Words& words, Mnemonic& into) {
  into.memory = true;
  takeSpace(words, into);
  dropHints(words);
  if (take(words, "v2")) into.vector = 2;
  if (take(words, "v4")) into.vector = 4;
  if (words[0] == "atom" || words[0] == "red") return;
  std::string type = words.back();
  int bytes = typeBytes(type);
  if (bytes <= 0) return;
  bool extends = words[0] == "ld" && type[0] == 's' && bytes < 8;
  words.back() = (extends ? "s" : "") + std::to_string(8 * bytes);
}

}  // namespace

int typeBytes(const std::string& type) {
  static const std::unordered_map<std::string, int> BYTES = {
      {"pred", 0}, {"b8", 1},  {"u8", 1},  {"s8", 1},  {"b16", 2}, {"u16", 2},
      {"s16", 2},  {"f16", 2}, {"b32", 4}, {"u32", 4}, {"s32", 4}, {"f16x2", 4},
      {"f32", 4},  {"b64", 8}, {"u64", 8}, {"s64", 8}, {"f64", 8}, {"bf16", 2}};
  auto found = BYTES.find(type);
  return found == BYTES.end() ? -1 : found->second;
}

Mnemonic takeApart(const std::string& text) {
  Mnemonic result;
  Words words = split(text);
  const std::string op = words[0];
  if (op == "ld" || op == "ldu" || op == "st" || op == "atom" || op == "red") {
    memoryKey(words, result);
  } else if (op == "bar" || op == "barrier") {
    take(words, "aligned");
    if (words.size() > 1) take(words, "cta");
  } else if (op == "bra") {
    take(words, "uni");
  } else if (op == "cvt" || isFloat(words.back())) {
    takeRounding(words, result);
    result.flush = take(words, "ftz");
    result.saturate = take(words, "sat");
    bool toFloat = op != "cvt" || (words.size() > 1 && isFloat(words[1]));
    bool rounds = result.rounding != Rounding::Nearest && !result.integral;
    result.floatRules = result.flush || (toFloat && (rounds || result.saturate));
  }
  result.key = joined(words);
  return result;
}

}  // namespace sluice
