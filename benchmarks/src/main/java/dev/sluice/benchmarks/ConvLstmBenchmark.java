package dev.sluice.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** How long a whole sequence through a ConvLSTM takes, forward alone and with the way back. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class ConvLstmBenchmark {
  /** What a round is. */
  @Param({"forward", "train"})
  public String mode;

  private Sequences sequences;

  /** Opens the problem. */
  @Setup
  public void open() {
    sequences = new Sequences(Sequences.convLstm(mode.equals("train")));
  }

  /** Closes it. */
  @TearDown
  public void close() {
    sequences.close();
  }

  /** One sequence. */
  @Benchmark
  public void sequence() {
    sequences.round();
  }
}
