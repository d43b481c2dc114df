package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import dev.sluice.NativeException;
import dev.sluice.OutOfDeviceMemoryException;
import dev.sluice.bindings.onednn.dnnl_version_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.ToIntFunction;

/** oneDNN with its statuses checked and its out-parameters folded; no policy. */
final class OneDnn {
  private OneDnn() {}

  static void check(int status, String call) {
    if (status == dnnl_success()) {
      return;
    }
    String name =
        switch (status) {
          case 1 -> "dnnl_out_of_memory";
          case 2 -> "dnnl_invalid_arguments";
          case 3 -> "dnnl_unimplemented";
          case 4 -> "dnnl_last_impl_reached";
          case 5 -> "dnnl_runtime_error";
          case 6 -> "dnnl_not_required";
          case 7 -> "dnnl_invalid_graph";
          default -> "an unknown status";
        };
    if (status == dnnl_out_of_memory()) {
      throw new OutOfDeviceMemoryException(
          call, status, name, "the system has no room; use smaller shapes");
    }
    throw new NativeException(call, status, name, "");
  }

  /** Makes something: {@code make} writes its handle to the pointer it gets. */
  static MemorySegment create(String call, ToIntFunction<MemorySegment> make) {
    try (var arena = Arena.ofConfined()) {
      var handle = arena.allocate(ValueLayout.ADDRESS);
      check(make.applyAsInt(handle), call);
      return handle.get(ValueLayout.ADDRESS, 0);
    }
  }

  static MemorySegment engine() {
    return create("dnnl_engine_create", out -> dnnl_engine_create(out, dnnl_cpu(), 0));
  }

  static MemorySegment stream(MemorySegment engine) {
    return create(
        "dnnl_stream_create", out -> dnnl_stream_create(out, engine, dnnl_stream_in_order()));
  }

  /** A float32 memory descriptor in a named layout. */
  static MemorySegment tagged(Arena arena, int tag, long... dims) {
    var sizes = arena.allocateFrom(ValueLayout.JAVA_LONG, dims);
    return create(
        "dnnl_memory_desc_create_with_tag",
        out -> dnnl_memory_desc_create_with_tag(out, dims.length, sizes, dnnl_f32(), tag));
  }

  /** What oneDNN generates code for: avx2, avx512_core_amx. */
  static String isa() {
    return switch (dnnl_get_effective_cpu_isa()) {
      case 0x1 -> "sse41";
      case 0x3 -> "avx";
      case 0x7 -> "avx2";
      case 0xf -> "avx2_vnni";
      case 0x1f -> "avx2_vnni_2";
      case 0x27 -> "avx512_core";
      case 0x67 -> "avx512_core_vnni";
      case 0xe7 -> "avx512_core_bf16";
      case 0x1ef -> "avx512_core_fp16";
      case 0xfef -> "avx512_core_amx";
      case 0x1fef -> "avx512_core_amx_fp16";
      default -> "isa" + Integer.toHexString(dnnl_get_effective_cpu_isa());
    };
  }

  static String version() {
    var v = dnnl_version().reinterpret(dnnl_version_t.sizeof());
    return dnnl_version_t.major(v) + "." + dnnl_version_t.minor(v) + "." + dnnl_version_t.patch(v);
  }

  /** c = beta * c + op(a) op(b), row-major. */
  static void sgemm(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      MemorySegment a,
      long lda,
      MemorySegment b,
      long ldb,
      float beta,
      MemorySegment c,
      long ldc) {
    byte ta = (byte) (transposeA ? 'T' : 'N');
    byte tb = (byte) (transposeB ? 'T' : 'N');
    // Where k is 0 a leading dimension may be, which oneDNN refuses.
    check(
        dnnl_sgemm(ta, tb, m, n, k, 1, a, Math.max(lda, 1), b, Math.max(ldb, 1), beta, c, ldc),
        "dnnl_sgemm");
  }
}
