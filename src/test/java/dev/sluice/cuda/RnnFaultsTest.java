package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.MathMode;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.SluiceException;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Mistakes that a caller of cuDNN's RNN can make, made on purpose: the simulator stops each, so a
 * plan that passes on it makes none of them.
 */
@Simulated
class RnnFaultsTest {
  private static final RnnSpec SPEC = RnnCase.spec(RnnSpec.Kind.LSTM, 4, 6, 2, true, true, 0);
  private static final RnnSpec.Run RUN = new RnnSpec.Run(5, 3, false, true);

  @BeforeEach
  void simulated() {
    Simulator.open().close();
    Simulator.reset();
  }

  @AfterEach
  void restore() {
    Simulator.reset();
    Simulator.setSeed(1);
  }

  /** A training step in bare calls, right unless told otherwise. */
  private static final class Step implements AutoCloseable {
    final DeviceArena arena;
    final CudaStream stream;
    final RnnNetwork network;
    final RnnShape shape;
    final Tensor x;
    final Tensor y;
    final Tensor dy;
    final Tensor dx;
    final Tensor packed;
    final Tensor gradients;
    final Tensor workspace;
    final Tensor reserve;
    long workspaceBytes;
    long reserveBytes;

    Step(Device device) {
      arena = device.arena();
      stream = new CudaStream((CudaBackend) device.backend());
      var key = RnnNetwork.Key.of(SPEC, RUN, RnnAlgorithm.STANDARD);
      network = new RnnNetwork(stream.cudnn(), MathMode.EXACT, key);
      shape = new RnnShape(stream.cudnn(), SPEC, RUN);
      try (var host = Arena.ofConfined()) {
        var sizes = host.allocate(ValueLayout.JAVA_LONG, 2);
        call(
            "cudnnGetRNNTempSpaceSizes",
            cudnnGetRNNTempSpaceSizes(
                stream.cudnn().handle(), network.handle(), 1, shape.x(), sizes, sizes.asSlice(8)));
        workspaceBytes = sizes.getAtIndex(ValueLayout.JAVA_LONG, 0);
        reserveBytes = sizes.getAtIndex(ValueLayout.JAVA_LONG, 1);
      }
      x = Samples.tensor(arena, DType.FLOAT32, 1, 5, 3, 4);
      y = bytes(4 * 5 * 3 * 12);
      dy = Samples.tensor(arena, DType.FLOAT32, 2, 5, 3, 12);
      dx = bytes(4 * 5 * 3 * 4);
      packed = bytes(network.weightBytes());
      gradients = bytes(network.weightBytes());
      workspace = bytes(workspaceBytes);
      reserve = bytes(reserveBytes);
    }

    Tensor bytes(long bytes) {
      return arena.empty(DType.FLOAT32, Shape.of((bytes + 3) / 4));
    }

    long[] weights() {
      var weights = SPEC.weights().values().stream();
      return weights
          .mapToLong(shape -> Samples.tensor(arena, DType.FLOAT32, 3, shape.dims()).address())
          .toArray();
    }

    void call(String name, int status) {
      stream.cudnn().check(name, () -> status);
    }

    void pack() {
      network.weights(stream.cudnn(), packed.address()).pack(stream, weights(), packed.address());
    }

    void forward(int mode, Tensor into) {
      forward(mode, MemorySegment.ofAddress(x.address()), into);
    }

    void forward(int mode, MemorySegment from, Tensor into) {
      var none = MemorySegment.NULL;
      call(
          "cudnnRNNForward",
          cudnnRNNForward(
              stream.cudnn().handle(),
              network.handle(),
              mode,
              none,
              shape.x(),
              from,
              shape.y(),
              at(y),
              shape.h(),
              none,
              none,
              shape.c(),
              none,
              none,
              network.weightBytes(),
              at(packed),
              workspaceBytes,
              at(workspace),
              reserveBytes,
              at(into)));
    }

    void data(Tensor from) {
      var none = MemorySegment.NULL;
      call(
          "cudnnRNNBackwardData_v8",
          cudnnRNNBackwardData_v8(
              stream.cudnn().handle(),
              network.handle(),
              none,
              shape.y(),
              at(y),
              at(dy),
              shape.x(),
              at(dx),
              shape.h(),
              none,
              none,
              none,
              shape.c(),
              none,
              none,
              none,
              network.weightBytes(),
              at(packed),
              workspaceBytes,
              at(workspace),
              reserveBytes,
              at(from)));
    }

    void zero() {
      stream.zero(gradients.address(), network.weightBytes());
    }

    void weightGradients() {
      var none = MemorySegment.NULL;
      call(
          "cudnnRNNBackwardWeights_v8",
          cudnnRNNBackwardWeights_v8(
              stream.cudnn().handle(),
              network.handle(),
              CUDNN_WGRAD_MODE_ADD(),
              none,
              shape.x(),
              at(x),
              shape.h(),
              none,
              shape.y(),
              at(y),
              network.weightBytes(),
              at(gradients),
              workspaceBytes,
              at(workspace),
              reserveBytes,
              at(reserve)));
    }

    static MemorySegment at(Tensor tensor) {
      return MemorySegment.ofAddress(tensor.address());
    }

    @Override
    public void close() {
      var cleanup = new Cleanup();
      List.<Runnable>of(shape::close, network::close, stream::close, arena::close)
          .forEach(cleanup::run);
      cleanup.done();
    }
  }

  /** What is said about a step: by an exception, or in the report. */
  private static String said(Consumer<Step> calls) {
    String said = "";
    try (var device = Simulator.open();
        var step = new Step(device)) {
      step.pack();
      step.stream.synchronize();
      calls.accept(step);
      step.stream.synchronize();
    } catch (SluiceException e) {
      said = e.getMessage() + "\n";
    }
    return said + Simulator.report();
  }

  private static void assertSaid(String expected, Consumer<Step> calls) {
    var said = said(calls);
    assertTrue(said.contains(expected), "expected " + expected + ", got '" + said + "'");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void aRightStepIsLetThrough(long seed) {
    Simulator.setSeed(seed);
    assertEquals(
        "",
        said(
            step -> {
              step.forward(1, step.reserve);
              step.data(step.reserve);
              step.zero();
              step.weightGradients();
              step.stream.synchronize();
              assertTrue(step.dx.floats()[0] != 0);
            }));
  }

  @Test
  void aWorkspaceThatIsAByteShort() {
    assertSaid(
        "CUDNN_STATUS_BAD_PARAM",
        step -> {
          step.workspaceBytes--;
          step.forward(1, step.reserve);
        });
  }

  @Test
  void aReserveThatIsAByteShort() {
    assertSaid(
        "CUDNN_STATUS_BAD_PARAM",
        step -> {
          step.reserveBytes--;
          step.forward(1, step.reserve);
        });
  }

  @Test
  void aReserveOfAnEarlierStep() {
    assertSaid(
        "differs from that of cudnnRNNForward",
        step -> {
          step.forward(1, step.reserve);
          step.stream.synchronize();
          step.x.set(Samples.floats(9, step.x.shape().elements()));
          step.forward(1, step.bytes(step.reserveBytes));
          step.data(step.reserve);
        });
  }

  @Test
  void aReserveThatIsSpent() {
    assertSaid(
        "was used by a backward pass already",
        step -> {
          step.forward(1, step.reserve);
          step.data(step.reserve);
          step.data(step.reserve);
        });
  }

  @Test
  void aReserveOfInference() {
    assertSaid(
        "cudnnRNNBackwardData_v8",
        step -> {
          step.forward(0, step.reserve);
          step.data(step.reserve);
        });
  }

  @Test
  void weightGradientsBeforeThoseOfTheData() {
    assertSaid(
        "called before cudnnRNNBackwardData_v8",
        step -> {
          step.forward(1, step.reserve);
          step.zero();
          step.weightGradients();
        });
  }

  @Test
  void weightGradientsThatNobodySetToZero() {
    assertSaid(
        "cudnnRNNBackwardWeights_v8",
        step -> {
          step.forward(1, step.reserve);
          step.data(step.reserve);
          step.weightGradients();
        });
  }

  /** Weights one behind the other, as many believe that cuDNN has them. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void weightsAtGuessedOffsets(long seed) {
    Simulator.setSeed(seed);
    try (var device = Simulator.open();
        var step = new Step(device)) {
      var from = step.weights();
      var shapes = List.copyOf(SPEC.weights().values());
      long to = step.packed.address();
      for (int i = 0; i < from.length; i++) {
        step.stream.copy(from[i], to, 4 * shapes.get(i).elements());
        to += 4 * shapes.get(i).elements();
      }
      step.forward(1, step.reserve);
      step.stream.synchronize();
    } catch (SluiceException e) {
      // The report says it too.
    }
    assertTrue(Simulator.report().contains("cudnnRNNForward"), Simulator.report());
  }

  @Test
  void memoryOfTheHost() {
    try (var host = Arena.ofConfined()) {
      var x = host.allocate(4 * 5 * 3 * 4);
      assertSaid("cudnnRNNForward", step -> step.forward(1, x, step.reserve));
    }
  }

  /** Neither unsorted nor empty, and the first as long as the whole. */
  @Test
  void packedSequencesOutOfOrder() {
    var run = new RnnSpec.Run(5, 3, true, true, true, 0);
    for (int[] lengths : new int[][] {{5, 2, 3}, {5, 2, 0}, {4, 2, 1}}) {
      assertSaid(
          "CUDNN_STATUS_BAD_PARAM",
          step -> {
            try (var packed = new RnnShape(step.stream.cudnn(), SPEC, run)) {
              packed.with(lengths, () -> {});
            }
          });
    }
  }

  /** Another stream reads y without waiting for the one that writes it. */
  @Test
  void aStreamThatDoesNotWait() {
    var said =
        said(
            step -> {
              step.forward(1, step.reserve);
              try (var other = new CudaStream(step.stream.backend());
                  var host = Arena.ofConfined()) {
                other.download(step.y.address(), host.allocate(step.y.bytes()), step.y.bytes());
              }
            });
    assertTrue(said.contains("never written"), said);
    Simulator.clear();
    assertEquals(
        "",
        said(
            step -> {
              step.forward(1, step.reserve);
              try (var other = new CudaStream(step.stream.backend());
                  var host = Arena.ofConfined()) {
                other.after(step.stream);
                other.download(step.y.address(), host.allocate(step.y.bytes()), step.y.bytes());
              }
            }));
  }
}
