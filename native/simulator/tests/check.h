// A few lines of test framework: named cases, each from a fresh simulator.
#pragma once
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

struct Case {
  const char* name;
  std::function<void()> run;
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

inline int& failures() {
  static int count = 0;
  return count;
}

inline const char*& currentCase() {
  static const char* name = "";
  return name;
}

struct AddCase {
  AddCase(const char* name, std::function<void()> run) {
    cases().push_back({name, std::move(run)});
  }
};

inline void expect(bool holds, const char* what, int line, const std::string& got) {
  if (holds) return;
  failures()++;
  std::printf("FAILED (simulated) %s, line %d: %s%s%s\n", currentCase(), line, what,
              got.empty() ? "" : "; got ", got.c_str());
}

template <class A, class B>
void expectEqual(const A& expected, const B& got, const char* what, int line) {
  if constexpr (std::is_convertible_v<B, std::string>) expect(expected == got, what, line, got);
  else expect(expected == got, what, line, std::to_string(got));
}

#define CASE(name)                        \
  static void name();                     \
  static AddCase add_##name(#name, name); \
  static void name()
#define EXPECT(condition) expect(condition, #condition, __LINE__, "")
#define EXPECT_EQUAL(expected, got) expectEqual(expected, got, #got " is " #expected, __LINE__)

inline int runCases(const std::function<void()>& before) {
  for (const Case& one : cases()) {
    currentCase() = one.name;
    before();
    int known = failures();
    one.run();
    std::printf("%s (simulated) %s\n", failures() == known ? "ok" : "not ok", one.name);
  }
  std::printf("%zu cases, %d failures\n", cases().size(), failures());
  return failures() ? 1 : 0;
}
