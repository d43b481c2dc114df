// A parsed PTX module: kernels as arrays of decoded instructions, and variables.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

class Warp;
struct Instruction;

constexpr int LANES = 32;
using Lanes = uint32_t;  // A bit for each lane of a warp.
constexpr Lanes ALL_LANES = 0xFFFFFFFF;

// Does an instruction for the lanes given.
using Step = void (*)(Warp&, const Instruction&, Lanes);

// Where a register of all lanes stands in a warp's register file. Immediates and special registers
// are registers too, filled before the kernel starts: operands have one form.
struct Register {
  uint32_t at = 0;     // byte offset
  uint16_t index = 0;  // of its mask of lanes that have written it
  uint8_t bytes = 0;   // per lane; 0: a predicate, one bit per lane
};

// What the warp does about an instruction; all but Next need its whole state.
enum class Flow : uint8_t { Next, Branch, Return, Barrier, WarpWide };

enum class Rounding : uint8_t { Nearest, Zero, Down, Up };

enum class Space : uint8_t { Generic, Global, Constant, Shared, Local, Parameter };

struct Instruction {
  Step step = nullptr;
  Step inner = nullptr;  // what `step` calls under changed float rules
  Flow flow = Flow::Next;
  bool guarded = false;
  bool guardNegated = false;
  uint8_t outputs = 0;
  uint8_t operands = 0;  // outputs first
  uint8_t vector = 1;    // elements of a vector load or store
  uint8_t mode = 0;      // the step's own: comparison, kind of shuffle, ...
  Rounding rounding = Rounding::Nearest;
  bool flush = false;     // ftz
  bool saturate = false;  // sat
  Space space = Space::Generic;
  Register guard;
  std::array<Register, 7> operand;
  int64_t offset = 0;   // of an address
  uint32_t target = 0;  // of a branch
  uint32_t line = 0;
};

struct Variable {
  std::string name;
  Space space = Space::Global;
  uint64_t size = 0;
  uint64_t alignment = 1;
  std::vector<uint8_t> initial;  // empty: zeros
  // Bytes of `initial` that hold another variable's address.
  std::vector<std::pair<uint64_t, std::string>> addresses;
};

struct Parameter {
  uint32_t offset = 0;
  uint32_t size = 0;
};

struct Immediate {
  Register where;
  uint64_t value = 0;
};

// Its address is known only when the module is loaded, or the kernel launched.
struct SymbolImmediate {
  Register where;
  std::string variable;
  bool dynamicShared = false;
};

enum class Special : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  LaneMaskLt,
  LaneMaskLe,
  LaneMaskGt,
  LaneMaskGe,
  LaneMaskEq,
  SmId,
  NsmId,
  Clock,
};

struct SpecialRegister {
  Register where;
  Special which;
};

struct Kernel {
  std::string name;
  std::vector<Instruction> code;
  std::vector<Parameter> parameters;
  uint32_t parameterBytes = 0;
  uint32_t sharedBytes = 0;  // static
  uint32_t localBytes = 0;   // a thread
  uint32_t maxThreads = 1024;
  uint32_t fileBytes = 0;
  uint32_t registers = 0;
  uint32_t declaredRegisters = 0;
  std::vector<Immediate> immediates;
  std::vector<SymbolImmediate> symbols;
  std::vector<SpecialRegister> specials;
  std::vector<std::string> registerNames;  // by index
};

struct Module {
  std::vector<std::string> lines;
  std::map<std::string, std::unique_ptr<Kernel>> kernels;
  std::vector<Variable> variables;
};

// Generic addresses of shared and local memory: windows that no allocation can have.
constexpr uint64_t SHARED_WINDOW = 1ULL << 60;
constexpr uint64_t LOCAL_WINDOW = 1ULL << 61;
constexpr uint64_t WINDOW_BYTES = 1ULL << 32;

}  // namespace sluice
