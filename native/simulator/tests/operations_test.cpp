// Single instructions on chosen operands: the edges that kernels seldom reach. Each row becomes a
// kernel of its own. What is expected is from the PTX manual, or plain arithmetic.
#include <cstring>
#include <limits>

#include "driver.h"

namespace {

// Types of result and operands: h 16, r 32, d 64 bits, p a predicate (1 or 0); `#` before an
// operand makes it an immediate.
struct Row {
  const char* instruction;
  const char* types;
  std::vector<uint64_t> operands;
  uint64_t expected;
};

uint64_t f(float v) {
  uint32_t bits;
  std::memcpy(&bits, &v, 4);
  return bits;
}

uint64_t d(double v) {
  uint64_t bits;
  std::memcpy(&bits, &v, 8);
  return bits;
}

constexpr uint64_t NAN32 = 0x7FC00000, INF32 = 0x7F800000, SUBNORMAL = 0x00400000;
constexpr uint64_t MINUS0 = 0x80000000, LOWEST = 0x80000000, ALL32 = 0xFFFFFFFF;
constexpr uint64_t ALL64 = ~0ull, LOWEST64 = 1ull << 63;

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      // Integers
      {"add.s32", "rrr", {0x7FFFFFFF, 1}, LOWEST},
      {"add.u16", "hhh", {0xFFFF, 2}, 1},
      {"sub.s64", "ddd", {0, 1}, ALL64},
      {"mul.lo.s32", "rrr", {0x10001, 0x10001}, 0x20001},
      {"mul.lo.s16", "hhh", {0xFFFF, 0xFFFF}, 1},
      {"mul.hi.u32", "rrr", {ALL32, ALL32}, 0xFFFFFFFE},
      {"mul.hi.s32", "rrr", {LOWEST, 2}, ALL32},
      {"mul.hi.u64", "ddd", {ALL64, ALL64}, ALL64 - 1},
      {"mul.hi.s64", "ddd", {ALL64, 5}, ALL64},
      {"mul.wide.s32", "drr", {ALL32, 3}, ALL64 - 2},
      {"mul.wide.u32", "drr", {ALL32, 3}, 0x2FFFFFFFDull},
      {"mul.wide.s16", "rhh", {0x8000, 0x8000}, 0x40000000},
      {"mad.lo.s32", "rrrr", {7, 6, ALL32}, 41},
      {"mad.wide.u32", "drrd", {ALL32, 2, 1}, 0x1FFFFFFFFull},
      {"mad.hi.u32", "rrrr", {LOWEST, 4, 1}, 3},
      {"div.s32", "rrr", {uint32_t(-7), 2}, uint32_t(-3)},
      {"div.s32", "rrr", {LOWEST, ALL32}, LOWEST},
      {"rem.s32", "rrr", {uint32_t(-7), 2}, ALL32},
      {"rem.s32", "rrr", {LOWEST, ALL32}, 0},
      {"div.u32", "rrr", {ALL32, 2}, 0x7FFFFFFF},
      {"div.s64", "ddd", {uint64_t(-9), 4}, uint64_t(-2)},
      {"rem.u64", "ddd", {ALL64, 10}, 5},
      {"min.s32", "rrr", {ALL32, 1}, ALL32},
      {"min.u32", "rrr", {ALL32, 1}, 1},
      {"max.s64", "ddd", {ALL64, 1}, 1},
      {"abs.s32", "rr", {uint32_t(-5)}, 5},
      {"neg.s16", "hh", {1}, 0xFFFF},
      {"sad.u32", "rrrr", {3, 10, 5}, 12},
      {"shl.b32", "rrr", {1, 31}, LOWEST},
      {"shl.b32", "rrr", {1, 32}, 0},
      {"shr.u32", "rrr", {LOWEST, 31}, 1},
      {"shr.s32", "rrr", {LOWEST, 40}, ALL32},
      {"shr.s64", "ddr", {LOWEST64, 63}, ALL64},
      {"shr.u64", "ddr", {LOWEST64, 64}, 0},
      // Bits
      {"and.b32", "rrr", {0xF0F0, 0xFF00}, 0xF000},
      {"xor.b64", "ddd", {ALL64, 1}, ALL64 - 1},
      {"not.b16", "hh", {0}, 0xFFFF},
      {"popc.b32", "rr", {0xF0F00001}, 9},
      {"popc.b64", "rd", {ALL64}, 64},
      {"clz.b32", "rr", {1}, 31},
      {"clz.b32", "rr", {0}, 32},
      {"clz.b64", "rd", {1}, 63},
      {"bfind.u32", "rr", {0x100}, 8},
      {"bfind.u32", "rr", {0}, ALL32},
      {"bfind.s32", "rr", {ALL32}, ALL32},
      {"bfind.shiftamt.u32", "rr", {0x100}, 23},
      {"brev.b32", "rr", {1}, LOWEST},
      {"brev.b64", "dd", {2}, 1ull << 62},
      {"bfe.u32", "rrrr", {0xABCD1234, 8, 8}, 0x12},
      {"bfe.s32", "rrrr", {0xABCD1234, 24, 8}, 0xFFFFFFAB},
      {"bfe.s32", "rrrr", {0x80000000, 28, 16}, 0xFFFFFFF8},
      {"bfe.u32", "rrrr", {ALL32, 4, 0}, 0},
      {"bfi.b32", "rrrrr", {0xF, 0, 28, 8}, 0xF0000000},
      {"bfi.b32", "rrrrr", {0x5, ALL32, 4, 4}, 0xFFFFFF5F},
      {"lop3.b32", "rrrr#r", {0xF0F0F0F0, 0xCCCCCCCC, 0xAAAAAAAA, 0x96}, 0x96969696},
      {"shf.l.wrap.b32", "rrrr", {0x80000000, 1, 1}, 3},
      {"shf.r.wrap.b32", "rrrr", {2, 1, 33}, 0x80000001},
      {"shf.r.clamp.b32", "rrrr", {2, 7, 40}, 7},
      {"prmt.b32", "rrrr", {0x33221100, 0x77665544, 0x7250}, 0x77225500},
      {"prmt.b32", "rrrr", {0x00000080, 0, 0x8888}, ALL32},
      {"cnot.b32", "rr", {0}, 1},
      // Floats
      {"add.f32", "rrr", {f(1), f(0x1p-24f)}, f(1)},
      {"add.rz.f32", "rrr", {f(1), f(-0x1p-30f)}, f(1 - 0x1p-24f)},
      {"add.rm.f32", "rrr", {f(-1), f(-0x1p-30f)}, f(-1 - 0x1p-23f)},
      {"add.rp.f32", "rrr", {f(1), f(0x1p-30f)}, f(1 + 0x1p-23f)},
      {"add.ftz.f32", "rrr", {SUBNORMAL, 0}, 0},
      {"add.f32", "rrr", {SUBNORMAL, 0}, SUBNORMAL},
      {"mul.ftz.f32", "rrr", {f(0x1p-100f), f(-0x1p-40f)}, MINUS0},
      {"mul.f32", "rrr", {f(0x1p-100f), f(-0x1p-40f)}, f(-0x1p-140f)},
      {"add.sat.f32", "rrr", {f(3), f(4)}, f(1)},
      {"add.sat.f32", "rrr", {f(3), f(-4)}, f(0)},
      {"add.sat.f32", "rrr", {NAN32, f(-4)}, f(0)},
      {"fma.rn.f32", "rrrr", {f(1 + 0x1p-12f), f(1 + 0x1p-12f), f(-1)}, f(0x1p-11f + 0x1p-24f)},
      {"fma.rm.f32", "rrrr", {f(1), f(1), f(0x1p-30f)}, f(1)},
      {"fma.rp.f32", "rrrr", {f(1), f(1), f(0x1p-30f)}, f(1 + 0x1p-23f)},
      {"div.rn.f32", "rrr", {f(1), f(3)}, f(1.f / 3)},
      {"div.rn.f32", "rrr", {f(1), f(0)}, INF32},
      {"rcp.rn.f32", "rr", {f(3)}, f(1.f / 3)},
      {"rcp.approx.ftz.f32", "rr", {SUBNORMAL}, INF32},
      {"sqrt.rn.f32", "rr", {f(2)}, f(1.41421356f)},
      {"rsqrt.approx.f32", "rr", {f(4)}, f(0.5f)},
      {"ex2.approx.ftz.f32", "rr", {f(10)}, f(1024)},
      {"ex2.approx.ftz.f32", "rr", {f(-140)}, 0},
      {"lg2.approx.f32", "rr", {f(1024)}, f(10)},
      {"min.f32", "rrr", {NAN32, f(2)}, f(2)},
      {"max.f32", "rrr", {f(2), NAN32}, f(2)},
      {"min.f32", "rrr", {f(0), MINUS0}, MINUS0},
      {"max.f32", "rrr", {MINUS0, f(0)}, f(0)},
      {"neg.f32", "rr", {f(0)}, MINUS0},
      {"abs.f32", "rr", {f(-3)}, f(3)},
      {"copysign.f32", "rrr", {f(-1), f(5)}, f(-5)},
      {"add.f64", "ddd", {d(0.1), d(0.2)}, d(0.1 + 0.2)},
      {"fma.rn.f64", "dddd", {d(3), d(4), d(5)}, d(17)},
      {"div.rn.f64", "ddd", {d(1), d(3)}, d(1.0 / 3)},
      {"rcp.approx.ftz.f64", "dd", {d(2) | 0xFFFF}, d(0.5)},
      {"add.f16", "hhh", {0x3C00, 0x3C00}, 0x4000},
      {"mul.f16", "hhh", {0x7800, 0x7800}, 0x7C00},
      {"fma.rn.f16", "hhhh", {0x4000, 0x4200, 0xC600}, 0},
      {"add.f16x2", "rrr", {0x3C004000, 0x3C003C00}, 0x40004200},
      // Conversions
      {"cvt.rzi.s32.f32", "rr", {f(-2.9f)}, uint32_t(-2)},
      {"cvt.rni.s32.f32", "rr", {f(2.5f)}, 2},
      {"cvt.rni.s32.f32", "rr", {f(3.5f)}, 4},
      {"cvt.rmi.s32.f32", "rr", {f(-0.5f)}, ALL32},
      {"cvt.rpi.s32.f32", "rr", {f(0.5f)}, 1},
      {"cvt.rzi.s32.f32", "rr", {f(3e9f)}, 0x7FFFFFFF},
      {"cvt.rzi.u32.f32", "rr", {f(-3)}, 0},
      {"cvt.rzi.u32.f32", "rr", {f(5e9f)}, ALL32},
      {"cvt.rzi.s32.f32", "rr", {NAN32}, 0},
      {"cvt.rzi.u64.f32", "dr", {f(1e19f)}, 9999999980506447872ull},
      {"cvt.rni.f32.f32", "rr", {f(2.5f)}, f(2)},
      {"cvt.rmi.f32.f32", "rr", {f(-2.5f)}, f(-3)},
      {"cvt.sat.f32.f32", "rr", {f(2.5f)}, f(1)},
      {"cvt.rn.f32.s32", "rr", {16777217}, f(16777216)},
      {"cvt.rp.f32.s32", "rr", {16777217}, f(16777218)},
      {"cvt.rn.f32.u64", "rd", {ALL64}, f(0x1p64f)},
      {"cvt.f64.f32", "dr", {f(0.1f)}, d(double(0.1f))},
      {"cvt.rn.f32.f64", "rd", {d(0.1)}, f(0.1f)},
      {"cvt.rz.f32.f64", "rd", {d(0.7)}, 0x3F333333},
      {"cvt.rn.f16.f32", "hr", {f(65520)}, 0x7C00},
      {"cvt.rn.f16.f32", "hr", {f(2049)}, 0x6800},
      {"cvt.rn.f16.f32", "hr", {f(0x1p-24f)}, 1},
      {"cvt.f32.f16", "rh", {0x0001}, f(0x1p-24f)},
      {"cvt.f32.f16", "rh", {0xFC00}, 0xFF800000},
      {"cvt.s64.s32", "dr", {ALL32}, ALL64},
      {"cvt.u64.u32", "dr", {ALL32}, ALL32},
      {"cvt.s64.s32", "dd", {0x1FFFFFFFFull}, ALL64},
      {"cvt.u32.u64", "rd", {0x123456789ull}, 0x23456789},
      {"cvt.s32.s8", "rr", {0x1FF}, ALL32},
      {"cvt.u16.u8", "hh", {0x1FF}, 0xFF},
      {"cvt.s16.s8", "hr", {0x80}, 0xFF80},
      {"cvt.sat.u8.s32", "rr", {300}, 255},
      {"cvt.sat.s8.s32", "rr", {uint32_t(-300)}, uint32_t(-128)},
      // Comparisons and choices
      {"setp.lt.s32", "prr", {ALL32, 0}, 1},
      {"setp.lt.u32", "prr", {ALL32, 0}, 0},
      {"setp.hi.u32", "prr", {ALL32, 0}, 1},
      {"setp.eq.f32", "prr", {NAN32, NAN32}, 0},
      {"setp.ne.f32", "prr", {NAN32, f(1)}, 0},
      {"setp.neu.f32", "prr", {NAN32, f(1)}, 1},
      {"setp.ltu.f32", "prr", {NAN32, f(1)}, 1},
      {"setp.ge.f32", "prr", {f(0), MINUS0}, 1},
      {"setp.num.f32", "prr", {f(0), NAN32}, 0},
      {"setp.nan.f32", "prr", {f(0), NAN32}, 1},
      {"setp.gt.ftz.f32", "prr", {SUBNORMAL, 0}, 0},
      {"setp.lt.and.s32", "prrp", {1, 2, 0}, 0},
      {"setp.lt.or.s32", "prrp", {3, 2, 1}, 1},
      {"setp.lt.xor.s32", "prrp", {1, 2, 1}, 0},
      {"setp.eq.b64", "pdd", {ALL64, ALL64}, 1},
      {"setp.gt.f16", "phh", {0x3C00, 0xBC00}, 1},
      {"set.gt.f16.f16", "hhh", {0x3C00, 0xBC00}, 0x3C00},
      {"set.gt.f16x2.f16x2", "rrr", {0x3C00BC00, 0xBC003C00}, 0x3C000000},
      {"set.le.u32.f32", "rrr", {f(1), f(1)}, ALL32},
      {"selp.b32", "rrrp", {5, 6, 1}, 5},
      {"selp.f64", "dddp", {5, 6, 0}, 6},
      {"testp.infinite.f32", "pr", {INF32}, 1},
      {"testp.notanumber.f32", "pr", {INF32}, 0},
      {"and.pred", "ppp", {1, 0}, 0},
      {"or.pred", "ppp", {1, 0}, 1},
      {"xor.pred", "ppp", {1, 1}, 0},
      {"not.pred", "pp", {0}, 1},
      // Warps: here of one lane
      {"vote.sync.ballot.b32", "rp#r", {1, 1}, 1},
      {"vote.sync.all.pred", "pp#r", {1, 1}, 1},
      {"match.any.sync.b32", "rr#r", {9, 1}, 1},
      {"activemask.b32", "r", {}, 1},
  };
  return all;
}

int bytesOf(char type) { return type == 'h' ? 2 : type == 'd' ? 8 : 4; }

const char* registerType(char type) {
  return type == 'h' ? "b16" : type == 'd' ? "b64" : type == 'p' ? "pred" : "b32";
}

// Operands come from memory, 8 bytes each, and so does the result go.
std::string kernelFor(const Row& row, size_t number) {
  std::string declared, loads, call, store;
  int operand = -1;
  bool immediate = false;
  for (const char* type = row.types; *type; type++) {
    if (*type == '#') {
      immediate = true;
      continue;
    }
    std::string name = "%x" + std::to_string(operand + 1);
    if (immediate) {
      call += ", " + std::to_string(row.operands[operand]);
    } else {
      declared += std::string("  .reg .") + registerType(*type) + " " + name + ";\n";
      call += (operand < 0 ? "" : ", ") + name;
      std::string at = "[%rd2+" + std::to_string(8 * operand) + "];\n";
      if (operand >= 0 && *type == 'p')
        loads += "  ld.global.u32 %r1, " + at + "  setp.ne.u32 " + name + ", %r1, 0;\n";
      else if (operand >= 0)
        loads += std::string("  ld.global.") + registerType(*type) + " " + name + ", " + at;
    }
    immediate = false;
    operand++;
  }
  if (row.types[0] == 'p') store = "  selp.u32 %r1, 1, 0, %x0;\n  st.global.u32 [%rd1], %r1;\n";
  else store = std::string("  st.global.") + registerType(row.types[0]) + " [%rd1], %x0;\n";
  return ".visible .entry k" + std::to_string(number) + "(.param .u64 to, .param .u64 from)\n{\n" +
         "  .reg .b64 %rd<3>;\n  .reg .b32 %r<2>;\n" + declared +
         "  ld.param.u64 %rd1, [to];\n  ld.param.u64 %rd2, [from];\n" + loads + "  " +
         row.instruction + " " + call + ";\n" + store + "  ret;\n}\n";
}

CASE(every_row) {
  cuInit(0);
  Handle context = nullptr, module = nullptr;
  cuDevicePrimaryCtxRetain(&context, 0);
  cuCtxSetCurrent(context);
  std::string source = ".version 8.0\n.target sm_75\n.address_size 64\n";
  for (size_t i = 0; i < rows().size(); i++) source += kernelFor(rows()[i], i);
  EXPECT_EQUAL(0, cuModuleLoadDataEx(&module, source.c_str(), 0, nullptr, nullptr));
  EXPECT_NO_REPORT();
  auto to = allocate(8), from = allocate(64);
  for (size_t i = 0; i < rows().size(); i++) {
    const Row& row = rows()[i];
    Handle kernel = nullptr;
    EXPECT_EQUAL(0, cuModuleGetFunction(&kernel, module, ("k" + std::to_string(i)).c_str()));
    std::vector<uint64_t> operands = row.operands;
    operands.resize(8);
    EXPECT_EQUAL(0, cuMemcpyHtoD_v2(from, operands.data(), 64));
    void* values[] = {&to, &from};
    EXPECT_EQUAL(0, cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, nullptr, values, nullptr));
    uint64_t got = 0;
    EXPECT_EQUAL(0, cuMemcpyDtoH_v2(&got, to, bytesOf(row.types[0])));
    char message[200];
    std::snprintf(message, sizeof message, "%s %s, row %zu: expected %#llx, got %#llx",
                  row.instruction, row.types, i, (unsigned long long)row.expected,
                  (unsigned long long)got);
    expect(got == row.expected, message, __LINE__, report());
  }
}

}  // namespace

int main() { return runCases(sluice_sim_reset); }
