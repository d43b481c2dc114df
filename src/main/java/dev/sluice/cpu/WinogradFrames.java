package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;

/**
 * Square windows of frames [N, H, W, C], carried to and from small rooms [size, size, padded]: a
 * window may reach over the border, where frames are zero, and has room for whole vectors. The
 * frames may be columns of wider ones.
 *
 * @param first of the columns
 * @param columns of a pixel, C where the frames are no columns of others
 * @param tile pixels along a side of a tile
 * @param size pixels along a side
 * @param margin pixels that a window reaches out of its tile on each side
 * @param padded channels of the room
 */
record WinogradFrames(
    int height,
    int width,
    int channels,
    int first,
    int columns,
    int tile,
    int size,
    int margin,
    int padded) {
  /** Tiles along one axis. */
  private int tiles(int length) {
    return (length + tile - 1) / tile;
  }

  /** Tiles across a frame. */
  int tilesAcross() {
    return tiles(width);
  }

  /** Tiles down a frame. */
  int tilesDown() {
    return tiles(height);
  }

  /** Bytes from one pixel to the next. */
  long across() {
    return 4L * columns;
  }

  /** Bytes from one row of pixels to the next. */
  long down() {
    return width * across();
  }

  /** Bytes of a pixel of a window. */
  long bytes() {
    return 4L * padded;
  }

  private int row(int index) {
    return index / tilesAcross() % tilesDown() * tile - margin;
  }

  private int column(int index) {
    return index % tilesAcross() * tile - margin;
  }

  /** {@return where a window begins in frames, which it may reach out of} */
  long at(MemorySegment frames, int index) {
    long row = (long) (index / tilesAcross() / tilesDown()) * height + row(index);
    return frames.address() + 4L * first + row * down() + column(index) * across();
  }

  /** Whether a window lies in its frame, and needs no room. */
  boolean inside(int index) {
    int top = row(index);
    int left = column(index);
    return top >= 0
        && left >= 0
        && top + size <= height
        && left + size <= width
        && padded == channels;
  }

  /** What a run of elements of a window does. */
  private interface Run {
    void of(long frames, long window, int count);
  }

  private void rows(MemorySegment frames, int index, long window, Run run) {
    int top = row(index);
    int left = column(index);
    int from = Math.max(0, -left);
    int to = Math.min(size, width - left);
    boolean whole = padded == columns && channels == columns;
    for (int i = Math.max(0, -top); i < Math.min(size, height - top); i++) {
      long at = at(frames, index) + i * down();
      long row = window + i * size * bytes();
      for (int j = from; j < to; j += whole ? to - from : 1) {
        run.of(at + j * across(), row + j * bytes(), whole ? (to - from) * channels : channels);
      }
    }
  }

  /** A window that does not lie {@link #inside}: zero where there is no pixel. */
  void read(MemorySegment frames, int index, long window) {
    Lanes.zero(window, window + size * size * bytes());
    rows(frames, index, window, (frame, at, count) -> Lanes.copy(frame, at, count));
  }

  void write(long window, MemorySegment frames, int index) {
    rows(frames, index, window, (frame, at, count) -> Lanes.copy(at, frame, count));
  }

  void add(long window, MemorySegment frames, int index) {
    rows(frames, index, window, (frame, at, count) -> Lanes.add(at, frame, count));
  }
}
