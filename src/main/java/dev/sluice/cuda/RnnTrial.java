package dev.sluice.cuda;

import dev.sluice.MathMode;
import dev.sluice.spi.RnnSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Algorithms on the same random data, in float32. The first to run is {@link
 * RnnAlgorithm#STANDARD}, and the time of another counts only where it gives the same numbers.
 */
final class RnnTrial implements AutoCloseable {
  private static final int RUNS = 3;
  private static final System.Logger LOG = System.getLogger("dev.sluice.cuda");

  private final CudaStream stream;
  private final RnnSpec spec;
  private final RnnSpec.Run run;
  private final Scratch memory;
  private final Scratch own;
  private final List<Block> inputs = new ArrayList<>();
  private final List<Block> outputs = new ArrayList<>();
  private final List<float[]> expected = new ArrayList<>();
  private RnnAlgorithm fastest = RnnAlgorithm.STANDARD;
  private float least = Float.POSITIVE_INFINITY;

  /** Tensors of one kind: x, or states, or all weights; none for null. */
  private static final class Block {
    final long[] counts;
    final long[] at;

    Block(long... counts) {
      this.counts = counts;
      this.at = new long[counts.length];
    }
  }

  private final Block weights;
  private final Block weightGradients;
  private final RnnPlaces values;
  private final RnnPlaces gradients;

  RnnTrial(CudaStream stream, RnnSpec spec, RnnSpec.Run run) {
    this.stream = stream;
    this.spec = spec;
    this.run = run;
    this.memory = new Scratch(stream.backend());
    this.own = new Scratch(stream.backend());
    var shapes = spec.weights().values().stream().mapToLong(shape -> shape.elements()).toArray();
    this.weights = in(shapes);
    var x = in(rows() * spec.input());
    var initial = in(states());
    var y = out(rows() * spec.directions() * spec.output());
    var last = out(states());
    var dy = in(ofTraining(y.counts));
    var dlast = in(ofTraining(states()));
    var dx = out(ofTraining(x.counts));
    var dinitial = out(ofTraining(states()));
    this.weightGradients = out(ofTraining(shapes));
    try {
      place();
      fill();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    this.values = new RnnPlaces(x.at[0], 0, initial.at, y.at[0], last.at, null);
    this.gradients = new RnnPlaces(dx.at[0], 0, dinitial.at, dy.at[0], dlast.at, null);
  }

  private Block in(long... counts) {
    inputs.add(new Block(counts));
    return inputs.getLast();
  }

  private Block out(long... counts) {
    outputs.add(new Block(counts));
    return outputs.getLast();
  }

  private long[] ofTraining(long[] counts) {
    return run.training() ? counts : new long[counts.length];
  }

  private long rows() {
    return (long) run.steps() * run.batch();
  }

  private long[] states() {
    long rows = (long) spec.layers() * spec.directions() * run.batch();
    return spec.kind().states() == 1
        ? new long[] {rows * spec.output()}
        : new long[] {rows * spec.output(), rows * spec.hidden()};
  }

  private void place() {
    var all = new ArrayList<>(inputs);
    all.addAll(outputs);
    var sizes = all.stream().flatMapToLong(b -> Arrays.stream(b.counts)).map(c -> 4 * c).toArray();
    var at = memory.parts(sizes);
    int next = 0;
    for (var block : all) {
      System.arraycopy(at, next, block.at, 0, block.at.length);
      next += block.at.length;
    }
  }

  /** Weights as small as those of a fresh network, so that rounding does not grow on the way. */
  private void fill() {
    var random = new SplittableRandom(1);
    for (var block : inputs) {
      double bound = block == weights ? 1 / Math.sqrt(spec.hidden()) : 1;
      for (int i = 0; i < block.at.length; i++) {
        try (var arena = Arena.ofConfined()) {
          var host = arena.allocate(ValueLayout.JAVA_FLOAT, block.counts[i]);
          for (long j = 0; j < block.counts[i]; j++) {
            host.setAtIndex(ValueLayout.JAVA_FLOAT, j, (float) random.nextDouble(-bound, bound));
          }
          stream.upload(host, block.at[i], 4 * block.counts[i]);
        }
      }
    }
  }

  /** {@return whether a plan gives what the first gave, and so was timed} */
  boolean run(RnnWork work) {
    var at = own.parts(work.packedBytes(), work.reserveBytes());
    work.pack(stream, weights.at, at[0]);
    for (var block : outputs) {
      for (int i = 0; i < block.at.length; i++) {
        stream.zero(block.at[i], 4 * block.counts[i]);
      }
    }
    once(work, at);
    var got = results();
    if (expected.isEmpty()) {
      expected.addAll(got);
    } else if (!agrees(work, got)) {
      return false;
    }
    float time =
        Stopwatch.milliseconds(
            stream,
            () -> {
              for (int i = 0; i < RUNS; i++) {
                once(work, at);
              }
            });
    if (time < least) {
      least = time;
      fastest = work.algorithm();
    }
    return true;
  }

  private void once(RnnWork work, long[] at) {
    work.forward(stream, at[0], values, run.training() ? at[1] : 0);
    if (run.training()) {
      work.backward(stream, at[0], values, gradients, weightGradients.at, at[1]);
    }
  }

  private List<float[]> results() {
    var all = new ArrayList<float[]>();
    for (var block : outputs) {
      for (int i = 0; i < block.at.length; i++) {
        try (var arena = Arena.ofConfined()) {
          var host = arena.allocate(ValueLayout.JAVA_FLOAT, block.counts[i]);
          stream.download(block.at[i], host, 4 * block.counts[i]);
          all.add(host.toArray(ValueLayout.JAVA_FLOAT));
        }
      }
    }
    return all;
  }

  /** Some twenty roundings of the mode's factors. */
  private static double tolerance(MathMode math) {
    return switch (math) {
      case EXACT -> 1e-3;
      case TF32, FLOAT16 -> 1e-2;
      case BFLOAT16 -> 8e-2;
    };
  }

  private boolean agrees(RnnWork work, List<float[]> got) {
    double tolerance = tolerance(stream.backend().math());
    double worst = 0;
    for (int i = 0; i < got.size(); i++) {
      worst = Math.max(worst, difference(expected.get(i), got.get(i)));
    }
    if (worst <= tolerance) {
      return true;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "{0} of cuDNN is not used: its results for {1}, {2} are off by {3} of their size",
        work.algorithm(),
        spec,
        run,
        worst);
    return false;
  }

  /** The largest, over the largest number; not a number counts as infinite. */
  private static double difference(float[] expected, float[] got) {
    double size = 1e-6;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      size = Math.max(size, Math.abs(expected[i]));
      double off = Math.abs(expected[i] - got[i]);
      worst = Double.isNaN(off) ? Double.POSITIVE_INFINITY : Math.max(worst, off);
    }
    return worst / size;
  }

  RnnAlgorithm fastest() {
    return fastest;
  }

  @Override
  public void close() {
    var cleanup = new Cleanup();
    cleanup.run(memory::close);
    cleanup.run(own::close);
    cleanup.done();
  }
}
