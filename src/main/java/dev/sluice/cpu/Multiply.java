package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;

/**
 * Matrix products of one element type: {@code c = beta * c + op(a) op(b)}, row-major with leading
 * dimensions, since halves of a bidirectional output are columns of a wider matrix.
 */
interface Multiply {
  void run(
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
      long ldc);

  /** float32 by oneDNN, its factors rounded where the engine does so. */
  Multiply FLOATS =
      (stream, ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc) -> {
        if (m == 0 || n == 0) {
          return;
        }
        if (k == 0) {
          // There oneDNN leaves c as it is on some processors.
          plain(Reals.FLOATS, ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc);
          return;
        }
        stream.team().bind();
        if (!stream.products().multiply(stream, ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc)) {
          OneDnn.sgemm(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc);
        }
      };

  /** float64 by plain loops, for gradient checks: oneDNN has none. */
  Multiply DOUBLES =
      (stream, ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc) ->
          plain(Reals.DOUBLES, ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc);

  private static void plain(
      Reals reals,
      boolean ta,
      boolean tb,
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
    for (long i = 0; i < m; i++) {
      for (long j = 0; j < n; j++) {
        double sum = 0;
        for (long p = 0; p < k; p++) {
          sum +=
              reals.get(a, ta ? p * lda + i : i * lda + p)
                  * reals.get(b, tb ? j * ldb + p : p * ldb + j);
        }
        double old = beta == 0 ? 0 : beta * reals.get(c, i * ldc + j);
        reals.set(c, i * ldc + j, old + sum);
      }
    }
  }

  static Multiply of(Reals reals) {
    return reals == Reals.FLOATS ? FLOATS : DOUBLES;
  }
}
