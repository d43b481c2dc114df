package dev.sluice.benchmarks;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Pass;
import dev.sluice.spi.Kernel;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Nanoseconds that the LSTM's gates take for a cell's element, beside copying as many bytes:
 * forward reads and writes 11 floats an element (4 gates and c twice, h once), backward 13 (4 gates
 * and dc twice, c before and after and dh once); the copy moves as many as forward, 5.5 each way.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GateKernelsBenchmark {
  /** That a method reads and writes for an element. */
  static final Map<String, Integer> BYTES =
      Map.of("gatesForward", 44, "gatesBackward", 52, "copyOfAsManyBytes", 44);

  private static final int ELEMENTS = 8 * 16 * 16 * 64;
  private static final double[] NONE = {};

  private Device device;
  private Pass pass;
  private Kernel forward;
  private Kernel backward;
  private Kernel copy;
  private Tensor gates;
  private Tensor before;
  private Tensor after;
  private Tensor h;
  private Tensor gradientOfC;
  private Tensor from;
  private Tensor to;

  /** Opens a device. */
  @Setup
  public void open() {
    device = Sequences.device();
    pass = Pass.inference(device);
    forward = device.backend().kernel("conv_lstm");
    backward = device.backend().kernel("conv_lstm_backward");
    copy = device.backend().kernel("copy");
    gates = pass.zeros(DType.FLOAT32, Shape.of(8, 16, 16, 4 * 64));
    before = frames();
    after = frames();
    h = frames();
    gradientOfC = frames();
    from = pass.zeros(DType.FLOAT32, Shape.of(ELEMENTS * 11L / 2));
    to = pass.zeros(DType.FLOAT32, Shape.of(ELEMENTS * 11L / 2));
  }

  private Tensor frames() {
    return pass.zeros(DType.FLOAT32, Shape.of(8, 16, 16, 64));
  }

  /** Closes it. */
  @TearDown
  public void close() {
    pass.close();
    device.close();
  }

  /** Gates forward. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public void gatesForward() {
    forward.run(pass.stream(), NONE, gates, before, after, h, null, null, null);
  }

  /** Gates backward. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public void gatesBackward() {
    backward.run(
        pass.stream(),
        NONE,
        gates,
        before,
        after,
        h,
        gradientOfC,
        null,
        null,
        null,
        null,
        null,
        null);
  }

  /** As many bytes as the gates forward read and write, copied by one thread. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public void copyOfAsManyBytes() {
    copy.run(pass.stream(), NONE, from, to);
  }
}
