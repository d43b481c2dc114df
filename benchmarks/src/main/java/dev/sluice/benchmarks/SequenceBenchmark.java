package dev.sluice.benchmarks;

import dev.sluice.cli.bench.Cell;
import dev.sluice.cli.bench.Mode;
import dev.sluice.cli.bench.Problem;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** How long a whole sequence through each cell takes, forward alone and with the way back. */
@State(Scope.Thread)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class SequenceBenchmark {
  /** Which cell. */
  @Param({"RNN", "LSTM", "GRU", "CONVLSTM", "CONVGRU", "STLSTM"})
  public Cell cell;

  /** What a round is. */
  @Param({"FORWARD", "TRAIN"})
  public Mode mode;

  private Sequences sequences;

  /** Opens the problem. */
  @Setup
  public void open() {
    sequences = new Sequences(problem(cell, mode));
  }

  private static Problem problem(Cell cell, Mode mode) {
    return cell.overFrames()
        ? Problems.frames(cell, mode, 8, 16, 16, cell == Cell.STLSTM ? 5 : 3)
        : Problems.vectors(cell, mode, 100, 32, 256);
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
