package dev.sluice.cli.verify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SuiteTest {
  @Test
  void theOwnSuiteIsCopiedAndDeletedAgain() {
    Path folder;
    try (var suite = Suite.own()) {
      folder = suite.folder();
      assertTrue(suite.cases("").size() >= 71);
      for (var entry : suite.cases("")) {
        assertTrue(Files.exists(folder.resolve(entry.text("file", ""))), entry::path);
      }
    }
    assertFalse(Files.exists(folder));
  }

  @Test
  void axesMoveThereAndBack() {
    var shape = Shape.of(2, 3, 2, 1, 2);
    var values = new double[24];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    double[] moved = Axes.FRAMES.toLibrary(values, shape);
    assertEquals(Shape.of(3, 2, 1, 2, 2), Axes.FRAMES.toLibrary(shape));
    // [T 0, B 0] then [T 0, B 1], each [W, C]; a case's frame is [C, W].
    double[] first = {0, 2, 1, 3, 12, 14, 13, 15};
    assertArrayEquals(first, Arrays.copyOf(moved, 8));
    assertArrayEquals(values, Axes.FRAMES.toCase(moved, shape));
  }
}
