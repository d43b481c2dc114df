#include "kernel_builder.h"

#include <algorithm>
#include <cstring>

#include "mnemonic.h"

namespace sluice {

namespace {

uint64_t aligned(uint64_t at, uint64_t alignment) {
  return (at + alignment - 1) / alignment * alignment;
}

const std::unordered_map<std::string, Special>& specials() {
  static const std::unordered_map<std::string, Special> NAMES = {
      {"%tid.x", Special::TidX},
      {"%tid.y", Special::TidY},
      {"%tid.z", Special::TidZ},
      {"%ntid.x", Special::NtidX},
      {"%ntid.y", Special::NtidY},
      {"%ntid.z", Special::NtidZ},
      {"%ctaid.x", Special::CtaidX},
      {"%ctaid.y", Special::CtaidY},
      {"%ctaid.z", Special::CtaidZ},
      {"%nctaid.x", Special::NctaidX},
      {"%nctaid.y", Special::NctaidY},
      {"%nctaid.z", Special::NctaidZ},
      {"%laneid", Special::LaneId},
      {"%warpid", Special::WarpId},
      {"%lanemask_lt", Special::LaneMaskLt},
      {"%lanemask_le", Special::LaneMaskLe},
      {"%lanemask_gt", Special::LaneMaskGt},
      {"%lanemask_ge", Special::LaneMaskGe},
      {"%lanemask_eq", Special::LaneMaskEq},
      {"%smid", Special::SmId},
      {"%nsmid", Special::NsmId},
      {"%clock", Special::Clock}};
  return NAMES;
}

bool isNumber(std::string_view word) { return !word.empty() && word[0] >= '0' && word[0] <= '9'; }

// 0f3F800000 and 0d3FF0000000000000: bits.
bool isBits(const std::string& word, char kind, size_t digits) {
  return word.size() == digits + 2 && word[0] == '0' && std::tolower(word[1]) == kind;
}

uint64_t numberValue(const std::string& word, uint8_t bytes, uint32_t line) {
  try {
    if (isBits(word, 'f', 8)) return std::stoull(word.substr(2), nullptr, 16);
    if (isBits(word, 'd', 16)) {
      uint64_t bits = std::stoull(word.substr(2), nullptr, 16);
      if (bytes == 8) return bits;
      double value;
      std::memcpy(&value, &bits, 8);
      auto narrow = static_cast<float>(value);
      uint32_t narrowBits;
      std::memcpy(&narrowBits, &narrow, 4);
      return narrowBits;
    }
    size_t used = 0;
    std::string digits = word.back() == 'U' ? word.substr(0, word.size() - 1) : word;
    uint64_t value = std::stoull(digits, &used, 0);
    if (used == digits.size()) return value;
  } catch (const std::exception&) {
  }
  throw ParseError(line, "expected a number, got `" + word + "`");
}

}  // namespace

KernelBuilder::KernelBuilder(Kernel& kernel,
                             std::function<const Variable*(const std::string&)> variable)
    : kernel_(kernel), variable_(std::move(variable)), scopes_(1) {}

void KernelBuilder::parameter(const std::string& name, uint64_t size, uint64_t alignment) {
  auto offset = static_cast<uint32_t>(aligned(kernel_.parameterBytes, alignment));
  kernel_.parameters.push_back({offset, static_cast<uint32_t>(size)});
  kernel_.parameterBytes = static_cast<uint32_t>(offset + size);
  scopes_[0][name] = {Name::Kind::Address, {}, offset};
}

void KernelBuilder::body(Cursor& cursor) {
  scope(cursor);
  Instruction end;  // Whoever runs off the end has returned.
  end.flow = Flow::Return;
  end.line = cursor.line();
  kernel_.code.push_back(end);
  link();
}

void KernelBuilder::scope(Cursor& cursor) {
  scopes_.emplace_back();
  while (!cursor.accept("}")) {
    if (cursor.accept("{")) {
      scope(cursor);
    } else if (cursor.peek(1) == ":") {
      std::string label = cursor.next();
      cursor.expect(":");
      if (!labels_.emplace(label, kernel_.code.size()).second)
        throw ParseError(cursor.line(), "label " + label + " stands twice");
    } else if (cursor.peek()[0] == '.') {
      directive(cursor);
    } else if (!cursor.accept(";")) {
      instruction(cursor);
    }
  }
  scopes_.pop_back();
}

void KernelBuilder::directive(Cursor& cursor) {
  uint32_t line = cursor.line();
  std::string name = cursor.next();
  if (name == ".reg") return registers(cursor, cursor.next());
  // NVIDIA's headers write `.reg.b32`.
  if (name.starts_with(".reg.")) return registers(cursor, name.substr(4));
  if (name == ".shared") return memory(cursor, Space::Shared, kernel_.sharedBytes);
  if (name == ".local") return memory(cursor, Space::Local, kernel_.localBytes);
  if (name == ".pragma") return cursor.skipPast(";");
  if (name == ".loc") {  // The directive ends with its line.
    while (cursor.line() == line) cursor.next();
    return;
  }
  throw ParseError(line, "directive " + name + " isn't known to the simulator");
}

// .reg .b32 %r<40>;   .reg .b16 low, high;
void KernelBuilder::registers(Cursor& cursor, const std::string& type) {
  uint32_t line = cursor.line();
  int bytes = typeBytes(type.substr(1));
  if (bytes < 0) throw ParseError(line, "a register type that the simulator doesn't know");
  do {
    std::string name = cursor.next();
    if (!cursor.accept("<")) {
      scopes_.back()[name] = {Name::Kind::Register, add(bytes, name), 0};
      continue;
    }
    uint64_t count = cursor.number();
    cursor.expect(">");
    for (uint64_t i = 0; i < count; i++) {
      std::string numbered = name + std::to_string(i);
      scopes_.back()[numbered] = {Name::Kind::Register, add(bytes, numbered), 0};
    }
    kernel_.declaredRegisters += static_cast<uint32_t>(count);
  } while (cursor.accept(","));
  cursor.expect(";");
}

// .shared .align 4 .b8 name[128];
void KernelBuilder::memory(Cursor& cursor, Space, uint32_t& bytes) {
  uint64_t alignment = 0;
  if (cursor.accept(".align")) alignment = cursor.number();
  int element = typeBytes(cursor.next().substr(1));
  if (element <= 0) throw ParseError(cursor.line(), "a type of memory that isn't known");
  if (!alignment) alignment = element;
  std::string name = cursor.next();
  uint64_t count = 1;
  while (cursor.accept("[")) {
    count *= cursor.number();
    cursor.expect("]");
  }
  cursor.expect(";");
  uint64_t at = aligned(bytes, alignment);
  scopes_.back()[name] = {Name::Kind::Address, {}, at};
  bytes = static_cast<uint32_t>(at + count * element);
}

void KernelBuilder::instruction(Cursor& cursor) {
  Instruction made;
  made.line = cursor.line();
  guard(cursor, made);
  std::string text = cursor.next();
  Mnemonic mnemonic = takeApart(text);
  if (mnemonic.key == "bra") return branch(cursor, made);
  if (mnemonic.key.starts_with("mov.") && (cursor.peek() == "{" || cursor.peek(2) == "{")) {
    // mov.b32 %r, {low, high}; and its opposite.
    bool unpacks = cursor.peek() == "{";
    int parts = 1;
    for (size_t i = unpacks ? 1 : 3; cursor.peek(i) != "}" && !cursor.peek(i).empty(); i++)
      parts += cursor.peek(i) == ",";
    mnemonic.key = (unpacks ? "unpack" : "pack") + std::to_string(parts) + mnemonic.key.substr(3);
  }
  if (cursor.peek(1) == "|") mnemonic.key += "|";
  auto found = operations().find(mnemonic.key);
  if (found == operations().end())
    throw ParseError(made.line, "instruction `" + text + "` isn't known to the simulator");
  const Operation& operation = found->second;
  made.step = operation.step;
  made.flow = operation.flow;
  made.outputs = operation.outputs;
  made.mode = mnemonic.integral ? 1 : operation.mode;
  made.rounding = mnemonic.rounding;
  made.flush = mnemonic.flush;
  made.saturate = mnemonic.saturate;
  made.space = mnemonic.space;
  made.vector = mnemonic.vector;
  if (mnemonic.floatRules) {
    made.inner = made.step;
    made.step = underFloatRules;
  }
  if (mnemonic.memory) memoryOperands(cursor, made, operation);
  else operands(cursor, made, operation);
  cursor.expect(";");
  kernel_.code.push_back(made);
}

void KernelBuilder::guard(Cursor& cursor, Instruction& into) {
  if (!cursor.accept("@")) return;
  into.guarded = true;
  into.guardNegated = cursor.accept("!");
  into.guard = operand(cursor, 0);
}

void KernelBuilder::branch(Cursor& cursor, Instruction& into) {
  into.flow = Flow::Branch;
  branches_.push_back({kernel_.code.size(), cursor.next(), into.line});
  cursor.expect(";");
  kernel_.code.push_back(into);
}

// d|p, a, {b, c}: outputs first, in the order that the operation lists.
void KernelBuilder::operands(Cursor& cursor, Instruction& into, const Operation& operation) {
  if (operation.bytes.size() > into.operand.size())
    throw ParseError(into.line, "too many operands for the simulator");
  for (size_t i = 0; i < operation.bytes.size(); i++) {
    if (i > 0) {
      bool braces = cursor.accept("}") | (cursor.peek() == "|" && cursor.accept("|"));
      if (!cursor.accept(",") && !braces) cursor.expect(",");
    }
    cursor.accept("{");
    uint8_t bytes = operation.bytes[i];
    into.operand[i] = i < operation.outputs ? output(cursor, bytes) : operand(cursor, bytes);
  }
  cursor.accept("}");
  into.operands = static_cast<uint8_t>(operation.bytes.size());
}

// ld d, [a];   st [a], b;   ld.v2 {d, e}, [a];   atom d, [a], b, c;   red [a], b;
void KernelBuilder::memoryOperands(Cursor& cursor, Instruction& into, const Operation& operation) {
  int at = 0;
  if (operation.outputs) {
    bool braces = cursor.accept("{");
    for (int v = 0; v < into.vector; v++) {
      if (v) cursor.expect(",");
      into.operand[at++] = output(cursor, operation.bytes[0]);
    }
    if (braces) cursor.expect("}");
    cursor.expect(",");
    into.outputs = into.vector;
  }
  into.mode = static_cast<uint8_t>(at);
  address(cursor, into, at++);
  for (size_t i = operation.outputs + 1; i < operation.bytes.size(); i++) {
    cursor.expect(",");
    bool braces = cursor.accept("{");
    for (int v = 0; v < into.vector; v++) {
      if (v) cursor.expect(",");
      into.operand[at++] = operand(cursor, operation.bytes[i]);
    }
    if (braces) cursor.expect("}");
  }
  into.operands = static_cast<uint8_t>(at);
}

// [%rd1+8], [name+4], [name]
void KernelBuilder::address(Cursor& cursor, Instruction& into, int at) {
  cursor.expect("[");
  into.operand[at] = operand(cursor, ANY);
  if (cursor.accept("+")) into.offset = static_cast<int64_t>(cursor.number());
  else if (cursor.peek() == "-") into.offset = static_cast<int64_t>(cursor.number());
  cursor.expect("]");
}

Register KernelBuilder::operand(Cursor& cursor, uint8_t bytes) {
  uint32_t line = cursor.line();
  bool negative = cursor.accept("-");
  std::string word = cursor.next();
  if (isNumber(word)) {
    uint64_t value = numberValue(word, bytes, line);
    return immediate(negative ? 0 - value : value, bytes == ANY ? 8 : bytes);
  }
  if (negative) throw ParseError(line, "expected a number, got `-" + word + "`");
  return named(word, bytes, line);
}

Register KernelBuilder::output(Cursor& cursor, uint8_t bytes) {
  if (cursor.accept("_")) return add(bytes == ANY ? 8 : bytes, "_");
  return operand(cursor, bytes);
}

Register KernelBuilder::named(const std::string& name, uint8_t bytes, uint32_t line) {
  if (auto special = specials().find(name); special != specials().end()) {
    auto [known, added] = specials_.try_emplace(name);
    if (added) {
      known->second = add(4, name);
      kernel_.specials.push_back({known->second, special->second});
    }
    if (bytes != 4 && bytes != ANY) throw ParseError(line, name + " has 32 bits");
    return known->second;
  }
  const Name* found = find(name);
  if (!found) return symbol(name, bytes == ANY ? 8 : bytes, line);
  if (found->kind == Name::Kind::Address)
    return immediate(found->address, bytes == ANY ? 8 : bytes);
  if (bytes != ANY && found->where.bytes != bytes)
    throw ParseError(line, "register " + name + " has " + std::to_string(8 * found->where.bytes) +
                               " bits, not " + std::to_string(8 * bytes));
  return found->where;
}

Register KernelBuilder::immediate(uint64_t value, uint8_t bytes) {
  auto [known, added] =
      immediates_.try_emplace(std::to_string(value) + ":" + std::to_string(bytes));
  if (added) {
    known->second = add(bytes, "immediate");
    kernel_.immediates.push_back({known->second, value});
  }
  return known->second;
}

Register KernelBuilder::symbol(const std::string& name, uint8_t bytes, uint32_t line) {
  const Variable* variable = variable_(name);
  if (!variable) throw ParseError(line, "`" + name + "` isn't declared");
  auto [known, added] = immediates_.try_emplace(name + ":" + std::to_string(bytes));
  if (added) {
    known->second = add(bytes, name);
    kernel_.symbols.push_back({known->second, name, variable->space == Space::Shared});
  }
  return known->second;
}

Register KernelBuilder::add(uint8_t bytes, const std::string& name) {
  if (kernel_.registers > UINT16_MAX) throw ParseError(0, "too many registers for the simulator");
  Register made{kernel_.fileBytes, static_cast<uint16_t>(kernel_.registers++), bytes};
  kernel_.fileBytes += bytes ? bytes * LANES : sizeof(Lanes);
  if (bytes) kernel_.fileBytes = static_cast<uint32_t>(aligned(kernel_.fileBytes, 64));
  kernel_.registerNames.push_back(name);
  return made;
}

const KernelBuilder::Name* KernelBuilder::find(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
    if (auto found = scope->find(name); found != scope->end()) return &found->second;
  return nullptr;
}

void KernelBuilder::link() {
  for (const Branch& branch : branches_) {
    auto found = labels_.find(branch.label);
    if (found == labels_.end()) throw ParseError(branch.line, "no label " + branch.label);
    kernel_.code[branch.instruction].target = found->second;
  }
}

}  // namespace sluice
