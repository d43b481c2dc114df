// PTX text as words and marks, each with its line.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct Token {
  std::string_view text;
  uint32_t line;
};

struct ParseError : std::exception {
  ParseError(uint32_t line, const std::string& reason);
  const char* what() const noexcept override { return message.c_str(); }
  std::string message;
};

// The views stay valid as long as the source does.
std::vector<Token> tokenize(std::string_view source);

}  // namespace sluice
