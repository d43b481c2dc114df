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
    this.vectors = VectorApi.PRESENT && reals == Reals.FLOATS;
  }

  private enum Phase {
    RESET,
    BLEND,
    BLEND_BACK,
    RESET_BACK
  }

  /** The tensors of some steps, and where those of the current one lie in them, in elements. */
  static final class Step implements Team.RowPart {
    final MemorySegment rz;
    final long rzStride;
    final MemorySegment n;
    final long nStride;
    final MemorySegment q;
    final MemorySegment bias;
    final MemorySegment before;
    final MemorySegment h;
    final MemorySegment y;
    final long yStride;
    final MemorySegment drh;
    private final MemorySegment lengths;
    private GruGates gates;
    private Phase phase;
    private int step;
    long rzAt;
    long nAt;
    long qAt;
    long beforeAt;
    long hAt;
    long yAt;

    /**
     * @param rz [rows, 2, L] the sums of r and z, overwritten: activations, in backward gradients
     * @param rzStride elements from one row to the next
     * @param n [rows, L] the sum of the candidate, likewise
     * @param nStride elements from one row to the next
     * @param q [rows, L]: q of the reset after, overwritten with its gradient in backward; with the
     *     reset before r h
     * @param bias [4, L]: of r, z, n and, with the reset after, q; or null
     * @param before h_{t-1}, [rows, L]
     * @param h h_t, [rows, L]; in backward its gradient in, what goes straight to h_{t-1} out
     * @param y a second place for h_t, zero where rows have ended, in backward its gradient; or
     *     null
     * @param yStride elements from one row of y to the next
     * @param drh [rows, L]: in backward with the reset before the gradient of r h, spent
     * @param lengths the steps of each row, int32, or null
     */
    Step(
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
        MemorySegment drh,
        MemorySegment lengths) {
      this.rz = rz;
      this.rzStride = rzStride;
      this.n = n;
      this.nStride = nStride;
      this.q = q;
      this.bias = bias;
      this.before = before;
      this.h = h;
      this.y = y;
      this.yStride = yStride;
      this.drh = drh;
      this.lengths = lengths;
    }

    /** Goes to step t. */
    void at(int t, long sumsAt, long qAt, long beforeAt, long hAt, long yAt) {
      this.step = t;
      this.rzAt = sumsAt;
      this.nAt = sumsAt;
      this.qAt = qAt;
      this.beforeAt = beforeAt;
      this.hAt = hAt;
      this.yAt = yAt;
    }

    private boolean ended(int row) {
      return Strand.ended(lengths, row, step);
    }

    @Override
    public void run(int first, int end, int from, int to) {
      int next;
      for (int row = first; row < end; row = next) {
        next = Strand.together(lengths, step, row, end, gates.length);
        gates.run(row, next, from, to, this);
      }
    }
  }

  private void run(Team team, int rows, Phase phase, Step s) {
    s.gates = this;
    s.phase = phase;
    team.rows(rows, length, s);
  }

  /** Rows that all go on, or one that has ended. */
  private void run(int row, int end, int from, int to, Step s) {
    if (s.ended(row)) {
      ended(row, from, to, s);
      return;
    }
    if (vectors) {
      vectors(row, end, from, to, s);
      return;
    }
    for (int i = row; i < end; i++) {
      plain(i, from, to, s);
    }
  }

  private void ended(int row, int from, int to, Step s) {
    switch (s.phase) {
      case BLEND -> hold(row, from, to, s);
      case BLEND_BACK -> forget(row, from, to, s);
      case RESET, RESET_BACK -> {
        // Neither gives anything to others.
      }
    }
  }

  private void vectors(int row, int end, int from, int to, Step s) {
    switch (s.phase) {
      case RESET -> GruGatesVector.reset(row, end, length, from, to, after, s);
      case BLEND -> GruGatesVector.blend(row, end, length, from, to, after, update, s);
      case BLEND_BACK -> GruGatesVector.blendBack(row, end, length, from, to, after, update, s);
      case RESET_BACK -> GruGatesVector.resetBack(row, end, length, from, to, s);
    }
  }

  private void plain(int row, int from, int to, Step s) {
    switch (s.phase) {
      case RESET -> resetPlain(row, from, to, s);
      case BLEND -> blendPlain(row, from, to, s);
      case BLEND_BACK -> blendBackPlain(row, from, to, s);
      case RESET_BACK -> resetBackPlain(row, from, to, s);
    }
  }

  /** Activates r and z; with the reset before leaves r h in q. */
  void reset(Team team, int rows, Step s) {
    run(team, rows, Phase.RESET, s);
  }

  private void resetPlain(int row, int from, int to, Step s) {
    for (int j = from; j < to; j++) {
      long at = s.rzAt + row * s.rzStride + j;
      double r = Reals.sigmoid(reals.get(s.rz, at) + bias(s, 0, j));
      double z = Reals.sigmoid(reals.get(s.rz, at + length) + bias(s, 1, j));
      reals.set(s.rz, at, r);
      reals.set(s.rz, at + length, z);
      if (!after) {
        long e = (long) row * length + j;
        reals.set(s.q, s.qAt + e, r * reals.get(s.before, s.beforeAt + e));
      }
    }
  }

  private double bias(Step s, int gate, int j) {
    long at = (long) gate * length + j;
    return s.bias == null ? 0 : reals.get(s.bias, at);
  }

  /** The candidate and the new state, after {@link #reset}. */
  void blend(Team team, int rows, Step s) {
    run(team, rows, Phase.BLEND, s);
  }

  /** A row that has ended keeps its state. */
  private void hold(int row, int from, int to, Step s) {
    long at = (long) row * length + from;
    reals.copy(s.before, s.beforeAt + at, s.h, s.hAt + at, to - from);
    if (s.y != null) {
      reals.zero(s.y, s.yAt + row * s.yStride + from, to - from);
    }
  }

  private void blendPlain(int row, int from, int to, Step s) {
    for (int j = from; j < to; j++) {
      long e = (long) row * length + j;
      long rz = s.rzAt + row * s.rzStride + j;
      long sumAt = s.nAt + row * s.nStride + j;
      double z = reals.get(s.rz, rz + length);
      double sum = reals.get(s.n, sumAt) + bias(s, 2, j);
      if (after) {
        double q = reals.get(s.q, s.qAt + e) + bias(s, 3, j);
        reals.set(s.q, s.qAt + e, q);
        sum += reals.get(s.rz, rz) * q;
      }
      double n = Math.tanh(sum);
      double past = update ? 1 - z : z;
      double h = (1 - past) * n + past * reals.get(s.before, s.beforeAt + e);
      reals.set(s.n, sumAt, n);
      reals.set(s.h, s.hAt + e, h);
      if (s.y != null) {
        reals.set(s.y, s.yAt + row * s.yStride + j, h);
      }
    }
  }

  /**
   * Back through the blend: n becomes the gradient of its sum, z likewise; with the reset after r
   * and q too.
   */
  void blendBack(Team team, int rows, Step s) {
    run(team, rows, Phase.BLEND_BACK, s);
  }

  /** A row that has ended owes its weights nothing and hands its gradient on as it is. */
  private void forget(int row, int from, int to, Step s) {
    int count = to - from;
    reals.zero(s.rz, s.rzAt + row * s.rzStride + from, count);
    reals.zero(s.rz, s.rzAt + row * s.rzStride + length + from, count);
    reals.zero(s.n, s.nAt + row * s.nStride + from, count);
    reals.zero(s.q, s.qAt + (long) row * length + from, count);
  }

  private void blendBackPlain(int row, int from, int to, Step s) {
    for (int j = from; j < to; j++) {
      long e = (long) row * length + j;
      long at = s.rzAt + row * s.rzStride + j;
      long sumAt = s.nAt + row * s.nStride + j;
      double z = reals.get(s.rz, at + length);
      double n = reals.get(s.n, sumAt);
      double before = reals.get(s.before, s.beforeAt + e);
      double dy = s.y == null ? 0 : reals.get(s.y, s.yAt + row * s.yStride + j);
      double d = reals.get(s.h, s.hAt + e) + dy;
      double past = update ? 1 - z : z;
      double dpast = d * (before - n);
      double dan = d * (1 - past) * (1 - n * n);
      reals.set(s.n, sumAt, dan);
      reals.set(s.rz, at + length, (update ? -dpast : dpast) * z * (1 - z));
      reals.set(s.h, s.hAt + e, d * past);
      if (after) {
        double r = reals.get(s.rz, at);
        double q = reals.get(s.q, s.qAt + e);
        reals.set(s.q, s.qAt + e, dan * r);
        reals.set(s.rz, at, dan * q * r * (1 - r));
      }
    }
  }

  /** Reset before only: back through r h, whose gradient stands in drh, added to that of h. */
  void resetBack(Team team, int rows, Step s) {
    run(team, rows, Phase.RESET_BACK, s);
  }

  private void resetBackPlain(int row, int from, int to, Step s) {
    for (int j = from; j < to; j++) {
      long e = (long) row * length + j;
      long at = s.rzAt + row * s.rzStride + j;
      double r = reals.get(s.rz, at);
      double d = reals.get(s.drh, e);
      reals.set(s.rz, at, d * reals.get(s.before, s.beforeAt + e) * r * (1 - r));
      reals.add(s.h, s.hAt + e, d * r);
    }
  }
}
