package dev.sluice.cpu;

import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The packed weights of a network: all of them row-major, then for each strand the biases as its
 * gates add them and the weights as its step products want them, those of the input first.
 */
final class PackedNetwork implements AutoCloseable {
  private final RnnSpec spec;
  private final Reals reals;
  private final Cut cut;
  private final boolean deep;
  private final Map<Integer, StepProduct[]> products = new HashMap<>();
  private final Map<Integer, StepProduct[]> inputs = new HashMap<>();
  private final int kinds;
  private final int strands;
  private final int each;
  private final long[] parts;

  PackedNetwork(OneDnnEngine engine, RnnSpec spec, RnnSpec.Run run, Cut cut) {
    this.spec = spec;
    this.reals = Reals.of(spec.type());
    this.cut = cut;
    this.deep = cut.chunked(run) && inputRows(run, cut.share(0).count()) >= SplitProduct.LEAST_ROWS;
    try {
      for (int share = 0; share < Math.max(1, cut.shares()); share++) {
        int rows = (cut.apart() ? cut.share(share) : cut.whole()).count();
        products.computeIfAbsent(
            rows, n -> made(productsOf(spec, run, n), p -> StepProduct.of(engine, spec.type(), p)));
        inputs.computeIfAbsent(
            inputRows(run, rows),
            n -> made(inputsOf(spec, run, n), p -> input(engine, run.training(), p)));
      }
      this.kinds = any(products).length;
      this.strands = spec.layers() * spec.directions();
      this.each = spec.weights().size() / strands;
      this.parts = parts();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Rows of an input product: of one step, of as many as are done as one, or of all. */
  private int inputRows(RnnSpec.Run run, int rows) {
    boolean each = cut.apart() && run.training();
    return each ? rows : rows * cut.sums(run);
  }

  private static StepProduct[] made(
      List<StepProduct.Spec> specs, Function<StepProduct.Spec, StepProduct> make) {
    var made = new ArrayList<StepProduct>();
    try {
      specs.forEach(product -> made.add(make.apply(product)));
      return made.toArray(StepProduct[]::new);
    } catch (RuntimeException e) {
      made.forEach(StepProduct::close);
      throw e;
    }
  }

  /** Those of any number of rows: all pack alike. */
  private static StepProduct[] any(Map<Integer, StepProduct[]> products) {
    return products.values().iterator().next();
  }

  /** The input product of some rows: of the first layer, and of the others, which are alike. */
  private List<StepProduct.Spec> inputsOf(RnnSpec spec, RnnSpec.Run run, int rows) {
    int sums = spec.kind().gates() * spec.hidden();
    int stride = spec.kind() == RnnSpec.Kind.LSTM ? cut.lstmStride(spec, run) : sums;
    return IntStream.range(0, Math.min(2, spec.layers()))
        .map(spec::inputOf)
        .mapToObj(in -> new StepProduct.Spec(rows, in, sums, in, stride, 0, true, false))
        .toList();
  }

  /** Weights that change with each trip are not packed for a single product. */
  private StepProduct input(OneDnnEngine engine, boolean training, StepProduct.Spec product) {
    if (deep && SplitProduct.suits(engine, product)) {
      return new SplitProduct(engine, product);
    }
    return training && !cut.apart()
        ? new StepProduct.Plain(reals, product)
        : StepProduct.of(engine, spec.type(), product);
  }

  /** The products of a kind; in inference those of forward, the first half, are enough. */
  private List<StepProduct.Spec> productsOf(RnnSpec spec, RnnSpec.Run run, int rows) {
    var all =
        switch (spec.kind()) {
          case LSTM -> LstmStrand.products(spec, rows, cut.lstmStride(spec, run));
          case GRU_RESET_AFTER, GRU_RESET_BEFORE -> GruStrand.products(spec, rows);
          case RNN_TANH, RNN_RELU -> ElmanStrand.products(spec, rows);
        };
    return run.training() ? all : all.subList(0, all.size() / 2);
  }

  private long[] parts() {
    var all = new ArrayList<Long>();
    spec.weights().values().forEach(shape -> all.add(shape.bytes(spec.type())));
    for (int strand = 0; strand < strands; strand++) {
      all.add(4L * spec.hidden() * reals.bytes());
      all.add(inputOf(any(inputs), strand).packedBytes());
      for (var product : any(products)) {
        all.add(product.packedBytes());
      }
    }
    return all.stream().mapToLong(Long::longValue).toArray();
  }

  /** What the products are computed with. */
  String implementation() {
    var step = any(products)[0].implementation();
    var input = any(inputs)[0].implementation();
    return input.equals(step) ? step : step + ", inputs " + input;
  }

  /** Whether input products have so many rows that other weights may be packed for them. */
  boolean deep() {
    return deep;
  }

  long bytes() {
    return Blocks.total(parts);
  }

  void pack(CpuStream stream, List<Tensor> weights, Tensor packed) {
    var all = parts(packed);
    for (int i = 0; i < weights.size(); i++) {
      all[i].copyFrom(weights.get(i).memory());
    }
    for (int strand = 0; strand < strands; strand++) {
      var own = weights(all, strand);
      packBias(own, all[biasOf(strand)]);
      int at = biasOf(strand) + 1;
      inputOf(any(inputs), strand).pack(stream, own.input(), all[at]);
      for (int i = 0; i < kinds; i++) {
        any(products)[i].pack(stream, own.recurrent(), all[at + 1 + i]);
      }
    }
  }

  private int biasOf(int strand) {
    return strands * each + strand * (2 + kinds);
  }

  private StepProduct inputOf(StepProduct[] ofLayers, int strand) {
    return ofLayers[strand < spec.directions() ? 0 : 1];
  }

  /** Both biases in one, but for a GRU's reset after, which multiplies the recurrent one of n. */
  private void packBias(Strand.Weights own, MemorySegment bias) {
    bias.fill((byte) 0);
    int hidden = spec.hidden();
    boolean after = spec.kind() == RnnSpec.Kind.GRU_RESET_AFTER;
    for (int j = 0; spec.bias() && j < spec.kind().gates() * hidden; j++) {
      reals.add(bias, j, reals.get(own.inputBias(), j));
      reals.add(bias, after && j >= 2 * hidden ? j + hidden : j, reals.get(own.recurrentBias(), j));
    }
    for (int j = hidden; spec.forgetBias() != 0 && j < 2 * hidden; j++) {
      reals.add(bias, j, spec.forgetBias());
    }
  }

  /** The weights, or their gradients, of one strand in a list of all. */
  Strand.Weights weights(MemorySegment[] all, int strand) {
    int at = strand * each;
    int next = at + (spec.bias() ? 4 : 2);
    return new Strand.Weights(
        all[at],
        all[at + 1],
        spec.bias() ? all[at + 2] : null,
        spec.bias() ? all[at + 3] : null,
        spec.projection() > 0 ? all[next] : null,
        spec.peephole() ? all[next + (spec.projection() > 0 ? 1 : 0)] : null);
  }

  /** The parts of packed weights. */
  MemorySegment[] parts(Tensor packed) {
    return Blocks.cut(packed.memory(), parts);
  }

  /**
   * A strand over memory.
   *
   * @param all what {@link #parts} gave
   * @param share the rows that it works on
   * @param index its number
   * @param reserve its own parts
   */
  Strand strand(
      CpuStream stream,
      RnnSpec.Run run,
      MemorySegment[] all,
      Cut.Share share,
      int index,
      MemorySegment[] reserve) {
    int bias = biasOf(index);
    int rows = inputRows(run, share.count());
    var own = weights(all, index);
    var steps =
        new Strand.Steps(
            share,
            inputs.containsKey(rows) ? inputOf(inputs.get(rows), index) : null,
            cut,
            products.get(share.count()),
            factors(all, index, own),
            spec.bias() || spec.forgetBias() != 0 ? all[bias] : null);
    boolean reverse = index % spec.directions() == 1;
    return switch (spec.kind()) {
      case LSTM -> new LstmStrand(stream, spec, run, reverse, own, steps, reserve);
      case GRU_RESET_AFTER, GRU_RESET_BEFORE ->
          new GruStrand(stream, spec, run, reverse, own, steps, reserve);
      case RNN_TANH, RNN_RELU -> new ElmanStrand(stream, spec, run, reverse, own, steps, reserve);
    };
  }

  /** What a strand's products multiply with: packed weights, or the row-major ones. */
  private MemorySegment[] factors(MemorySegment[] all, int strand, Strand.Weights own) {
    var factors = new MemorySegment[1 + kinds];
    for (int i = 0; i < factors.length; i++) {
      var packed = all[biasOf(strand) + 1 + i];
      var plain = i == 0 ? own.input() : own.recurrent();
      factors[i] = packed.byteSize() == 0 ? plain : packed;
    }
    return factors;
  }

  @Override
  public void close() {
    for (var made : List.of(products, inputs)) {
      made.values().stream().flatMap(Arrays::stream).forEach(StepProduct::close);
    }
  }
}
