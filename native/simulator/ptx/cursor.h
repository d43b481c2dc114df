// A place in a list of tokens.
#pragma once
#include "tokens.h"

namespace sluice {

class Cursor {
 public:
  explicit Cursor(const std::vector<Token>& tokens) : tokens_(tokens) {}

  bool done() const { return at_ >= tokens_.size(); }
  uint32_t line() const {
    return tokens_.empty() ? 0 : tokens_[done() ? tokens_.size() - 1 : at_].line;
  }
  std::string_view peek(size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead].text : std::string_view();
  }
  std::string next() {
    if (done()) throw ParseError(line(), "the text ends too soon");
    return std::string(tokens_[at_++].text);
  }
  bool accept(std::string_view text) {
    if (peek() != text) return false;
    at_++;
    return true;
  }
  void expect(std::string_view text) {
    if (!accept(text))
      throw ParseError(line(),
                       "expected `" + std::string(text) + "`, got `" + std::string(peek()) + "`");
  }
  void skipPast(std::string_view text) {
    while (!accept(text)) next();
  }
  uint64_t number() {
    bool negative = accept("-");
    std::string word = next();
    size_t used = 0;
    uint64_t value = 0;
    if (word.size() > 2 && word.back() == 'U') word.pop_back();
    try {
      value = std::stoull(word, &used, 0);
    } catch (const std::exception&) {
    }
    if (used != word.size()) throw ParseError(line(), "expected a number, got `" + word + "`");
    return negative ? 0 - value : value;
  }

 private:
  const std::vector<Token>& tokens_;
  size_t at_ = 0;
};

}  // namespace sluice
