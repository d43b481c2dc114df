package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A stream's float32 matrix products that go by primitives: those whose factors are rounded, and on
 * AVX2 large ones, which {@link OneDnn#sgemm} cuts into thin slices. There is a primitive for each
 * shape; the latest used are kept.
 */
final class Products implements AutoCloseable {
  private static final int KEPT = 128;

  /** Multiplications that are worth a primitive and two roundings. */
  private static final long WORTH_ROUNDING = 1 << 18;

  /** Multiplications, and a depth, from which a primitive is faster than slices: measured. */
  private static final long LARGE = 1 << 24;

  private static final long DEEP = 256;

  private record Key(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      long lda,
      long ldb,
      long ldc,
      boolean add) {}

  private final OneDnnEngine engine;

  /**
   * With AVX-512 oneDNN splits a depth of 2,048 and more among threads: bits would depend on them.
   */
  private final boolean whole = OneDnn.isa().startsWith("avx2");

  private final SequencedMap<Key, Primitive> primitives = new LinkedHashMap<>(16, 0.75f, true);

  Products(OneDnnEngine engine) {
    this.engine = engine;
  }

  /**
   * As {@link Multiply}.
   *
   * @return false where nothing was done: too small, or nothing that oneDNN has
   */
  boolean multiply(
      CpuStream stream,
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
    if (!worth(m, n, k) || (beta != 0 && beta != 1)) {
      return false;
    }
    var key = new Key(transposeA, transposeB, m, n, k, lda, ldb, ldc, beta == 1);
    var primitive = primitive(key);
    if (primitive != null) {
      stream.execute(primitive, Primitive.PRODUCT, a, b, c);
    }
    return primitive != null;
  }

  /** A single row or column is not for oneDNN: see {@link StepProduct}. */
  private boolean worth(long m, long n, long k) {
    long work = m * n * k;
    boolean worth = engine.rounds() ? work >= WORTH_ROUNDING : whole && k >= DEEP && work >= LARGE;
    return worth && m > 1 && n > 1;
  }

  private Primitive primitive(Key key) {
    if (!primitives.containsKey(key)) {
      primitives.put(key, Primitive.orNull(() -> made(key)));
      if (primitives.size() > KEPT) {
        close(primitives.pollFirstEntry().getValue());
      }
    }
    return primitives.get(key);
  }

  private Primitive made(Key p) {
    try (var descriptors = new Descriptors()) {
      long[] stepsA = p.transposeA ? new long[] {1, p.lda} : new long[] {p.lda, 1};
      long[] stepsB = p.transposeB ? new long[] {1, p.ldb} : new long[] {p.ldb, 1};
      int factors = engine.factors();
      return Primitive.matmul(
          engine,
          descriptors.stridedAs(factors, p.m, p.k, stepsA),
          descriptors.stridedAs(factors, p.k, p.n, stepsB),
          descriptors.strided(p.m, p.n, p.ldc, 1),
          p.add,
          Map.of(
              DNNL_ARG_SRC(), descriptors.strided(p.m, p.k, stepsA),
              DNNL_ARG_WEIGHTS(), descriptors.strided(p.k, p.n, stepsB)));
    }
  }

  private static void close(Primitive primitive) {
    if (primitive != null) {
      primitive.close();
    }
  }

  @Override
  public void close() {
    primitives.values().forEach(Products::close);
  }
}
