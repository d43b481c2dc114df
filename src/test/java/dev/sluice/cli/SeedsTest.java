package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.weights.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SeedsTest {
  @TempDir Path folder;

  private Ran train(String name, String... more) {
    var ran = Ran.run(SequenceData.train(folder.resolve(name), SequenceData.series(folder), more));
    assertEquals(0, ran.code(), ran.err());
    return ran;
  }

  private Map<?, ?> metrics(String name) {
    return (Map<?, ?>) Json.read(folder.resolve(name).resolve("metrics.json"));
  }

  private byte[] model(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("model.safetensors"));
  }

  @Test
  void meanAndDeviationOfRunsThatAreLikeSingleOnes() throws IOException {
    var ran = train("all", "--seeds=2,5");
    train("two", "--seed=2");
    train("five", "--seed=5");
    assertArrayEquals(model("two"), model("all/seed-2"));
    assertArrayEquals(model("five"), model("all/seed-5"));
    double a = (Double) metrics("two").get("mse");
    double b = (Double) metrics("five").get("mse");
    var mse = (Map<?, ?>) metrics("all").get("mse");
    assertEquals(List.of(a, b), mse.get("values"));
    assertEquals((a + b) / 2, (Double) mse.get("mean"), 1e-12);
    assertEquals(Math.abs(a - b) / Math.sqrt(2), (Double) mse.get("deviation"), 1e-12);
    assertEquals(metrics("two").get("baselines"), metrics("all").get("baselines"));
    assertTrue(ran.out().contains("seed 2"), ran.out());
    var page = Files.readString(folder.resolve("all/report.html"));
    assertTrue(page.contains("--seeds 2,5 --out"), "the command");
  }

  @Test
  void aCountBeginsWithOne() {
    train("all", "--seeds=2");
    assertEquals(List.of(1L, 2L), metrics("all").get("seeds"));
    train("all", "--seeds=1", "--overwrite");
    assertFalse(Files.exists(folder.resolve("all/seed-2")), "an earlier run's seed");
  }

  @Test
  void goesOnWithWhatIsLeft() throws IOException {
    train("whole", "--seeds=3");
    train("parts", "--seeds=3");
    // As if ended in the second run.
    Files.delete(folder.resolve("parts/metrics.json"));
    var second = folder.resolve("parts/seed-2");
    try (var run = RunFolder.open(second, 0)) {
      run.clear();
    }
    StoppedRun.at(2, second, SequenceData.train(second, SequenceData.series(folder), "--seed=2"));
    for (var file : Files.list(folder.resolve("parts/seed-3")).toList()) {
      Files.delete(file);
    }
    var refused = Ran.run(SequenceData.train(folder.resolve("parts"), SequenceData.series(folder)));
    assertTrue(refused.err().contains("holds a stopped run"), refused.err());
    var ran = Ran.run("train", "--resume=" + folder.resolve("parts"));
    assertEquals(0, ran.code(), ran.err());
    assertFalse(ran.out().contains("parts/seed-1:"), ran.out());
    assertTrue(ran.out().contains("parts/seed-2: "), ran.out());
    assertEquals(metrics("whole").get("mse"), metrics("parts").get("mse"));
    assertArrayEquals(model("whole/seed-2"), model("parts/seed-2"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--seeds=0", "--seeds=1,1", "--seeds=-3", "--seeds=1,2 --seed=3"})
  void seedsThatAreNone(String args) {
    var out = folder.resolve("never");
    var all = SequenceData.train(out, SequenceData.series(folder), args.split(" "));
    var ran = Ran.run(all);
    assertEquals(2, ran.code(), ran.err());
    assertTrue(ran.err().contains("--seeds: expected"), ran.err());
    assertEquals(1, ran.err().lines().count(), ran.err());
    assertFalse(Files.exists(out));
  }

  @Test
  void aModelOfSeveralSeedsHasToBeNamed() {
    train("all", "--seeds=2");
    for (String command : List.of("predict", "summary")) {
      var ran = Ran.run(command, "--model=" + folder.resolve("all"));
      assertEquals(2, ran.code());
      assertTrue(
          ran.err().contains("name one of them: " + folder.resolve("all/seed-1")), ran.err());
    }
  }
}
