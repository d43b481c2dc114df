package dev.sluice.cuda;

import static dev.sluice.bindings.cublas.Cublas_h.*;

import dev.sluice.DType;
import dev.sluice.MathMode;
import dev.sluice.NativeException;
import dev.sluice.OutOfDeviceMemoryException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A cuBLAS handle of one stream, statuses checked, out-parameters folded; no policy. */
final class Cublas implements AutoCloseable {
  private final Driver driver;
  private final MemorySegment handle;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1);
  private final MemorySegment oneDouble = arena.allocateFrom(ValueLayout.JAVA_DOUBLE, 1);
  private final MemorySegment beta = arena.allocate(8, 8);

  /**
   * @param stream what products are enqueued on
   * @param workspace device memory that products may use, so that none is allocated in a capture
   * @param bytes of it
   */
  Cublas(Driver driver, MemorySegment stream, long workspace, long bytes) {
    this.driver = driver;
    try {
      driver.enter();
      this.handle = create();
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
    try {
      check("cublasSetStream", cublasSetStream_v2(handle, stream));
      check(
          "cublasSetWorkspace",
          cublasSetWorkspace_v2(handle, MemorySegment.ofAddress(workspace), bytes));
    } catch (NativeException e) {
      close();
      throw e;
    }
  }

  private MemorySegment create() {
    try (var out = Arena.ofConfined()) {
      var pointer = out.allocate(ValueLayout.ADDRESS);
      check("cublasCreate", cublasCreate_v2(pointer));
      return pointer.get(ValueLayout.ADDRESS, 0);
    }
  }

  private void check(String call, int status) {
    if (status == CUBLAS_STATUS_SUCCESS()) {
      return;
    }
    String name = cublasGetStatusName(status).getString(0);
    throw driver.explain(
        status == CUBLAS_STATUS_ALLOC_FAILED()
            ? new OutOfDeviceMemoryException(call, status, name, "close arenas or other processes")
            : new NativeException(call, status, name, cublasGetStatusString(status).getString(0)));
  }

  /** Matrices at device addresses, row-major, with the elements from one row to the next. */
  record Matrices(long a, long lda, long b, long ldb, long c, long ldc) {}

  /**
   * c = beta c + op(a) op(b), row-major: which cuBLAS, column-major, reads as c' = op(b)' op(a)'.
   *
   * @param type of all three
   */
  void multiply(
      DType type,
      MathMode math,
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Matrices at,
      float beta) {
    driver.enter();
    boolean wide = type == DType.FLOAT64;
    if (wide) {
      this.beta.set(ValueLayout.JAVA_DOUBLE, 0, beta);
    } else {
      this.beta.set(ValueLayout.JAVA_FLOAT, 0, beta);
    }
    int element = element(type);
    check(
        "cublasGemmEx",
        cublasGemmEx(
            handle,
            transposeB ? CUBLAS_OP_T() : CUBLAS_OP_N(),
            transposeA ? CUBLAS_OP_T() : CUBLAS_OP_N(),
            Math.toIntExact(n),
            Math.toIntExact(m),
            Math.toIntExact(k),
            wide ? oneDouble : one,
            MemorySegment.ofAddress(at.b),
            element,
            Math.toIntExact(at.ldb),
            MemorySegment.ofAddress(at.a),
            element,
            Math.toIntExact(at.lda),
            this.beta,
            MemorySegment.ofAddress(at.c),
            element,
            Math.toIntExact(at.ldc),
            compute(type, math),
            CUBLAS_GEMM_DEFAULT()));
  }

  private static int element(DType type) {
    return switch (type) {
      case FLOAT32 -> CUDA_R_32F();
      case FLOAT16 -> CUDA_R_16F();
      case BFLOAT16 -> CUDA_R_16BF();
      case FLOAT64 -> CUDA_R_64F();
      case INT32 ->
          throw new IllegalArgumentException("product: expected matrices of reals, got INT32");
    };
  }

  private static int compute(DType type, MathMode math) {
    if (type != DType.FLOAT32) {
      return type == DType.FLOAT64 ? CUBLAS_COMPUTE_64F() : CUBLAS_COMPUTE_32F();
    }
    return switch (math) {
      case EXACT -> CUBLAS_COMPUTE_32F();
      case TF32 -> CUBLAS_COMPUTE_32F_FAST_TF32();
      case FLOAT16 -> CUBLAS_COMPUTE_32F_FAST_16F();
      case BFLOAT16 -> CUBLAS_COMPUTE_32F_FAST_16BF();
    };
  }

  /** Destroys the handle; on a lost device it is left alone. */
  @Override
  public void close() {
    arena.close();
    if (driver.lost() == null) {
      driver.enter();
      check("cublasDestroy", cublasDestroy_v2(handle));
    }
  }
}
