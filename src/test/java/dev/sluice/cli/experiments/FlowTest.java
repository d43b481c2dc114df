package dev.sluice.cli.experiments;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.RnnBuilder;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FlowTest {
  private Device device;
  private DeviceArena arena;

  @BeforeEach
  void open() {
    device = Device.open("cpu");
    arena = device.arena();
  }

  @AfterEach
  void close() {
    arena.close();
    device.close();
  }

  /**
   * h_t = max(x + h_{t-1} / 2 + 1, 0): each step back halves the gradient, and so does the bound.
   */
  @Test
  void aUnitThatHalves() {
    Supplier<RnnBuilder> relu = () -> Rnn.relu(2, 1);
    var weights =
        Weights.of(
            Map.of(
                "rnn.weight_ih_l0", tensor(Shape.of(1, 2), 1, 0),
                "rnn.weight_hh_l0", tensor(Shape.of(1, 1), 0.5),
                "rnn.bias_ih_l0", tensor(Shape.of(1), 1),
                "rnn.bias_hh_l0", tensor(Shape.of(1), 0),
                "head.weight", tensor(Shape.of(1, 1), 1),
                "head.bias", tensor(Shape.of(1), 0)));
    var flow = Flow.of(device, relu, LastState.of(relu.get(), 1, weights, arena), 4, 1);
    assertArrayEquals(new double[] {1, 0.5, 0.25, 0.125}, flow.state(), 1e-12);
    assertArrayEquals(flow.state(), flow.sum(), 1e-12);
    assertArrayEquals(flow.state(), flow.bound(), 1e-12);
    assertEquals(0.5, flow.factor(), 1e-12);
    assertEquals(0.5, flow.perStep(), 1e-12);
    assertEquals(1, flow.nearestToBound(), 1e-12);
    assertEquals(0, flow.cell().length);
    assertTrue(Double.isNaN(flow.forget()));
  }

  private static HostTensor tensor(Shape shape, double... values) {
    return new HostTensor(shape, values);
  }

  @Test
  void aForgetGateThatIsOpenKeepsTheCell() {
    var shut = lstm(-2);
    var open = lstm(5);
    assertTrue(shut.forget() < 0.2 && open.forget() > 0.98);
    assertTrue(shut.cell()[9] < 1e-3 && open.cell()[9] > 0.5);
    assertTrue(Double.isNaN(open.cell()[0]) && open.cell()[1] == 1);
    assertEquals(0, open.bound().length);
  }

  private Flow lstm(double forgetBias) {
    Supplier<RnnBuilder> lstm = () -> Rnn.lstm(2, 6).forgetBias(forgetBias);
    return Flow.of(device, lstm, LastState.of(lstm.get(), 1, 3, arena), 10, 1);
  }
}
