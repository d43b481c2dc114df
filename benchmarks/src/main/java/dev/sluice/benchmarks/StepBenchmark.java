package dev.sluice.benchmarks;

import dev.sluice.cli.bench.Cell;
import dev.sluice.cli.bench.Mode;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** How long one step of a session over frames takes, 16x16, 16 to 64 channels. */
@State(Scope.Thread)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class StepBenchmark {
  /** Which cell. */
  @Param({"CONVLSTM", "CONVGRU", "STLSTM"})
  public Cell cell;

  private Sequences sequences;

  /** Opens the problem. */
  @Setup
  public void open() {
    int kernel = cell == Cell.STLSTM ? 5 : 3;
    sequences = new Sequences(Problems.frames(cell, Mode.SESSION, 1, 1, 16, 16, kernel));
  }

  /** Closes it. */
  @TearDown
  public void close() {
    sequences.close();
  }

  /** One step. */
  @Benchmark
  public void step() {
    sequences.round();
  }
}
