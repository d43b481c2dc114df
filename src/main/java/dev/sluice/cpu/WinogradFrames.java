package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Square windows of frames [N, H, W, C], carried to and from small arrays [size, size, padded]: a
 * window may reach over the border, where frames are zero, and has room for whole vectors. The
 * frames may be columns of wider ones.
 *
 * @param first of the columns
 * @param columns of a pixel, C where the frames are no columns of others
 * @param tile pixels along a side of a tile
 * @param size pixels along a side
 * @param margin pixels that a window reaches out of its tile on each side
 * @param padded channels of the array
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
  int across() {
    return tiles(width);
  }

  /** Tiles down a frame. */
  int down() {
    return tiles(height);
  }

  /** What a run of pixels in one row of a window does. */
  private interface Run {
    void at(MemorySegment frames, long index, float[] window, int at, int count);
  }

  private void rows(MemorySegment frames, int index, float[] window, Run run) {
    int across = tiles(width);
    int row = index / across;
    int down = tiles(height);
    int top = row % down * tile - margin;
    int left = index % across * tile - margin;
    int from = Math.max(0, left);
    int to = Math.min(width, left + size);
    for (int i = Math.max(0, -top); i < Math.min(size, height - top); i++) {
      long pixel = ((long) (row / down) * height + top + i) * width + from;
      int at = (i * size + from - left) * padded;
      if (padded == columns) {
        run.at(frames, pixel * channels, window, at, (to - from) * channels);
        continue;
      }
      for (int j = 0; j < to - from; j++) {
        run.at(frames, (pixel + j) * columns + first, window, at + j * padded, channels);
      }
    }
  }

  private boolean inside(int index) {
    int across = tiles(width);
    int down = tiles(height);
    int top = index / across % down * tile - margin;
    int left = index % across * tile - margin;
    return top >= 0
        && left >= 0
        && top + size <= height
        && left + size <= width
        && padded == channels;
  }

  void read(MemorySegment frames, int index, float[] window) {
    if (!inside(index)) {
      Arrays.fill(window, 0, size * size * padded, 0);
    }
    rows(frames, index, window, WinogradFrames::read);
  }

  void write(float[] window, MemorySegment frames, int index) {
    rows(frames, index, window, WinogradFrames::write);
  }

  void add(float[] window, MemorySegment frames, int index) {
    rows(frames, index, window, WinogradFrames::add);
  }

  private static void read(MemorySegment frames, long index, float[] window, int at, int count) {
    Lanes.copy(frames, index, window, at, count);
  }

  private static void write(MemorySegment frames, long index, float[] window, int at, int count) {
    Lanes.copy(window, at, frames, index, count);
  }

  private static void add(MemorySegment frames, long index, float[] window, int at, int count) {
    Lanes.add(window, at, frames, index, count);
  }
}
