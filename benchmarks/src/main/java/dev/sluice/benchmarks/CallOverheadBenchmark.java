package dev.sluice.benchmarks;

import dev.sluice.bindings.gomp.Gomp_h;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What one native call costs, and one step of the engine; {@link NativeRaces} has C beside it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CallOverheadBenchmark {
  private NativeRaces works;

  /** Opens a device. */
  @Setup
  public void open() {
    works = new NativeRaces(Integer.getInteger(Sequences.THREADS, 0));
  }

  /** Closes it. */
  @TearDown
  public void close() {
    works.close();
  }

  /** The smallest native call through FFM. */
  @Benchmark
  public int nativeCall() {
    return Gomp_h.omp_get_max_threads();
  }

  /** The recurrent product of one LSTM step, N 32, H 256. */
  @Benchmark
  public void stepProduct() {
    works.product();
  }
}
