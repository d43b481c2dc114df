package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostMemoryTest {
  /** Small blocks, and such as lie in huge pages, whole ones and more. */
  @ParameterizedTest
  @ValueSource(longs = {1, 4100, HugePages.SIZE - 1, HugePages.SIZE, 3 * HugePages.SIZE + 4})
  void blocksAreZerosOfTheirSize(long bytes) {
    MemorySegment block;
    try (var memory = new HostMemory(bytes, 256)) {
      block = memory.block();
      assertEquals(bytes, block.byteSize());
      assertEquals(0, block.address() % (bytes < HugePages.SIZE ? 256 : HugePages.SIZE));
      assertEquals(-1, block.mismatch(MemorySegment.ofArray(new byte[(int) bytes])));
      block.fill((byte) 1);
    }
    assertFalse(block.scope().isAlive());
  }
}
