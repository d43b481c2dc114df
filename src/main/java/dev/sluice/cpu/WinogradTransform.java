package dev.sluice.cpu;

/**
 * The transforms of Winograd's F(4x4, r x r) over vectors of channels, from one-dimensional passes
 * along both axes. A pass reads values {@code step} elements apart and writes as many, fewer or
 * more {@code toStep} apart, for {@code count} neighbours; count is a multiple of a vector's. A
 * window of pixels or points lies in the first of a thread's {@link WinogradArrays}, [side, side,
 * c], and is transformed in place.
 */
abstract sealed class WinogradTransform permits WinogradThree, WinogradFive {
  /** Pixels along a side of a tile. */
  static final int TILE = 4;

  /** r. */
  final int taps;

  /** Pixels along a side of a patch, and points along one axis. */
  final int side;

  final int points;

  WinogradTransform(int taps) {
    this.taps = taps;
    this.side = TILE + taps - 1;
    this.points = side * side;
  }

  static WinogradTransform of(int taps) {
    return taps == 3 ? new WinogradThree() : new WinogradFive();
  }

  /** The point whose product is added to all pixels of a tile alike, as a bias is. */
  final int everywhere() {
    return side + 1;
  }

  /** B^T: pixels of a patch to points. */
  abstract void input(float[] from, int at, int step, float[] to, int toAt, int toStep, int count);

  /** B: the adjoint. */
  abstract void inputBack(
      float[] from, int at, int step, float[] to, int toAt, int toStep, int count);

  /** A^T: points to pixels of a tile. */
  abstract void output(float[] from, int at, int step, float[] to, int toAt, int toStep, int count);

  /** A: the adjoint. */
  abstract void outputBack(
      float[] from, int at, int step, float[] to, int toAt, int toStep, int count);

  /** G: taps to points. */
  abstract void taps(float[] from, int at, int step, float[] to, int toAt, int toStep, int count);

  /** G^T: the adjoint. */
  abstract void tapsBack(
      float[] from, int at, int step, float[] to, int toAt, int toStep, int count);

  /** Pixels of a patch to points. */
  final void input(float[][] w, int c) {
    int row = side * c;
    input(w[0], 0, row, w[1], 0, row, row);
    for (int i = 0; i < side; i++) {
      input(w[1], i * row, c, w[0], i * row, c, c);
    }
  }

  /** Points to pixels of a patch. */
  final void inputBack(float[][] w, int c) {
    int row = side * c;
    inputBack(w[0], 0, row, w[1], 0, row, row);
    for (int i = 0; i < side; i++) {
      inputBack(w[1], i * row, c, w[0], i * row, c, c);
    }
  }

  /** Points to pixels of a tile. */
  final void output(float[][] w, int c) {
    int row = side * c;
    output(w[0], 0, row, w[1], 0, row, row);
    for (int i = 0; i < TILE; i++) {
      output(w[1], i * row, c, w[0], i * TILE * c, c, c);
    }
  }

  /** Pixels of a tile to points. */
  final void outputBack(float[][] w, int c) {
    int row = TILE * c;
    outputBack(w[0], 0, row, w[1], 0, row, row);
    for (int i = 0; i < side; i++) {
      outputBack(w[1], i * row, c, w[0], i * side * c, c, c);
    }
  }

  /** Taps to points. */
  final void taps(float[][] w, int c) {
    int row = taps * c;
    taps(w[0], 0, row, w[1], 0, row, row);
    for (int i = 0; i < side; i++) {
      taps(w[1], i * row, c, w[0], i * side * c, c, c);
    }
  }

  /** Points to taps. */
  final void tapsBack(float[][] w, int c) {
    int row = taps * c;
    for (int i = 0; i < side; i++) {
      tapsBack(w[0], i * side * c, c, w[1], i * row, c, c);
    }
    tapsBack(w[1], 0, row, w[0], 0, row, row);
  }
}
