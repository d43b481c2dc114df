package dev.sluice.cuda;

import dev.sluice.DType;
import dev.sluice.spi.RnnSpec;
import java.util.Arrays;

/**
 * A recurrent network of float32 tensors that runs on halves: everything is rounded on its way in
 * and widened on its way out. Weights and their gradients stay float32 outside, and so do sums
 * inside. On the way back the same rounding gives the same bits, so that nothing more is kept.
 */
final class HalvedSequence implements RnnWork {
  private final RnnSpec spec;
  private final RnnSizes sizes;
  private final DType type;
  private final RnnWork inner;

  /**
   * @param spec float32
   * @param type of the halves
   * @param inner the same network on them; closed with this
   */
  HalvedSequence(RnnSpec spec, RnnSpec.Run run, DType type, RnnWork inner) {
    this.spec = spec;
    this.sizes = new RnnSizes(spec, run);
    this.type = type;
    this.inner = inner;
  }

  @Override
  public RnnAlgorithm algorithm() {
    return inner.algorithm();
  }

  @Override
  public Object layout() {
    return inner.layout();
  }

  @Override
  public long packedBytes() {
    return inner.packedBytes();
  }

  @Override
  public long reserveBytes() {
    return inner.reserveBytes();
  }

  /** Elements of each weight. */
  private long[] weights() {
    return spec.weights().values().stream().mapToLong(shape -> shape.elements()).toArray();
  }

  /** Elements of x, y, the initial and the last states. */
  private long[] sequence(int[] ends) {
    int states = spec.kind().states();
    var counts = new long[2 + 2 * states];
    counts[0] = sizes.elements(ends, spec.input());
    counts[1] = sizes.elements(ends, sizes.outputs());
    for (int i = 0; i < states; i++) {
      counts[2 + i] = sizes.stateBytes(i) / spec.type().bytes();
      counts[2 + states + i] = counts[2 + i];
    }
    return counts;
  }

  private static long[] sequence(RnnPlaces places) {
    int states = places.initial().length;
    var at = new long[2 + 2 * states];
    at[0] = places.x();
    at[1] = places.y();
    System.arraycopy(places.initial(), 0, at, 2, states);
    System.arraycopy(places.last(), 0, at, 2 + states, states);
    return at;
  }

  /** The places of a sequence's halves. */
  private static RnnPlaces places(long[] at, RnnPlaces of) {
    int states = of.initial().length;
    return new RnnPlaces(
        at[0],
        of.lengths(),
        Arrays.copyOfRange(at, 2, 2 + states),
        at[1],
        Arrays.copyOfRange(at, 2 + states, at.length),
        of.ends());
  }

  /** Float32 tensors and their halves, one list behind the other; none at 0. */
  private final class Pairs {
    private final CudaStream stream;
    private final long[] counts;
    private final long[] wide;
    private final long[] half;

    Pairs(CudaStream stream, long[] counts, long[] wide) {
      this.stream = stream;
      this.counts = counts;
      this.wide = wide;
      var bytes = new long[counts.length];
      for (int i = 0; i < counts.length; i++) {
        bytes[i] = wide[i] == 0 ? 0 : counts[i] * type.bytes();
      }
      this.half = stream.edgeScratch(bytes);
      for (int i = 0; i < counts.length; i++) {
        half[i] = wide[i] == 0 ? 0 : half[i];
      }
    }

    void narrow(int from, int to) {
      for (int i = from; i < to; i++) {
        if (wide[i] != 0) {
          CudaKernels.narrow(stream, type, wide[i], half[i], counts[i]);
        }
      }
    }

    void zero(int from, int to) {
      for (int i = from; i < to; i++) {
        if (wide[i] != 0) {
          stream.zero(half[i], counts[i] * type.bytes());
        }
      }
    }

    void widen(int from, int to, boolean add) {
      for (int i = from; i < to; i++) {
        if (wide[i] != 0) {
          CudaKernels.widen(stream, type, half[i], wide[i], counts[i], add);
        }
      }
    }

    long[] half(int from, int to) {
      return Arrays.copyOfRange(half, from, to);
    }
  }

  @Override
  public void pack(CudaStream stream, long[] weights, long packed) {
    var pairs = new Pairs(stream, weights(), weights);
    pairs.narrow(0, weights.length);
    inner.pack(stream, pairs.half, packed);
  }

  @Override
  public void forward(CudaStream stream, long packed, RnnPlaces values, long reserve) {
    var pairs = new Pairs(stream, sequence(values.ends()), sequence(values));
    int last = 2 + values.initial().length;
    pairs.narrow(0, 1);
    pairs.narrow(2, last);
    inner.forward(stream, packed, places(pairs.half, values), reserve);
    pairs.widen(1, 2, false);
    pairs.widen(last, pairs.half.length, false);
  }

  @Override
  public void backward(
      CudaStream stream,
      long packed,
      RnnPlaces values,
      RnnPlaces gradients,
      long[] weights,
      long reserve) {
    var pairs =
        new Pairs(
            stream,
            concat(sequence(values.ends()), sequence(values.ends()), weights()),
            concat(sequence(values), sequence(gradients), weights));
    int states = values.initial().length;
    int own = 2 + 2 * states;
    pairs.narrow(0, 2 + states);
    pairs.zero(own, own + 1);
    pairs.narrow(own + 1, own + 2);
    pairs.zero(own + 2, own + 2 + states);
    pairs.narrow(own + 2 + states, 2 * own);
    pairs.zero(2 * own, pairs.half.length);
    inner.backward(
        stream,
        packed,
        places(pairs.half(0, own), values),
        places(pairs.half(own, 2 * own), gradients),
        pairs.half(2 * own, pairs.half.length),
        reserve);
    pairs.widen(own, own + 1, true);
    pairs.widen(own + 2, own + 2 + states, true);
    pairs.widen(2 * own, pairs.half.length, true);
  }

  private static long[] concat(long[]... lists) {
    return Arrays.stream(lists).flatMapToLong(Arrays::stream).toArray();
  }

  @Override
  public void close() {
    inner.close();
  }
}
