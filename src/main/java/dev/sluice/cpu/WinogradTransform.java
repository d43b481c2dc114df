package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.all;

import jdk.incubator.vector.FloatVector;

/**
 * The transforms of Winograd's F(m x m, r x r) over vectors of channels, from one-dimensional
 * passes along both axes, the first along columns. A pass reads values {@code step} bytes apart and
 * writes as many, fewer or more {@code toStep} apart, for {@code bytes} of neighbours, a multiple
 * of a vector's; places are addresses. Pixels lie so far apart {@code down} and {@code across},
 * points so far {@code apart}; {@code room} is for {@link #points} in between.
 */
abstract sealed class WinogradTransform
    permits WinogradThree, WinogradFive, WinogradSmallThree, WinogradSmallFive {
  // What several have: constants, not broadcasts in the loops: see Lanes.
  static final FloatVector EIGHTH = all(0.125f);
  static final FloatVector QUARTER = all(0.25f);
  static final FloatVector HALF = all(0.5f);
  static final FloatVector TWO = all(2f);
  static final FloatVector MINUS_TWO = all(-2f);
  static final FloatVector FOUR = all(4f);
  static final FloatVector EIGHT = all(8f);
  static final FloatVector MINUS_EIGHT = all(-8f);
  static final FloatVector SIXTEEN = all(16f);
  static final FloatVector THIRD = all(1 / 3f);
  static final FloatVector MINUS_THIRD = all(-1 / 3f);
  static final FloatVector FIFTEENTH = all(1 / 15f);
  static final FloatVector MINUS_FIFTEENTH = all(-1 / 15f);

  /** m: pixels along a side of a tile. */
  final int tile;

  /** r. */
  final int taps;

  /** Pixels along a side of a patch, and points along one axis. */
  final int side;

  final int points;

  WinogradTransform(int tile, int taps) {
    this.tile = tile;
    this.taps = taps;
    this.side = tile + taps - 1;
    this.points = side * side;
  }

  /**
   * {@return the transforms for some size of tiles}
   *
   * @param tile 2 or 4
   * @param taps 3 or 5
   */
  static WinogradTransform of(int tile, int taps) {
    if (tile == 2) {
      return taps == 3 ? new WinogradSmallThree() : new WinogradSmallFive();
    }
    return taps == 3 ? new WinogradThree() : new WinogradFive();
  }

  /** The point whose product is added to all pixels of a tile alike, as a bias is. */
  final int everywhere() {
    return side + 1;
  }

  /** Rows of tiles from one to the next whose patches do not meet. */
  final int rowsApart() {
    return (side + tile - 1) / tile;
  }

  /** B^T: pixels of a patch to points. */
  abstract void input(long from, long step, long to, long toStep, long bytes);

  /** B: the adjoint. */
  abstract void inputBack(long from, long step, long to, long toStep, long bytes);

  /** A^T: points to pixels of a tile. */
  abstract void output(long from, long step, long to, long toStep, long bytes);

  /** A: the adjoint. */
  abstract void outputBack(long from, long step, long to, long toStep, long bytes);

  /** G: taps to points. */
  abstract void taps(long from, long step, long to, long toStep, long bytes);

  /** G^T: the adjoint. */
  abstract void tapsBack(long from, long step, long to, long toStep, long bytes);

  /** Pixels of a patch, side by side, to points. */
  final void patch(long from, long down, long room, long to, long apart, long bytes) {
    long row = side * bytes;
    input(from, down, room, row, row);
    for (int i = 0; i < side; i++) {
      input(room + i * row, bytes, to + i * side * apart, apart, bytes);
    }
  }

  /** Points to pixels of a patch, which lie without gaps. */
  final void patchBack(long from, long apart, long room, long to, long bytes) {
    long row = side * bytes;
    for (int j = 0; j < side; j++) {
      inputBack(from + j * apart, side * apart, room + j * bytes, row, bytes);
    }
    for (int i = 0; i < side; i++) {
      inputBack(room + i * row, bytes, to + i * row, bytes, bytes);
    }
  }

  /** Points to pixels of a tile. */
  final void tile(long from, long apart, long room, long to, long down, long across, long bytes) {
    long row = side * bytes;
    for (int j = 0; j < side; j++) {
      output(from + j * apart, side * apart, room + j * bytes, row, bytes);
    }
    for (int i = 0; i < tile; i++) {
      output(room + i * row, bytes, to + i * down, across, bytes);
    }
  }

  /** Pixels of a tile to points. */
  final void tileBack(
      long from, long down, long across, long room, long to, long apart, long bytes) {
    long row = tile * bytes;
    for (int j = 0; j < tile; j++) {
      outputBack(from + j * across, down, room + j * bytes, row, bytes);
    }
    for (int i = 0; i < side; i++) {
      outputBack(room + i * row, bytes, to + i * side * apart, apart, bytes);
    }
  }

  /** Taps, which lie without gaps, to points. */
  final void weights(long from, long room, long to, long apart, long bytes) {
    long row = taps * bytes;
    taps(from, row, room, row, row);
    for (int i = 0; i < side; i++) {
      taps(room + i * row, bytes, to + i * side * apart, apart, bytes);
    }
  }

  /** Points to taps, which lie without gaps; along rows first. */
  final void weightsBack(long from, long apart, long room, long to, long bytes) {
    long row = taps * bytes;
    for (int i = 0; i < side; i++) {
      tapsBack(from + i * side * apart, apart, room + i * row, bytes, bytes);
    }
    tapsBack(room, row, to, row, row);
  }
}
