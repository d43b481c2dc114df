package dev.sluice.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.FormatException;
import dev.sluice.Shape;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsTest {
  private static final Shape TWO = Shape.of(2);
  private static final Init ANY = Init.constant(9);

  @TempDir Path folder;
  private Path file;
  private Map<String, HostTensor> tensors;

  @BeforeEach
  void write() {
    file = folder.resolve("model.safetensors");
    tensors =
        Map.of(
            "lstm.weight", new HostTensor(TWO, new float[] {1, 2}),
            "lstm.bias", new HostTensor(TWO, new double[] {0.1, 1e-9}),
            "lstm2.weight", new HostTensor(TWO, new float[] {3, 4}),
            "step", new HostTensor(Shape.of(), new long[] {5}));
    Safetensors.write(file, tensors, Map.of());
  }

  private Weights[] both() {
    return new Weights[] {Weights.open(file), Weights.of(tensors)};
  }

  @Test
  void takesByNameAndPrefix() {
    for (Weights weights : both()) {
      assertArrayEquals(new float[] {1, 2}, weights.take("lstm.weight", TWO, ANY));
      Weights lstm = weights.at("lstm");
      assertArrayEquals(new float[] {1, 2}, lstm.take("weight", TWO, ANY));
      assertArrayEquals(new double[] {1, 2}, lstm.takeDoubles("weight", TWO, ANY));
      assertArrayEquals(new double[] {0.1, 1e-9}, lstm.takeDoubles("bias", TWO, ANY));
      assertArrayEquals(new float[] {0.1f, 1e-9f}, lstm.take("bias", TWO, ANY));
      assertTrue(lstm.has("bias"));
      assertTrue(lstm.at("").has("bias"));
      assertFalse(lstm.has("lstm.bias"));
      assertFalse(weights.has("lstm"));
    }
  }

  @Test
  void whatIsTakenBelongsToTheTaker() {
    for (Weights weights : both()) {
      for (String name : new String[] {"lstm.weight", "lstm.bias"}) {
        float first = weights.take(name, TWO, ANY)[0];
        weights.take(name, TWO, ANY)[0] = 77;
        weights.takeDoubles(name, TWO, ANY)[0] = 77;
        assertEquals(first, weights.take(name, TWO, ANY)[0]);
        assertEquals(first, (float) weights.takeDoubles(name, TWO, ANY)[0]);
      }
    }
  }

  @Test
  void halvesAreTaken() throws Exception {
    String json =
        "{\"h\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]},"
            + "\"b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[2,4]}}";
    var data = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    data.putShort((short) 0x3555).putShort((short) 0x3eab);
    Files.write(file, SafetensorsTest.bytes(json, data.array()));
    Weights weights = Weights.open(file);
    assertArrayEquals(new double[] {0.333251953125}, weights.takeDoubles("h", Shape.of(1), ANY));
    assertArrayEquals(new float[] {0.333984375f}, weights.take("b", Shape.of(1), ANY));
  }

  @Test
  void saysWhatWasExpectedAndWhatCame() {
    Weights lstm = Weights.open(file).at("lstm");
    var e = assertThrows(FormatException.class, () -> lstm.take("gain", TWO, ANY));
    assertEquals(
        file + ": tensor \"lstm.gain\": expected shape [2], got no tensor of that name",
        e.getMessage());
    e = assertThrows(FormatException.class, () -> lstm.take("bias", Shape.of(2, 1), ANY));
    assertEquals(
        file + ": tensor \"lstm.bias\": expected shape [2, 1], got shape [2]", e.getMessage());
    Weights map = Weights.of(tensors);
    e = assertThrows(FormatException.class, () -> map.takeDoubles("step", Shape.of(), ANY));
    assertEquals(
        "weights: tensor \"step\": expected shape [] of floating-point numbers, got I64",
        e.getMessage());
    Path none = folder.resolve("none");
    var missing = assertThrows(UncheckedIOException.class, () -> Weights.open(none));
    assertEquals(none + ": no such file", missing.getMessage());
  }

  @Test
  void namesWhatWasNotUsed() {
    for (Weights weights : both()) {
      weights.at("lstm").take("weight", TWO, ANY);
      assertThrows(FormatException.class, () -> weights.take("lstm2.weight", Shape.of(3), ANY));
      var e = assertThrows(FormatException.class, weights::requireAllUsed);
      assertTrue(
          e.getMessage()
              .endsWith(
                  ": expected every tensor to be used, left over:"
                      + " \"lstm.bias\", \"lstm2.weight\", \"step\""),
          e.getMessage());
      weights.takeDoubles("lstm.bias", TWO, ANY);
      weights.at("lstm").requireAllUsed();
      weights.take("lstm2.weight", TWO, ANY);
      assertThrows(FormatException.class, weights::requireAllUsed);
    }
  }

  @Test
  void namesTenOfManyThatWereNotUsed() {
    var many = new HashMap<String, HostTensor>();
    for (int i = 0; i < 1000; i++) {
      many.put("t" + i, new HostTensor(Shape.of(0), new float[0]));
    }
    var e = assertThrows(FormatException.class, () -> Weights.of(many).requireAllUsed());
    assertTrue(e.getMessage().endsWith(" and 990 more"), e.getMessage());
  }

  @Test
  void randomDoesNotDependOnOrder() {
    Init init = Init.normal(1);
    Weights one = Weights.random(3);
    float[] a = one.at("x").take("a", Shape.of(5), init);
    float[] b = one.take("b", Shape.of(5), init);
    Weights two = Weights.random(3);
    assertArrayEquals(b, two.take("b", Shape.of(5), init));
    assertArrayEquals(a, two.take("x.a", Shape.of(5), init));
    assertFalse(Arrays.equals(a, b));
    assertFalse(Arrays.equals(a, Weights.random(4).take("x.a", Shape.of(5), init)));
    assertTrue(one.has("anything"));
    one.requireAllUsed();
  }

  @Test
  void randomFloatsAreRoundedDoubles() {
    Shape shape = Shape.of(1000);
    float[] floats = Weights.random(3).take("w", shape, Init.uniform(0.1));
    double[] doubles = Weights.random(3).takeDoubles("w", shape, Init.uniform(0.1));
    for (int i = 0; i < floats.length; i++) {
      assertEquals((float) doubles[i], floats[i]);
    }
  }

  /** Computed by a Python program written from the Javadoc of Draws. */
  @Test
  void randomIsTheSameEverywhere() {
    Weights lstm = Weights.random(7).at("lstm");
    assertArrayEquals(
        new double[] {
          -0.17163267649445735, 0.18912238249849983, -0.006496246660740834, 0.05817607146914583
        },
        lstm.takeDoubles("weight_ih_l0", Shape.of(4), Init.uniform(0.25)));
    assertArrayEquals(
        new double[] {
          0.42121576366743363, -0.4043815982481234, -0.8601682449858078, -0.7714264216100489
        },
        lstm.takeDoubles("weight_ih_l0", Shape.of(4), Init.normal(1)),
        1e-15);
  }
}
