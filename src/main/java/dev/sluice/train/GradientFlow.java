package dev.sluice.train;

import dev.sluice.Tensor;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.RnnSpec.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How much of a gradient arrives at each step on the way back through time (Bengio 1994, Pascanu
 * 2013).
 *
 * @param state [T] the Euclidean norm of dL/dh_t over all sequences and units
 * @param cell [T] that of dL/dc_t; empty for networks without a cell
 * @param elman what is known of networks {@code h = f(W_ih x + W_hh h)} alone
 */
public record GradientFlow(double[] state, double[] cell, Optional<Elman> elman) {
  /**
   * The bound on an Elman network's gradient. It holds where the loss looks at the last step alone;
   * with losses at several steps it holds for the part of each.
   *
   * @param sum [T] the norm of dL/da_t, a the sum inside of f
   * @param slope the largest |f'(a)| of this run
   * @param spectral the largest singular value of W_hh
   * @param bound [T] {@code |dL/da_T| (slope spectral)^(T - t)}, never below sum
   */
  public record Elman(double[] sum, double slope, double spectral, double[] bound) {}

  /**
   * Runs a network step by step and goes back.
   *
   * @param pass for training; gradients of parameters are added to, as by any way back
   * @param rnn of one layer in one direction
   * @param x [T, N, C]
   * @param backward makes a loss of the states h_1 to h_T, [N, H] each, and goes back from it:
   *     {@code h -> pass.backward(Loss.mse().of(pass, h.getLast(), target))}
   * @return the norms
   */
  public static GradientFlow of(Pass pass, Rnn rnn, Tensor x, Consumer<List<Tensor>> backward) {
    var spec = rnn.spec();
    if (spec.layers() > 1 || spec.bidirectional()) {
      throw new IllegalArgumentException(
          "gradient flow: expected a network of one layer in one direction, got " + spec);
    }
    var h = new ArrayList<Tensor>();
    var c = new ArrayList<Tensor>();
    Rnn.State state = null;
    for (int t = 0; t < x.shape().size(0); t++) {
      var output = rnn.forward(pass, x.slice(t, t + 1), null, state);
      state = new Rnn.State(output.h(), output.c());
      h.add(output.h().at(0));
      if (output.c() != null) {
        c.add(output.c().at(0));
      }
    }
    backward.accept(List.copyOf(h));
    var cells = c.stream().mapToDouble(tensor -> norm(gradient(pass, tensor))).toArray();
    var states = h.stream().mapToDouble(tensor -> norm(gradient(pass, tensor))).toArray();
    return new GradientFlow(states, cells, elman(pass, rnn, h));
  }

  private static double[] gradient(Pass pass, Tensor tensor) {
    return pass.gradient(tensor).doubles();
  }

  private static Optional<Elman> elman(Pass pass, Rnn rnn, List<Tensor> h) {
    var kind = rnn.spec().kind();
    if (kind != Kind.RNN_TANH && kind != Kind.RNN_RELU) {
      return Optional.empty();
    }
    int steps = h.size();
    var sum = new double[steps];
    double slope = 0;
    for (int t = 0; t < steps; t++) {
      var d = gradient(pass, h.get(t));
      var value = h.get(t).doubles();
      for (int e = 0; e < d.length; e++) {
        double f = slope(kind, value[e]);
        slope = Math.max(slope, f);
        d[e] *= f;
      }
      sum[t] = norm(d);
    }
    double spectral = spectralNorm(rnn);
    var bound = new double[steps];
    for (int t = 0; t < steps; t++) {
      bound[t] = sum[steps - 1] * Math.pow(slope * spectral, steps - 1 - t);
    }
    return Optional.of(new Elman(sum, slope, spectral, bound));
  }

  private static double slope(RnnSpec.Kind kind, double h) {
    return kind == Kind.RNN_TANH ? 1 - h * h : h > 0 ? 1 : 0;
  }

  private static double spectralNorm(Rnn rnn) {
    return SingularValues.largest(rnn.parameters().get(1).value().doubles(), rnn.spec().hidden());
  }

  private static double norm(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }
}
