package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.CellPlan;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many pieces of work a ConvLSTM enqueues, as ARCHITECTURE.md lists them. */
@Simulated
class LaunchCountTest {
  private static final int STEPS = 5;

  private static long given() {
    return Stream.of(
            "cuLaunchKernel", "cudnnBackendExecute", "cuMemcpyDtoDAsync_v2", "cuMemsetD8Async")
        .mapToLong(Simulator::calls)
        .sum();
  }

  /** Counted in the second trip, whose capture calls each once. */
  @ParameterizedTest
  @CsvSource({"false", "true"})
  void asTheDocumentSays(boolean peephole) {
    try (var device = Simulator.open();
        var arena = device.arena()) {
      var spec =
          new CellSpec(
              CellSpec.Kind.CONV_LSTM, DType.FLOAT32, STEPS, 2, 5, 4, 2, 3, 3, 3, peephole, true);
      var stream = (CudaStream) device.takeStream();
      var trip = new Trip(device.backend().cell(spec).orElseThrow(), arena, peephole);
      trip.forward(stream);
      trip.backward(stream);
      Simulator.clear();
      trip.forward(stream);
      // The convolution of all inputs; a convolution, but for zeros, and the gates a step; states.
      assertEquals(1 + (2 * STEPS - 1) + 3, given(), Simulator.calls());
      Simulator.clear();
      trip.backward(stream);
      // Gates and a data convolution a step, but for the first; two states; two a weight; the bias.
      int maps = peephole ? STEPS + 3 + 3 : 0;
      assertEquals((2 * STEPS - 1) + 2 + 4 + 2 + maps, given(), Simulator.calls());
      device.giveBack(stream);
    }
    assertEquals("", Simulator.report());
  }

  private static final class Trip {
    final CellPlan plan;
    final Tensor packed;
    final Tensor reserve;
    final Sequence values;
    final Sequence gradients;
    final List<Tensor> weights = new ArrayList<>();

    Trip(CellPlan plan, DeviceArena arena, boolean peephole) {
      this.plan = plan;
      packed = arena.tensor(plan.packedBytes() / 4);
      reserve = arena.tensor(plan.reserveBytes() / 4);
      values = sequence(arena, arena.tensor(STEPS, 2, 5, 4, 2));
      gradients =
          new Sequence(
              null,
              null,
              Arrays.asList(null, (Tensor) null),
              arena.tensor(STEPS, 2, 5, 4, 3),
              Arrays.asList(null, (Tensor) null));
      weights.add(arena.tensor(12, 2, 3, 3));
      weights.add(arena.tensor(12, 3, 3, 3));
      weights.add(arena.tensor(12));
      for (int i = 0; peephole && i < 3; i++) {
        weights.add(arena.tensor(3, 5, 4));
      }
    }

    private static Sequence sequence(DeviceArena arena, Tensor x) {
      var state = Shape.of(2, 5, 4, 3);
      return new Sequence(
          x,
          null,
          Arrays.asList(null, (Tensor) null),
          arena.tensor(STEPS, 2, 5, 4, 3),
          List.of(arena.zeros(DType.FLOAT32, state), arena.zeros(DType.FLOAT32, state)));
    }

    void forward(CudaStream stream) {
      plan.forward(stream, packed, values, reserve);
    }

    void backward(CudaStream stream) {
      plan.backward(stream, packed, values, gradients, weights, reserve);
    }
  }
}
