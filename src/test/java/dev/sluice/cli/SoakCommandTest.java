package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.weights.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SoakCommandTest {
  @TempDir private Path folder;

  @Test
  void everyLoopGetsAVerdict() {
    var json = folder.resolve("soak.json");
    var ran =
        Ran.run(
            "soak",
            "--engine=cpu",
            "--threads=1",
            "--infer=60",
            "--train=40",
            "--shapes=0",
            "--cycles=4",
            "--slack=4096",
            "--json=" + json);
    assertEquals(0, ran.code(), ran.out() + ran.err());
    var all = (Map<?, ?>) Json.read(json);
    assertEquals(true, all.get("flat"));
    var loops = ((List<?>) all.get("loops")).stream().map(loop -> ((Map<?, ?>) loop).get("what"));
    assertEquals(List.of("inferences", "training steps", "open/close cycles"), loops.toList());
    assertTrue(ran.out().contains("flat over the second half of training steps"), ran.out());
  }

  @Test
  void whatGrewIsNamed() {
    var before = new Footprint(1000, 64, 10, 5, 20);
    assertEquals("", before.grownSince(before, 0));
    assertEquals("", new Footprint(1100, 64, 10, 5, 21).grownSince(before, 100));
    assertEquals(
        "resident memory by 101 KiB", new Footprint(1101, 64, 10, 5, 20).grownSince(before, 100));
    assertEquals("the pool by 1 bytes", new Footprint(1000, 65, 10, 5, 20).grownSince(before, 100));
    assertEquals(
        "native objects from 10 to 11", new Footprint(1000, 64, 11, 5, 20).grownSince(before, 100));
    assertEquals(
        "open files from 5 to 6", new Footprint(1000, 64, 10, 6, 20).grownSince(before, 100));
    assertEquals(
        "threads from 20 to 40", new Footprint(1000, 64, 10, 5, 40).grownSince(before, 100));
  }
}
