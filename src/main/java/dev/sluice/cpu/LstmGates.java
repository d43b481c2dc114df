package dev.sluice.cpu;

import dev.sluice.spi.RnnSpec.CellClip;
import java.lang.foreign.MemorySegment;

/**
 * The pointwise part of LSTM and ConvLSTM, forward and backward, for one step.
 *
 * <p>Forward: {@code i = s(a_i + p_i c), f = s(a_f + p_f c), g = tanh(a_g), c' = f c + i g, o =
 * s(a_o + p_o c'), h = o tanh(c')}. The gates are a [rows, 4, L] block: an LSTM has N rows of L =
 * H, frames that lie channels-last N H W rows of L = C, other frames N rows of L = C H W.
 * Activations overwrite the sums, and in backward their gradients overwrite the activations. Where
 * {@link KeptGates} are kept, backward makes the activations again of those.
 */
final class LstmGates {
  private final Reals reals;
  private final int length;
  private final CellClip clip;
  private final int peepholeRows;
  private final boolean vectors;

  /**
   * @param length L
   * @param clip bounds on c
   * @param peepholeRows rows after which the peephole maps repeat
   */
  LstmGates(Reals reals, int length, CellClip clip, int peepholeRows) {
    this.reals = reals;
    this.length = length;
    this.clip = clip;
    this.peepholeRows = peepholeRows;
    this.vectors = VectorApi.PRESENT && reals == Reals.FLOATS && !clip.active();
  }

  /** The tensors of some steps, and where those of the current one lie in them. */
  static final class Forward extends Step {
    final MemorySegment bias;
    final MemorySegment hBefore;
    final MemorySegment h;
    final MemorySegment y;
    final long yStride;
    long hBeforeAt;
    long hAt;
    long yAt;

    /**
     * @param gates [rows, 4, L]
     * @param bias [4, L] to add to every row, or null
     * @param peephole i, f, o, each [peepholeRows, L], or null
     * @param before c_{t-1}, [rows, L]
     * @param after c_t, [rows, L]
     * @param hBefore h_{t-1}, [rows, L]; rows that have ended keep it; null where the caller sees
     *     to that
     * @param h h_t (before a projection), [rows, L]
     * @param y a second place for h_t, zero where rows have ended, or null
     * @param yStride elements from one row of y to the next
     * @param lengths the steps of each row, int32, or null
     */
    Forward(
        MemorySegment gates,
        MemorySegment bias,
        MemorySegment[] peephole,
        MemorySegment before,
        MemorySegment after,
        MemorySegment hBefore,
        MemorySegment h,
        MemorySegment y,
        long yStride,
        MemorySegment lengths) {
      super(gates, peephole, before, after, lengths);
      this.bias = bias;
      this.hBefore = hBefore;
      this.h = h;
      this.y = y;
      this.yStride = yStride;
    }

    @Override
    public void run(int row, int end, int from, int to) {
      kernel.forward(row, end, from, to, this);
    }
  }

  /** What both ways need; places are in elements. One object does for all steps. */
  abstract static class Step implements Team.RowPart {
    LstmGates kernel;
    final MemorySegment gates;
    final MemorySegment[] peephole;
    final MemorySegment before;
    final MemorySegment after;
    private final MemorySegment lengths;
    private int step;

    /** {@link KeptGates} of the one step there is, or null. */
    MemorySegment kept;

    long gatesAt;

    /** Elements from one row of the gates to the next; 0, before the first step, for 4 L. */
    long gatesStride;

    long beforeAt;
    long afterAt;

    Step(
        MemorySegment gates,
        MemorySegment[] peephole,
        MemorySegment before,
        MemorySegment after,
        MemorySegment lengths) {
      this.gates = gates;
      this.peephole = peephole;
      this.before = before;
      this.after = after;
      this.lengths = lengths;
    }

    /** Goes to step t. */
    void at(int t, long gatesAt, long beforeAt, long afterAt) {
      this.step = t;
      this.gatesAt = gatesAt;
      this.beforeAt = beforeAt;
      this.afterAt = afterAt;
    }

    boolean ended(int row) {
      return Strand.ended(lengths, row, step);
    }

    /** The end of the rows that are worked on together from here on. */
    int together(int row, int end, int length) {
      return plain() ? Strand.together(lengths, step, row, end, length) : row + 1;
    }

    /** Whether there are neither peepholes nor gates that are kept. */
    boolean plain() {
      return peephole == null && kept == null;
    }
  }

  void forward(Team team, int rows, Forward s) {
    lay(s);
    s.kernel = this;
    team.rows(rows, length, s);
  }

  private void forward(int first, int end, int from, int to, Forward s) {
    int next;
    for (int row = first; row < end; row = next) {
      next = s.together(row, end, length);
      if (s.ended(row)) {
        hold(row, from, to, s);
      } else if (vectors) {
        forwardVectors(row, next, from, to, s);
      } else {
        forwardPlain(row, next, from, to, s);
      }
    }
  }

  private void forwardVectors(int row, int end, int from, int to, Forward s) {
    int whole = Lanes.whole(from, to);
    LstmGatesVector.forward(row, end, length, from, whole, peepholeAt(row), s);
    if (whole < to && s.plain()) {
      LstmGatesVector.forwardRest(row, end, length, whole, to, s);
    } else {
      forwardPlain(row, end, whole, to, s);
    }
  }

  /** {@return L} */
  int length() {
    return length;
  }

  /**
   * c of a step, again: the same bits as in forward.
   *
   * @param kept {@link KeptGates} of the step
   * @param before c_{t-1}, [rows, L]
   * @param after c_t, overwritten
   */
  void again(Team team, int rows, MemorySegment kept, MemorySegment before, MemorySegment after) {
    team.rows(
        rows,
        length,
        (first, end, from, to) -> {
          int done = vectors ? Lanes.whole(from, to) : from;
          for (int row = first; row < end; row++) {
            if (vectors) {
              KeptGatesVector.again(row, length, from, done, kept, before, after);
            }
            KeptGates.again(row, length, done, to, kept, before, after);
          }
        });
  }

  private long peepholeAt(int row) {
    return (long) (row % peepholeRows) * length;
  }

  /** A row that has ended keeps its state. */
  private void hold(int row, int from, int to, Forward s) {
    long at = (long) row * length + from;
    int count = to - from;
    reals.copy(s.before, s.beforeAt + at, s.after, s.afterAt + at, count);
    if (s.hBefore != null) {
      reals.copy(s.hBefore, s.hBeforeAt + at, s.h, s.hAt + at, count);
    } else {
      // Under a projection, whose weights' gradient sees these rows times zero.
      reals.zero(s.h, s.hAt + at, count);
    }
    if (s.y != null) {
      reals.zero(s.y, s.yAt + row * s.yStride + from, count);
    }
  }

  private void forwardPlain(int first, int end, int from, int to, Forward s) {
    for (int row = first; row < end; row++) {
      forwardPlain(row, from, to, s);
    }
  }

  private void forwardPlain(int row, int from, int to, Forward s) {
    long at = (long) row * length;
    long p = peepholeAt(row);
    for (int j = from; j < to; j++) {
      double read = readClip(reals.get(s.before, s.beforeAt + at + j));
      double i = Reals.sigmoid(sum(s, row, 0, j) + peep(s.peephole, 0, p + j) * read);
      double f = Reals.sigmoid(sum(s, row, 1, j) + peep(s.peephole, 1, p + j) * read);
      double g = Math.tanh(sum(s, row, 2, j));
      double c =
          s.kept == null
              ? storeClip(f * read + i * g)
              : KeptGates.keep(
                  s.kept, row, length, j, (float) i, (float) f, (float) g, (float) read);
      double out = readClip(c);
      double o = Reals.sigmoid(sum(s, row, 3, j) + peep(s.peephole, 2, p + j) * out);
      double h = o * (s.kept == null ? Math.tanh(out) : KeptGates.slope((float) Math.tanh(out)));
      setGate(s, row, 0, j, i);
      setGate(s, row, 1, j, f);
      setGate(s, row, 2, j, g);
      setGate(s, row, 3, j, o);
      reals.set(s.after, s.afterAt + at + j, c);
      reals.set(s.h, s.hAt + at + j, h);
      if (s.y != null) {
        reals.set(s.y, s.yAt + row * s.yStride + j, h);
      }
    }
  }

  private double sum(Forward s, int row, int gate, int j) {
    double a = gate(s, row, gate, j);
    if (s.bias != null) {
      long at = (long) gate * length + j;
      a += reals.get(s.bias, at);
    }
    return a;
  }

  private double peep(MemorySegment[] peephole, int which, long at) {
    return peephole == null ? 0 : reals.get(peephole[which], at);
  }

  private double gate(Step s, int row, int gate, int j) {
    return reals.get(s.gates, gateAt(s, row, gate) + j);
  }

  private void setGate(Step s, int row, int gate, int j, double value) {
    reals.set(s.gates, gateAt(s, row, gate) + j, value);
  }

  private void lay(Step s) {
    s.gatesStride = Math.max(s.gatesStride, 4L * length);
  }

  private long gateAt(Step s, int row, int gate) {
    return s.gatesAt + row * s.gatesStride + (long) gate * length;
  }

  private double readClip(double c) {
    return clip.mode() == CellClip.Mode.READ ? bounded(c) : c;
  }

  private double storeClip(double c) {
    return clip.mode() == CellClip.Mode.STORE ? bounded(c) : c;
  }

  private double bounded(double c) {
    return clip.active() ? Math.clamp(c, -clip.bound(), clip.bound()) : c;
  }

  /** The tensors and gradients of some steps, and where those of the current one lie in them. */
  static final class Backward extends Step {
    final MemorySegment dy;
    final long yStride;
    final MemorySegment dh;
    final MemorySegment dc;

    /** h_t, where gates are kept. */
    MemorySegment h;

    long dyAt;

    /**
     * @param gates [rows, 4, L] activations in, gradients of the sums out
     * @param peephole as in forward
     * @param before c_{t-1}
     * @param after c_t; spent where there are no peepholes
     * @param dy the gradient of y_t, or null
     * @param yStride elements from one row of dy to the next
     * @param dh the gradient of h_t in; of what rows that have ended hand on, out, else zero
     * @param dc the gradient of c_t in, of c_{t-1} out
     * @param lengths as in forward
     */
    Backward(
        MemorySegment gates,
        MemorySegment[] peephole,
        MemorySegment before,
        MemorySegment after,
        MemorySegment dy,
        long yStride,
        MemorySegment dh,
        MemorySegment dc,
        MemorySegment lengths) {
      super(gates, peephole, before, after, lengths);
      this.dy = dy;
      this.yStride = yStride;
      this.dh = dh;
      this.dc = dc;
    }

    @Override
    public void run(int row, int end, int from, int to) {
      kernel.backward(row, end, from, to, this);
    }
  }

  void backward(Team team, int rows, Backward s) {
    lay(s);
    s.kernel = this;
    team.rows(rows, length, s);
  }

  private void backward(int first, int end, int from, int to, Backward s) {
    int next;
    for (int row = first; row < end; row = next) {
      next = s.together(row, end, length);
      if (s.ended(row)) {
        forget(row, from, to, s);
      } else if (vectors) {
        backwardVectors(row, next, from, to, s);
      } else {
        backwardPlain(row, next, from, to, s);
      }
    }
  }

  /** A row that has ended owes its weights nothing. */
  private void forget(int row, int from, int to, Backward s) {
    for (long gate = 0; gate < 4; gate++) {
      reals.zero(s.gates, s.gatesAt + (row * 4 + gate) * length + from, to - from);
    }
  }

  private void backwardVectors(int row, int end, int from, int to, Backward s) {
    int whole = Lanes.whole(from, to);
    LstmGatesVector.backward(row, end, length, from, whole, peepholeAt(row), s);
    if (whole < to && s.plain()) {
      LstmGatesVector.backwardRest(row, end, length, whole, to, s);
    } else {
      backwardPlain(row, end, whole, to, s);
    }
  }

  private void backwardPlain(int first, int end, int from, int to, Backward s) {
    for (int row = first; row < end; row++) {
      if (s.kept != null) {
        KeptGates.gates(row, length, from, to, s);
      }
      backwardPlain(row, from, to, s);
    }
  }

  private void backwardPlain(int row, int from, int to, Backward s) {
    long at = (long) row * length;
    long p = peepholeAt(row);
    for (int j = from; j < to; j++) {
      double i = gate(s, row, 0, j);
      double f = gate(s, row, 1, j);
      double g = gate(s, row, 2, j);
      double o = gate(s, row, 3, j);
      double before = readClip(reals.get(s.before, s.beforeAt + at + j));
      double after = readClip(reals.get(s.after, s.afterAt + at + j));
      double dh = reals.get(s.dh, at + j);
      if (s.dy != null) {
        dh += reals.get(s.dy, s.dyAt + row * s.yStride + j);
      }
      double t = Math.tanh(after);
      double dao = dh * t * o * (1 - o);
      double through = dh * o * (1 - t * t) + dao * peep(s.peephole, 2, p + j);
      double dc = clippedGradient(reals.get(s.dc, at + j), through, i, f, g, row, j, s);
      double dai = dc * g * i * (1 - i);
      double daf = dc * before * f * (1 - f);
      double dag = dc * i * (1 - g * g);
      double back = dc * f + dai * peep(s.peephole, 0, p + j) + daf * peep(s.peephole, 1, p + j);
      setGate(s, row, 0, j, dai);
      setGate(s, row, 1, j, daf);
      setGate(s, row, 2, j, dag);
      setGate(s, row, 3, j, dao);
      boolean cut =
          clip.mode() == CellClip.Mode.READ && outside(reals.get(s.before, s.beforeAt + at + j));
      reals.set(s.dc, at + j, cut ? 0 : back);
      reals.set(s.dh, at + j, 0);
    }
  }

  /** STORE cuts all of the gradient where c_t was clipped, READ what came through the output. */
  private double clippedGradient(
      double carried, double through, double i, double f, double g, int row, int j, Backward s) {
    long at = (long) row * length + j;
    if (!clip.active()) {
      return carried + through;
    }
    if (clip.mode() == CellClip.Mode.READ) {
      return carried + (outside(reals.get(s.after, s.afterAt + at)) ? 0 : through);
    }
    return outside(f * reals.get(s.before, s.beforeAt + at) + i * g) ? 0 : carried + through;
  }

  private boolean outside(double c) {
    return clip.active() && Math.abs(c) > clip.bound();
  }

  /**
   * Adds the peepholes' gradients of one step, after {@link #backward}.
   *
   * @param gradients i, f, o, each [peepholeRows, L], added to
   */
  void backwardPeephole(Team team, int rows, Backward s, MemorySegment[] gradients) {
    team.run(
        peepholeRows * length,
        1024,
        (from, to) -> {
          for (int e = from; e < to; e++) {
            addPeephole(e / length, e % length, rows, s, gradients);
          }
        });
  }

  private void addPeephole(int map, int j, int rows, Backward s, MemorySegment[] gradients) {
    double di = 0;
    double df = 0;
    double dO = 0;
    for (int row = map; row < rows; row += peepholeRows) {
      long at = (long) row * length + j;
      double before = readClip(reals.get(s.before, s.beforeAt + at));
      di += gate(s, row, 0, j) * before;
      df += gate(s, row, 1, j) * before;
      dO += gate(s, row, 3, j) * readClip(reals.get(s.after, s.afterAt + at));
    }
    long p = (long) map * length + j;
    reals.add(gradients[0], p, di);
    reals.add(gradients[1], p, df);
    reals.add(gradients[2], p, dO);
  }
}
