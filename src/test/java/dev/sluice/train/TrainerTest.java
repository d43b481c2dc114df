package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.FormatException;
import dev.sluice.Shape;
import dev.sluice.nn.Linear;
import dev.sluice.weights.Json;
import dev.sluice.weights.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  @TempDir Path folder;

  private Device device;
  private DeviceArena arena;

  @BeforeEach
  void open() {
    device = Device.open(Device.Options.defaults().threads(1));
    arena = device.arena();
  }

  @AfterEach
  void close() {
    arena.close();
    device.close();
  }

  private final class Run {
    final Linear model;
    final Trainer trainer;

    Run(int outputs, double clip) {
      model = new Linear(3, outputs, Weights.random(1), arena);
      var adam = new Adam(model.parameters(), 0.1, arena);
      trainer = new Trainer(device, model, adam, Schedule.cosine(0.1, 20).warmUp(4), clip);
    }

    double step(float x) {
      return trainer.step(
          pass -> {
            var input = pass.tensor(Shape.of(2, 3), new float[] {x, 1, 2, -1, 3, x});
            var y = model.forward(pass, input);
            return Loss.mse()
                .of(pass, y, pass.tensor(y.shape(), new float[(int) y.shape().elements()]));
          });
    }

    float[] numbers() {
      var weight = model.parameters().get(0).value().floats();
      var bias = model.parameters().get(1).value().floats();
      var all = Arrays.copyOf(weight, weight.length + bias.length);
      System.arraycopy(bias, 0, all, weight.length, bias.length);
      return all;
    }
  }

  @Test
  void startsAfreshAfterAStepThatWasCutShort() {
    var whole = new Run(2, Double.POSITIVE_INFINITY);
    var torn = new Run(2, Double.POSITIVE_INFINITY);
    assertThrows(
        IllegalStateException.class,
        () ->
            torn.trainer.step(
                pass -> {
                  pass.record(
                      () -> {
                        throw new IllegalStateException("in the middle of the way back");
                      });
                  var y =
                      torn.model.forward(pass, pass.tensor(Shape.of(1, 3), new float[] {1, 2, 3}));
                  return Loss.mse().of(pass, y, pass.tensor(y.shape(), new float[2]));
                }));
    assertEquals(0, torn.trainer.steps());
    assertEquals(whole.step(1), torn.step(1));
    assertEquals(whole.trainer.gradientNorm(), torn.trainer.gradientNorm());
    assertArrayEquals(whole.numbers(), torn.numbers());
  }

  @Test
  void learnsAtTheRatesOfTheSchedule() {
    var run = new Run(2, 1);
    double first = run.step(1);
    assertEquals(0.1 / 4, run.trainer.rate(), 1e-12);
    double last = 0;
    while (run.trainer.steps() < 20) {
      last = run.step(1);
    }
    assertTrue(last < first / 4, first + " to " + last);
    assertEquals(0.1 * (1 + Math.cos(Math.PI * 19 / 20)) / 2, run.trainer.rate(), 1e-12);
    assertTrue(run.trainer.gradientNorm() > 0);
  }

  @Test
  void checkpointsGoOnBitForBit() {
    var whole = new Run(2, 1);
    for (int i = 0; i < 14; i++) {
      whole.step(i);
    }
    var first = new Run(2, 1);
    for (int i = 0; i < 5; i++) {
      first.step(i);
      first.trainer.save(folder, Map.of("next", i + 1));
    }
    var second = new Run(2, 1);
    var checkpoint = Checkpoint.open(folder);
    assertEquals(5, checkpoint.step());
    assertEquals(5L, checkpoint.progress().get("next"));
    second.trainer.restore(checkpoint);
    assertEquals(5, second.trainer.steps());
    for (int i = 5; i < 14; i++) {
      second.step(i);
    }
    assertArrayEquals(whole.numbers(), second.numbers());
  }

  @Test
  void aStepThatIsNotFiniteChangesNothing() {
    var run = new Run(2, 1);
    run.step(1);
    var before = run.numbers();
    var e = assertThrows(ArithmeticException.class, () -> run.step(Float.NaN));
    assertTrue(
        e.getMessage().startsWith("training step 2: expected a finite loss"), e.getMessage());
    assertThrows(ArithmeticException.class, () -> run.step(Float.POSITIVE_INFINITY));
    assertArrayEquals(before, run.numbers());
    assertEquals(1, run.trainer.steps());
    run.step(1);
    assertFalse(Arrays.equals(before, run.numbers()), "the trainer did not recover");
  }

  /** A process that dies while it writes leaves the other file half-written, and no manifest. */
  @Test
  void theLastCheckpointSurvivesADeath() throws IOException {
    var run = new Run(2, 1);
    run.step(1);
    run.trainer.save(folder, Map.of());
    var saved = run.numbers();
    var other = folder.resolve("checkpoint-b.safetensors");
    assertFalse(Files.exists(other));
    Files.writeString(other, "half");
    run.step(2);
    var restored = new Run(2, 1);
    restored.trainer.restore(Checkpoint.open(folder));
    assertArrayEquals(saved, restored.numbers());
    run.trainer.save(folder, Map.of());
    assertEquals(2, Checkpoint.open(folder).step());
    assertTrue(Files.size(other) > 4);
  }

  @Test
  void aDamagedCheckpointIsRefused() throws IOException {
    var run = new Run(2, 1);
    run.step(1);
    run.trainer.save(folder, Map.of());
    var before = run.numbers();
    var tensors = folder.resolve("checkpoint-a.safetensors");
    var bytes = Files.readAllBytes(tensors);
    bytes[bytes.length - 1] ^= 1;
    Files.write(tensors, bytes);
    var e = assertThrows(FormatException.class, () -> run.trainer.restore(Checkpoint.open(folder)));
    assertTrue(e.getMessage().contains("SHA-256"), e.getMessage());
    assertArrayEquals(before, run.numbers());
  }

  @Test
  void aManifestCannotNameOtherFiles() throws IOException {
    var run = new Run(2, 1);
    run.trainer.save(folder, Map.of());
    var manifest = folder.resolve(Checkpoint.MANIFEST);
    var text = Files.readString(manifest);
    Files.writeString(manifest, text.replace("checkpoint-a.safetensors", "../a.safetensors"));
    assertThrows(FormatException.class, () -> Checkpoint.open(folder));
    Files.writeString(manifest, Json.write(Map.of("format", 2)));
    assertThrows(FormatException.class, () -> Checkpoint.open(folder));
    Files.writeString(manifest, text.substring(0, text.length() / 2));
    assertThrows(FormatException.class, () -> Checkpoint.open(folder));
  }

  @Test
  void aCheckpointOfAnotherModelIsRefused() {
    new Run(2, 1).trainer.save(folder, Map.of());
    var other = new Run(3, 1);
    var e =
        assertThrows(FormatException.class, () -> other.trainer.restore(Checkpoint.open(folder)));
    assertTrue(e.getMessage().contains("expected shape [3, 3], got shape [2, 3]"), e.getMessage());
  }

  @Test
  void schedulesRefuseNonsense() {
    assertThrows(IllegalArgumentException.class, () -> Schedule.constant(0));
    assertThrows(IllegalArgumentException.class, () -> Schedule.constant(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Schedule.cosine(1, 0));
    assertThrows(IllegalArgumentException.class, () -> Schedule.constant(1).warmUp(-1));
    assertThrows(IllegalArgumentException.class, () -> new Run(2, Double.NaN));
    assertEquals(0.5, Schedule.constant(0.5).warmUp(0).rate(0));
    assertEquals(0, Schedule.cosine(1, 10).rate(10), 1e-15);
    assertEquals(0, Schedule.cosine(1, 10).rate(99), 1e-15);
  }
}
