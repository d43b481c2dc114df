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
  /** The deepest product whose workspace oneDNN keeps on the stack, on AVX2 and on AVX-512. */
  static final int SAFE_DEPTH = 84;

  private OneDnn() {}

  static void check(int returned, String call) {
    check(call, returned == dnnl_success() ? NativeCalls.fault(call) : returned);
  }

  private static void check(String call, int status) {
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
    throw new NativeException(call, status, name, reason(status));
  }

  /** What oneDNN's documentation says, since the library itself gives the number alone. */
  private static String reason(int status) {
    return switch (status) {
      case 2 -> "an argument is wrong, or two do not fit each other";
      case 3, 4 -> "oneDNN has no implementation for it";
      case 5 -> "it failed while it ran";
      default -> "oneDNN says no more";
    };
  }

  /**
   * Makes something: {@code make} writes its handle to the pointer it gets. Whoever asks has to
   * {@link #destroy} it.
   */
  static MemorySegment create(String call, ToIntFunction<MemorySegment> make) {
    try (var arena = Arena.ofConfined()) {
      var handle = arena.allocate(ValueLayout.ADDRESS);
      int fault = NativeCalls.fault(call);
      check(call, fault != 0 ? fault : make.applyAsInt(handle));
      NativeCalls.opened();
      return handle.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Ends something; null, where making it failed, is let be. The status is not looked at: oneDNN
   * gives none but success here, and nobody could do more.
   */
  static void destroy(MemorySegment handle, ToIntFunction<MemorySegment> destroy) {
    if (handle != null) {
      destroy.applyAsInt(handle);
      NativeCalls.closed();
    }
  }

  /** Something that belongs to another object; NULL is a failure. */
  static MemorySegment part(String call, MemorySegment found) {
    int fault = NativeCalls.fault(call);
    if (fault != 0) {
      check(call, fault);
    }
    if (found.equals(MemorySegment.NULL)) {
      check(call, dnnl_invalid_arguments());
    }
    return found;
  }

  static MemorySegment stream(OneDnnEngine engine) {
    return create(
        "dnnl_stream_create",
        out -> dnnl_stream_create(out, engine.handle(), dnnl_stream_in_order()));
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

  /** Whether the CPU has tiles of bfloat16. */
  static boolean hasAmx() {
    int bits = dnnl_cpu_isa_avx512_core_amx();
    return (dnnl_get_effective_cpu_isa() & bits) == bits;
  }

  static String version() {
    var v = dnnl_version().reinterpret(dnnl_version_t.sizeof());
    return dnnl_version_t.major(v) + "." + dnnl_version_t.minor(v) + "." + dnnl_version_t.patch(v);
  }

  /**
   * c = beta * c + op(a) op(b), row-major, in slices of at most {@link #SAFE_DEPTH} of k.
   *
   * <p>Up to there oneDNN keeps its workspace on the stack. Beyond, in 3.11, its kernels point the
   * stack register into a block of the heap, and a signal that then comes in, as profilers send
   * them, is written over what lies below that block.
   */
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
    sgemm(
        transposeA,
        transposeB,
        m,
        n,
        k,
        a.address(),
        lda,
        b.address(),
        ldb,
        beta,
        c.address(),
        ldc);
  }

  /** The same for addresses. */
  static void sgemm(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      long a,
      long lda,
      long b,
      long ldb,
      float beta,
      long c,
      long ldc) {
    long slices = Math.max(1, (k + SAFE_DEPTH - 1) / SAFE_DEPTH);
    for (long slice = 0; slice < slices; slice++) {
      long from = k * slice / slices;
      slice(
          transposeA,
          transposeB,
          m,
          n,
          k * (slice + 1) / slices - from,
          a + 4 * from * (transposeA ? lda : 1),
          lda,
          b + 4 * from * (transposeB ? 1 : ldb),
          ldb,
          from == 0 ? beta : 1,
          c,
          ldc);
    }
  }

  private static void slice(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      long a,
      long lda,
      long b,
      long ldb,
      float beta,
      long c,
      long ldc) {
    byte ta = (byte) (transposeA ? 'T' : 'N');
    byte tb = (byte) (transposeB ? 'T' : 'N');
    var left = MemorySegment.ofAddress(a);
    var right = MemorySegment.ofAddress(b);
    var to = MemorySegment.ofAddress(c);
    // Where k is 0 a leading dimension may be, which oneDNN refuses.
    check(
        dnnl_sgemm(
            ta, tb, m, n, k, 1, left, Math.max(lda, 1), right, Math.max(ldb, 1), beta, to, ldc),
        "dnnl_sgemm");
  }
}
