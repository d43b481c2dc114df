package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;

/**
 * The pointwise part of GRU and ConvGRU, forward and backward, for one step, in two phases, since
 * with the reset before the product the candidate waits for {@code r h}.
 *
 * <p>{@code r = s(a_r), z = s(a_z)}; reset after: {@code n = tanh(a_n + r q)}, q = W_hn h + b_hn;
 * reset before: {@code n = tanh(a_n)}, a_n with W_hn (r h); {@code h' = (1 - z) n + z h}, or with
 * the blend the other way round {@code h' = (1 - z) h + z n}.
 */
final class GruGates {
  private final Reals reals;
  private final int length;
  private final boolean after;
  private final boolean update;
  private final boolean vectors;

  /**
   * @param length elements a row, L
   * @param after whether r multiplies the product
   * @param update whether z weighs the candidate, not the past
   */
  GruGates(Reals reals, int length, boolean after, boolean update) {
    this.reals = reals;
    this.length = length;
    this.after = after;
    this.update = update;
    this.vectors = VectorApi.PRESENT && reals == Reals.FLOATS && length >= Lanes.COUNT;
  }

  /**
   * One step's tensors.
   *
   * @param rz [rows, 2, L] the sums of r and z, overwritten: activations, in backward gradients
   * @param rzStride elements from one row to the next
   * @param n [rows, L] the sum of the candidate, likewise
   * @param nStride elements from one row to the next
   * @param q [rows, L]: q of the reset after, overwritten with its gradient in backward; with the
   *     reset before r h, in backward the gradient of it
   * @param bias [4, L]: of r, z, n and, with the reset after, q; or null
   * @param before h_{t-1}, [rows, L]
   * @param h h_t, [rows, L]
   * @param y a second place for h_t, zero where rows have ended, or null
   * @param yStride elements from one row of y, or of its gradient, to the next
   * @param lengths the steps of each row, int32, or null
   * @param step t
   */
  record Step(
      MemorySegment rz,
      long rzStride,
      MemorySegment n,
      long nStride,
      MemorySegment q,
      MemorySegment bias,
      MemorySegment before,
      MemorySegment h,
      MemorySegment y,
      long yStride,
      MemorySegment lengths,
      int step) {
    boolean ended(int row) {
      return Strand.ended(lengths, row, step);
    }
  }

  /** Activates r and z; with the reset before leaves r h in q. */
  void reset(Team team, int rows, Step s) {
    team.rows(
        rows,
        length,
        (row, from, to) -> {
          int done = vectors ? Lanes.whole(from, to) : from;
          if (done > from) {
            GruGatesVector.reset(row, length, from, done, after, s);
          }
          resetPlain(row, done, to, s);
        });
  }

  private void resetPlain(int row, int from, int to, Step s) {
    for (int j = from; j < to; j++) {
      long at = row * s.rzStride + j;
      double r = Reals.sigmoid(reals.get(s.rz, at) + bias(s, 0, j));
      double z = Reals.sigmoid(reals.get(s.rz, at + length) + bias(s, 1, j));
      reals.set(s.rz, at, r);
      reals.set(s.rz, at + length, z);
      if (!after) {
        long e = (long) row * length + j;
        reals.set(s.q, e, r * reals.get(s.before, e));
      }
    }
  }

  private double bias(Step s, int gate, int j) {
    long at = (long) gate * length + j;
    return s.bias == null ? 0 : reals.get(s.bias, at);
  }

  /** The candidate and the new state, after {@link #reset}. */
  void blend(Team team, int rows, Step s) {
    team.rows(
        rows,
        length,
        (row, from, to) -> {
          if (s.ended(row)) {
            hold(row, from, to, s);
            return;
          }
          int done = vectors ? Lanes.whole(from, to) : from;
          if (done > from) {
            GruGatesVector.blend(row, length, from, done, after, update, s);
          }
          blendPlain(row, done, to, s);
        });
  }

  /** A row that has ended keeps its state. */
  private void hold(int row, int from, int to, Step s) {
    long at = (long) row * length + from;
    reals.copy(s.before, at, s.h, at, to - from);
    if (s.y != null) {
      reals.zero(s.y, row * s.yStride + from, to - from);
    }
  }

  private void blendPlain(int row, int from, int to, Step s) {
    for (int j = from; j < to; j++) {
      long e = (long) row * length + j;
      double z = reals.get(s.rz, row * s.rzStride + length + j);
      double sum = reals.get(s.n, row * s.nStride + j) + bias(s, 2, j);
      if (after) {
        double q = reals.get(s.q, e) + bias(s, 3, j);
        reals.set(s.q, e, q);
        sum += reals.get(s.rz, row * s.rzStride + j) * q;
      }
      double n = Math.tanh(sum);
      double past = update ? 1 - z : z;
      double h = (1 - past) * n + past * reals.get(s.before, e);
      reals.set(s.n, row * s.nStride + j, n);
      reals.set(s.h, e, h);
      if (s.y != null) {
        reals.set(s.y, row * s.yStride + j, h);
      }
    }
  }

  /**
   * Back through the blend: n becomes the gradient of its sum, z likewise; with the reset after r
   * and q too.
   *
   * @param dy the gradient of y, or null
   * @param dh the gradient of h_t in, what goes straight to h_{t-1} out
   */
  void blendBack(Team team, int rows, Step s, MemorySegment dy, MemorySegment dh) {
    team.rows(
        rows,
        length,
        (row, from, to) -> {
          if (s.ended(row)) {
            forget(row, from, to, s);
            return;
          }
          int done = vectors ? Lanes.whole(from, to) : from;
          if (done > from) {
            GruGatesVector.blendBack(row, length, from, done, after, update, s, dy, dh);
          }
          blendBackPlain(row, done, to, s, dy, dh);
        });
  }

  /** A row that has ended owes its weights nothing and hands its gradient on as it is. */
  private void forget(int row, int from, int to, Step s) {
    int count = to - from;
    reals.zero(s.rz, row * s.rzStride + from, count);
    reals.zero(s.rz, row * s.rzStride + length + from, count);
    reals.zero(s.n, row * s.nStride + from, count);
    reals.zero(s.q, (long) row * length + from, count);
  }

  private void blendBackPlain(
      int row, int from, int to, Step s, MemorySegment dy, MemorySegment dh) {
    for (int j = from; j < to; j++) {
      long e = (long) row * length + j;
      long at = row * s.rzStride + j;
      double z = reals.get(s.rz, at + length);
      double n = reals.get(s.n, row * s.nStride + j);
      double before = reals.get(s.before, e);
      double d = reals.get(dh, e) + (dy == null ? 0 : reals.get(dy, row * s.yStride + j));
      double past = update ? 1 - z : z;
      double dpast = d * (before - n);
      double dan = d * (1 - past) * (1 - n * n);
      reals.set(s.n, row * s.nStride + j, dan);
      reals.set(s.rz, at + length, (update ? -dpast : dpast) * z * (1 - z));
      reals.set(dh, e, d * past);
      if (after) {
        double r = reals.get(s.rz, at);
        double q = reals.get(s.q, e);
        reals.set(s.q, e, dan * r);
        reals.set(s.rz, at, dan * q * r * (1 - r));
      }
    }
  }

  /**
   * Reset before only: back through r h, whose gradient stands in drh.
   *
   * @param drh [rows, L], spent
   * @param dh added to
   */
  void resetBack(Team team, int rows, Step s, MemorySegment drh, MemorySegment dh) {
    team.rows(
        rows,
        length,
        (row, from, to) -> {
          if (s.ended(row)) {
            return;
          }
          int done = vectors ? Lanes.whole(from, to) : from;
          if (done > from) {
            GruGatesVector.resetBack(row, length, from, done, s, drh, dh);
          }
          resetBackPlain(row, done, to, s, drh, dh);
        });
  }

  private void resetBackPlain(
      int row, int from, int to, Step s, MemorySegment drh, MemorySegment dh) {
    for (int j = from; j < to; j++) {
      long e = (long) row * length + j;
      long at = row * s.rzStride + j;
      double r = reals.get(s.rz, at);
      double d = reals.get(drh, e);
      reals.set(s.rz, at, d * reals.get(s.before, e) * r * (1 - r));
      reals.add(dh, e, d * r);
    }
  }
}
