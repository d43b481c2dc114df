package dev.sluice.cpu;

import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The packed weights of a network: all of them row-major, then for each strand the biases as its
 * gates add them and the recurrent weights as its step products want them.
 */
final class PackedNetwork implements AutoCloseable {
  private final RnnSpec spec;
  private final Reals reals;
  private final StepProduct[] products;
  private final int strands;
  private final int each;
  private final long[] parts;

  PackedNetwork(MemorySegment engine, RnnSpec spec, RnnSpec.Run run) {
    this.spec = spec;
    this.reals = Reals.of(spec.type());
    this.products =
        productsOf(spec, run).stream()
            .map(product -> StepProduct.of(engine, spec, product))
            .toArray(StepProduct[]::new);
    this.strands = spec.layers() * spec.directions();
    this.each = spec.weights().size() / strands;
    this.parts = parts();
  }

  /** The products of a kind; in inference those of forward, the first half, are enough. */
  private static List<StepProduct.Spec> productsOf(RnnSpec spec, RnnSpec.Run run) {
    var all =
        switch (spec.kind()) {
          case LSTM -> LstmStrand.products(spec, run.batch());
          case GRU_RESET_AFTER, GRU_RESET_BEFORE -> GruStrand.products(spec, run.batch());
          case RNN_TANH, RNN_RELU -> ElmanStrand.products(spec, run.batch());
        };
    return run.training() ? all : all.subList(0, all.size() / 2);
  }

  private long[] parts() {
    var all = new ArrayList<Long>();
    spec.weights().values().forEach(shape -> all.add(shape.bytes(spec.type())));
    for (int strand = 0; strand < strands; strand++) {
      all.add(4L * spec.hidden() * reals.bytes());
      for (var product : products) {
        all.add(product.packedBytes());
      }
    }
    return all.stream().mapToLong(Long::longValue).toArray();
  }

  long bytes() {
    return Blocks.total(parts);
  }

  void pack(CpuStream stream, List<Tensor> weights, Tensor packed) {
    var all = Blocks.cut(packed.memory(), parts);
    for (int i = 0; i < weights.size(); i++) {
      all[i].copyFrom(weights.get(i).memory());
    }
    for (int strand = 0; strand < strands; strand++) {
      var own = weights(all, strand);
      packBias(own, all[biasOf(strand)]);
      for (int i = 0; i < products.length; i++) {
        products[i].pack(stream, own.recurrent(), all[biasOf(strand) + 1 + i]);
      }
    }
  }

  private int biasOf(int strand) {
    return strands * each + strand * (1 + products.length);
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

  Strand strand(
      CpuStream stream, RnnSpec.Run run, Tensor packed, int index, MemorySegment[] reserve) {
    var all = Blocks.cut(packed.memory(), parts);
    int bias = biasOf(index);
    var steps =
        new Strand.Steps(
            products,
            Arrays.copyOfRange(all, bias + 1, bias + 1 + products.length),
            spec.bias() || spec.forgetBias() != 0 ? all[bias] : null);
    boolean reverse = index % spec.directions() == 1;
    var own = weights(all, index);
    return switch (spec.kind()) {
      case LSTM -> new LstmStrand(stream, spec, run, reverse, own, steps, reserve);
      case GRU_RESET_AFTER, GRU_RESET_BEFORE ->
          new GruStrand(stream, spec, run, reverse, own, steps, reserve);
      case RNN_TANH, RNN_RELU -> new ElmanStrand(stream, spec, run, reverse, own, steps, reserve);
    };
  }

  @Override
  public void close() {
    for (var product : products) {
      product.close();
    }
  }
}
