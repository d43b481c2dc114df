package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;

/** Parts of one block of memory, each aligned to 64 bytes. */
final class Blocks {
  private Blocks() {}

  static long aligned(long bytes) {
    return (bytes + 63) / 64 * 64;
  }

  static long total(long... sizes) {
    long total = 0;
    for (long size : sizes) {
      total += aligned(size);
    }
    return total;
  }

  static MemorySegment[] cut(MemorySegment block, long... sizes) {
    var parts = new MemorySegment[sizes.length];
    long at = 0;
    for (int i = 0; i < sizes.length; i++) {
      parts[i] = block.asSlice(at, sizes[i]);
      at += aligned(sizes[i]);
    }
    return parts;
  }
}
