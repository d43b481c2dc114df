package dev.sluice.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.Device;
import dev.sluice.weights.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Fifty training steps have the losses that PyTorch has from the same weights and clips. Whoever
 * changes how random weights or moving digits begin records PyTorch's anew: {@code
 * benchmarks/curves --record}.
 */
class LossCurvesTest {
  static final List<String> MODELS = LossCurves.MODELS;

  private static final double TOLERANCE = 1e-4;

  @ParameterizedTest
  @FieldSource("MODELS")
  void isPyTorchs(String model) throws IOException {
    var expected = (List<?>) recorded().get(model);
    double[] losses;
    try (var device = Device.open(Device.Options.defaults().threads(1))) {
      losses = LossCurves.small(model).losses(device);
    }
    assertEquals(expected.size(), losses.length);
    for (int step = 0; step < losses.length; step++) {
      double loss = ((Number) expected.get(step)).doubleValue();
      assertEquals(loss, losses[step], TOLERANCE * loss, "step " + (step + 1));
    }
  }

  private static Map<?, ?> recorded() throws IOException {
    try (var in = LossCurvesTest.class.getResourceAsStream("torch-curves.json")) {
      return (Map<?, ?>) Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
