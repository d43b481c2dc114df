package dev.sluice.cli.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.sluice.Device;
import dev.sluice.data.WindWindows;
import dev.sluice.data.Winds;
import dev.sluice.weights.Weights;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WindNetTest {
  /** The globe has no edge: more columns from its other side change nothing. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void seesNoEdge(boolean gru) {
    var net = new WindsTask.Net(gru, 2, false, List.of(3, 2), 5);
    var windows = net.windows();
    var wider =
        new WindWindows(Winds.bundled(), 2, windows.pad() + 3, WindWindows.Target.ANOMALY, false);
    try (var device = Device.open(Device.Options.defaults().threads(1));
        var arena = device.arena()) {
      var model = net.build(Weights.random(1), arena);
      assertArrayEquals(
          WindsStudy.foretell(model, wider, device, 100),
          WindsStudy.foretell(model, windows, device, 100),
          2e-5f);
    }
  }
}
