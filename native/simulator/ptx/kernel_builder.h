// Turns the body of one kernel into decoded instructions.
#pragma once
#include <functional>
#include <unordered_map>
#include <vector>

#include "cursor.h"
#include "operations.h"
#include "program.h"

namespace sluice {

class KernelBuilder {
 public:
  // `variable` finds a module's variable, or null.
  KernelBuilder(Kernel& kernel, std::function<const Variable*(const std::string&)> variable);

  void parameter(const std::string& name, uint64_t size, uint64_t alignment);
  // From after `{` to the `}` that matches it.
  void body(Cursor& cursor);

 private:
  struct Name {
    enum class Kind { Register, Address } kind = Kind::Register;
    Register where;
    uint64_t address = 0;
  };
  using Scope = std::unordered_map<std::string, Name>;
  struct Branch {
    size_t instruction;
    std::string label;
    uint32_t line;
  };

  void scope(Cursor& cursor);
  void directive(Cursor& cursor);
  void registers(Cursor& cursor, const std::string& type);
  void memory(Cursor& cursor, Space space, uint32_t& bytes);
  void instruction(Cursor& cursor);
  void guard(Cursor& cursor, Instruction& into);
  void branch(Cursor& cursor, Instruction& into);
  void operands(Cursor& cursor, Instruction& into, const Operation& operation);
  void memoryOperands(Cursor& cursor, Instruction& into, const Operation& operation);
  void address(Cursor& cursor, Instruction& into, int operand);
  Register operand(Cursor& cursor, uint8_t bytes);
  Register output(Cursor& cursor, uint8_t bytes);
  Register named(const std::string& name, uint8_t bytes, uint32_t line);
  Register immediate(uint64_t value, uint8_t bytes);
  Register symbol(const std::string& name, uint8_t bytes, uint32_t line);
  Register add(uint8_t bytes, const std::string& name);
  const Name* find(const std::string& name) const;
  void link();

  Kernel& kernel_;
  std::function<const Variable*(const std::string&)> variable_;
  std::vector<Scope> scopes_;
  std::unordered_map<std::string, uint32_t> labels_;
  std::vector<Branch> branches_;
  std::unordered_map<std::string, Register> immediates_;
  std::unordered_map<std::string, Register> specials_;
};

}  // namespace sluice
