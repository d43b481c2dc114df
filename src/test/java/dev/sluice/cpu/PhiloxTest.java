package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

/** The known answers that come with the authors' Random123. */
class PhiloxTest {
  private static void answers(int k0, int k1, long low, long high, int... expected) {
    var words = new int[4];
    Philox.block(k0, k1, low, high, words);
    assertArrayEquals(expected, words);
  }

  @Test
  void zeros() {
    answers(0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
  }

  @Test
  void ones() {
    answers(-1, -1, -1, -1, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
  }

  @Test
  void digitsOfPi() {
    answers(
        0xa4093822,
        0x299f31d0,
        0x85a308d3243f6a88L,
        0x0370734413198a2eL,
        0xd16cfe09,
        0x94fdcceb,
        0x5001e420,
        0x24126ea1);
  }
}
