#include "parser.h"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "kernel_builder.h"
#include "mnemonic.h"

namespace sluice {

namespace {

class Parser {
 public:
  Parser(const std::vector<Token>& tokens, Module& module) : cursor_(tokens), module_(module) {}

  void parse() {
    while (!cursor_.done()) statement();
  }

 private:
  void statement() {
    uint32_t line = cursor_.line();
    std::string word = cursor_.next();
    if (word == ".version") return version();
    if (word == ".target") return target();
    if (word == ".address_size") return addressSize();
    if (word == ".visible" || word == ".extern" || word == ".weak" || word == ".common") {
      external_ = word == ".extern";
      return;
    }
    if (word == ".entry") return entry();
    if (word == ".global") return variable(Space::Global);
    if (word == ".const") return variable(Space::Constant);
    if (word == ".shared") return variable(Space::Shared);
    if (word == ".file") {
      while (!cursor_.done() && cursor_.line() == line) cursor_.next();
      return;
    }
    if (word == ".pragma") return cursor_.skipPast(";");
    throw ParseError(line, "`" + word + "` isn't known to the simulator");
  }

  void version() {
    uint32_t line = cursor_.line();
    std::string number = cursor_.next();
    if (std::stod(number) > 8.8) throw VersionError(line, "unsupported .version " + number);
  }

  void target() {
    do cursor_.next();
    while (cursor_.accept(","));
  }

  void addressSize() {
    if (cursor_.number() != 64) throw ParseError(cursor_.line(), "only 64-bit addresses are known");
  }

  void variable(Space space) {
    Variable made;
    made.space = space;
    uint64_t alignment = 0;
    if (cursor_.accept(".align")) alignment = cursor_.number();
    uint32_t line = cursor_.line();
    int element = typeBytes(cursor_.next().substr(1));
    if (element <= 0) throw ParseError(line, "a type of variable that isn't known");
    made.alignment = alignment ? alignment : element;
    made.name = cursor_.next();
    uint64_t count = 1;
    bool open = false;
    while (cursor_.accept("[")) {
      if (cursor_.accept("]")) {
        open = true;
        continue;
      }
      count *= cursor_.number();
      cursor_.expect("]");
    }
    made.size = count * element;
    if (cursor_.accept("=")) initial(made, element);
    cursor_.expect(";");
    if (space == Space::Shared && !open)
      throw ParseError(line, "shared memory outside of a kernel isn't known to the simulator");
    if (open && !external_) throw ParseError(line, "an array without a size");
    external_ = false;
    module_.variables.push_back(std::move(made));
  }

  void initial(Variable& into, int element) {
    into.initial.assign(into.size, 0);
    uint64_t at = 0;
    int depth = 0;
    do {
      while (cursor_.accept("{")) depth++;
      value(into, at, element);
      at += element;
      while (depth && cursor_.accept("}")) depth--;
    } while (cursor_.accept(","));
  }

  void value(Variable& into, uint64_t at, int element) {
    uint32_t line = cursor_.line();
    if (at + element > into.size)
      throw ParseError(line, "more values than " + into.name + " holds");
    std::string word(cursor_.peek());
    uint64_t bits = 0;
    if (word.size() > 2 && (word[1] == 'f' || word[1] == 'F' || word[1] == 'd' || word[1] == 'D')) {
      bits = std::stoull(cursor_.next().substr(2), nullptr, 16);
    } else if (word == "generic" || (word[0] != '-' && !std::isdigit((unsigned char)word[0]))) {
      bool wrapped = cursor_.accept("generic");
      if (wrapped) cursor_.expect("(");
      into.addresses.emplace_back(at, cursor_.next());
      if (wrapped) cursor_.expect(")");
      return;
    } else {
      bits = cursor_.number();
    }
    std::memcpy(into.initial.data() + at, &bits, element);
  }

  void entry() {
    auto kernel = std::make_unique<Kernel>();
    kernel->name = cursor_.next();
    KernelBuilder builder(*kernel, [this](const std::string& name) { return find(name); });
    if (cursor_.accept("(")) {
      while (!cursor_.accept(")")) {
        parameter(builder);
        cursor_.accept(",");
      }
    }
    while (!cursor_.accept("{")) limit(*kernel);
    builder.body(cursor_);
    module_.kernels[kernel->name] = std::move(kernel);
  }

  // .param .u64 name   .param .align 4 .b8 name[12]   .param .u64 .ptr .align 4 name
  void parameter(KernelBuilder& builder) {
    cursor_.expect(".param");
    uint64_t alignment = 0;
    if (cursor_.accept(".align")) alignment = cursor_.number();
    uint32_t line = cursor_.line();
    int bytes = typeBytes(cursor_.next().substr(1));
    if (bytes <= 0) throw ParseError(line, "a type of parameter that isn't known");
    if (cursor_.accept(".ptr")) {
      while (cursor_.peek()[0] == '.')
        if (cursor_.next() == ".align") cursor_.number();
    }
    std::string name = cursor_.next();
    uint64_t count = 1;
    if (cursor_.accept("[")) {
      count = cursor_.number();
      cursor_.expect("]");
    }
    builder.parameter(name, count * bytes, alignment ? alignment : bytes);
  }

  // .maxntid 256, 1, 1   .minnctapersm 2
  void limit(Kernel& kernel) {
    uint32_t line = cursor_.line();
    std::string word = cursor_.next();
    if (word != ".maxntid" && word != ".reqntid" && word != ".minnctapersm" && word != ".maxnreg")
      throw ParseError(line, "`" + word + "` isn't known to the simulator");
    uint64_t product = 1;
    do product *= cursor_.number();
    while (cursor_.accept(","));
    if (word == ".maxntid" || word == ".reqntid")
      kernel.maxThreads = static_cast<uint32_t>(product);
  }

  const Variable* find(const std::string& name) const {
    for (const Variable& variable : module_.variables)
      if (variable.name == name) return &variable;
    return nullptr;
  }

  Cursor cursor_;
  Module& module_;
  bool external_ = false;
};

}  // namespace

std::unique_ptr<Module> parsePtx(const std::string& source) {
  auto module = std::make_unique<Module>();
  std::istringstream in(source);
  for (std::string line; std::getline(in, line);) {
    size_t first = line.find_first_not_of(" \t");
    size_t last = line.find_last_not_of(" \t\r");
    module->lines.push_back(first == std::string::npos ? "" : line.substr(first, last + 1 - first));
  }
  std::vector<Token> tokens = tokenize(source);
  Parser(tokens, *module).parse();
  return module;
}

}  // namespace sluice
