package dev.sluice.cli.experiments;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.data.AddingProblem;
import dev.sluice.data.Split;
import dev.sluice.nn.GateProbe;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Pass;
import dev.sluice.nn.RnnBuilder;
import dev.sluice.spi.RnnSpec.Kind;
import dev.sluice.train.GradientFlow;
import dev.sluice.train.Loss;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.HashMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * How the gradient of a loss at the last step fares on its way back: {@code [d]} holds what is left
 * of it d steps before the last, as a share.
 *
 * @param state of dL/dh, as a share of dL/dh_T
 * @param cell of dL/dc, as a share of dL/dc_{T-1}, the last one that flows between steps; begins
 *     with NaN; empty without a cell
 * @param sum of dL/da, a the sum inside of f; empty for networks with gates
 * @param bound on these; empty for networks with gates
 * @param factor by which the bound grows with every step back, NaN for networks with gates
 * @param forget the mean of the forget gate, NaN without one
 */
record Flow(
    double[] state, double[] cell, double[] sum, double[] bound, double factor, double forget) {
  private static final int SEQUENCES = 32;

  /**
   * Measures a network in double precision: after 100 steps single precision would hold zeros.
   *
   * @param builder of the network's kind
   * @param model the network
   * @param length T
   * @param seed of the sequences, those of the adding problem
   */
  static Flow of(
      Device device, Supplier<RnnBuilder> builder, LastState model, int length, long seed) {
    var x = new float[length * SEQUENCES * 2];
    var y = new float[SEQUENCES];
    new AddingProblem(Split.TEST, seed, length).batch(0, x, y);
    try (var arena = device.arena()) {
      var exact = exact(builder, model, arena);
      var in = arena.empty(DType.FLOAT64, Shape.of(length, SEQUENCES, 2)).set(doubles(x));
      var target = arena.empty(DType.FLOAT64, Shape.of(SEQUENCES, 1)).set(doubles(y));
      double forget =
          exact.rnn().spec().kind() == Kind.LSTM
              ? new GateProbe(exact.rnn(), in, null, null).meanForget()
              : Double.NaN;
      try (var pass = Pass.training(device)) {
        var flow =
            GradientFlow.of(
                pass,
                exact.rnn(),
                in,
                h ->
                    pass.backward(
                        Loss.mse().of(pass, exact.head().forward(pass, h.getLast()), target)));
        return of(flow, forget);
      }
    }
  }

  /** The same network with numbers of twice the length. */
  private static LastState exact(Supplier<RnnBuilder> builder, LastState model, DeviceArena arena) {
    var all = new HashMap<String, HostTensor>();
    model.rnn().parameters().forEach(p -> put(all, "rnn.", p));
    model.head().parameters().forEach(p -> put(all, "head.", p));
    return LastState.of(builder.get().type(DType.FLOAT64), 1, Weights.of(all), arena);
  }

  private static void put(HashMap<String, HostTensor> all, String prefix, Parameter parameter) {
    var value = parameter.value();
    all.put(prefix + parameter.name(), new HostTensor(value.shape(), value.doubles()));
  }

  private static double[] doubles(float[] x) {
    return IntStream.range(0, x.length).mapToDouble(i -> x[i]).toArray();
  }

  private static Flow of(GradientFlow flow, double forget) {
    var empty = new double[0];
    var cell = flow.cell().length == 0 ? empty : shares(flow.cell(), 1);
    return flow.elman()
        .map(
            e ->
                new Flow(
                    shares(flow.state(), 0),
                    cell,
                    shares(e.sum(), 0),
                    shares(e.bound(), 0),
                    e.slope() * e.spectral(),
                    forget))
        .orElse(new Flow(shares(flow.state(), 0), cell, empty, empty, Double.NaN, forget));
  }

  /** From the last step to the first, as a share of that so many steps before the last. */
  private static double[] shares(double[] norms, int whole) {
    var shares = new double[norms.length];
    int last = norms.length - 1;
    Arrays.setAll(shares, d -> norms[last - d] / norms[last - whole]);
    Arrays.fill(shares, 0, whole, Double.NaN);
    return shares;
  }

  /** What is left at the first step. */
  double first() {
    return state[state.length - 1];
  }

  /** The factor by which dL/dh changes a step, on average over all. */
  double perStep() {
    return Math.pow(first(), 1.0 / (state.length - 1));
  }

  /** The largest share of the bound that the gradient came to. */
  double nearestToBound() {
    return IntStream.range(1, sum.length).mapToDouble(d -> sum[d] / bound[d]).max().orElse(0);
  }
}
