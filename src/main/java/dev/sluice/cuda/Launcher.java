package dev.sluice.cuda;

import static dev.sluice.bindings.cuda.Cuda_h.*;

import dev.sluice.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Gives kernels to one stream, their arguments from one block of memory. */
final class Launcher implements AutoCloseable {
  private static final int MOST_ARGUMENTS = 64;

  private final CudaStream stream;
  private final Driver driver;
  private final Arena host = Arena.ofShared();
  private final MemorySegment slots = host.allocate(8L * MOST_ARGUMENTS, 8);
  private final MemorySegment pointers = host.allocate(ValueLayout.ADDRESS, MOST_ARGUMENTS);

  Launcher(CudaStream stream, Driver driver) {
    this.stream = stream;
    this.driver = driver;
    for (int i = 0; i < MOST_ARGUMENTS; i++) {
      pointers.setAtIndex(ValueLayout.ADDRESS, i, slots.asSlice(8L * i));
    }
  }

  /** A kernel with arguments that fit it; see {@link CudaStream#launch}. */
  Launch of(KernelModule.Function kernel, Grid grid, Object... arguments) {
    var values = new long[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      if (size(arguments[i]) != kernel.sizes()[i]) {
        throw new IllegalArgumentException(
            "kernel %s: argument %d: expected one of %d bytes, got %s"
                .formatted(kernel.name(), i, kernel.sizes()[i], arguments[i]));
      }
      values[i] = bits(arguments[i]);
    }
    return new Launch(this, kernel, grid, values);
  }

  private static int size(Object argument) {
    return argument instanceof Integer || argument instanceof Float ? 4 : 8;
  }

  private long bits(Object argument) {
    return switch (argument) {
      case null -> 0;
      case Tensor tensor -> stream.address(tensor);
      case Long number -> number;
      case Double number -> Double.doubleToRawLongBits(number);
      case Integer number -> number;
      case Float number -> Float.floatToRawIntBits(number);
      default -> throw new IllegalArgumentException("kernel argument: got " + argument.getClass());
    };
  }

  void enqueue(Launch launch) {
    driver.enter();
    var kernel = launch.kernel();
    var grid = launch.grid();
    for (int i = 0; i < launch.values().length; i++) {
      slots.set(ValueLayout.JAVA_LONG, 8L * i, launch.values()[i]);
    }
    driver.judge(
        "cuLaunchKernel(" + kernel.name() + ")",
        cuLaunchKernel(
            kernel.handle(),
            grid.x(),
            grid.y(),
            1,
            grid.block(),
            1,
            1,
            grid.shared(),
            stream.handle(),
            pointers,
            MemorySegment.NULL));
  }

  @Override
  public void close() {
    host.close();
  }
}
