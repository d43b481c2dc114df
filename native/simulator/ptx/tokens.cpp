#include "tokens.h"

#include <cctype>

namespace sluice {

ParseError::ParseError(uint32_t line, const std::string& reason)
    : message("line " + std::to_string(line) + ": " + reason) {}

namespace {

bool isWord(char c) {
  return std::isalnum((unsigned char)c) || c == '_' || c == '$' || c == '%' || c == '.';
}

}  // namespace

std::vector<Token> tokenize(std::string_view source) {
  std::vector<Token> tokens;
  uint32_t line = 1;
  for (size_t i = 0; i < source.size();) {
    char c = source[i];
    if (c == '\n') line++;
    if (std::isspace((unsigned char)c)) {
      i++;
    } else if (source.substr(i, 2) == "//") {
      while (i < source.size() && source[i] != '\n') i++;
    } else if (source.substr(i, 2) == "/*") {
      size_t end = source.find("*/", i + 2);
      if (end == std::string_view::npos) throw ParseError(line, "a comment has no end");
      for (; i < end + 2; i++) line += source[i] == '\n';
    } else if (c == '"') {
      size_t end = source.find('"', i + 1);
      if (end == std::string_view::npos) throw ParseError(line, "a string has no end");
      tokens.push_back({source.substr(i, end + 1 - i), line});
      i = end + 1;
    } else {
      size_t end = i;
      while (end < source.size() && isWord(source[end])) end++;
      if (end == i) end++;
      tokens.push_back({source.substr(i, end - i), line});
      i = end;
    }
  }
  return tokens;
}

}  // namespace sluice
