package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A row of the table of cells whose runs are compared with each other. Sequences are [T, N, P, C],
 * outputs [T, N, P, K], states [N, P, K], P the pixels of a frame or 1.
 *
 * @param name of the row
 * @param states h and so on
 * @param frames whether it sees frames
 * @param maker makes it
 * @param zero what it gives where all of its weights are zero
 * @param folds biases that are added to each other; none in a cell without two of them
 * @param apart biases that are not, though they look like it
 * @param rnn its options, for those that have directions and layers; else null
 */
record RelatedCell(
    String name,
    int states,
    boolean frames,
    Maker maker,
    Zero zero,
    List<Fold> folds,
    List<Fold> apart,
    Supplier<RnnBuilder> rnn) {
  static final int INPUTS = 5;
  static final int HIDDEN = 5;
  static final int HEIGHT = 4;
  static final int WIDTH = 3;

  /** Which parameters have a column for every channel of x, and which for every hidden unit. */
  private static final List<String> INPUT_COLUMNS =
      List.of("weight_ih", "weight_x", "conv_x.0", "x_concat.0");

  private static final List<String> HIDDEN_COLUMNS =
      List.of(
          "weight_h",
          "conv_h.0",
          "conv_m.0",
          "conv_c.0",
          "conv_c2m.0",
          "conv_o.0",
          "conv_om.0",
          "conv_last",
          "z_concat.0");

  /** The gates' value at 0, and at 0 with a forget bias of 1. */
  private static final double FORGET = 1 / (1 + Math.exp(-1));

  private static final ConvLstm.Config.Frame FRAME = new ConvLstm.Config.Frame(HEIGHT, WIDTH);

  static final List<RelatedCell> TABLE =
      List.of(
          rnn("rnn tanh", () -> Rnn.tanh(INPUTS, HIDDEN), 1, RelatedCell::nothing, folds(1)),
          rnn("rnn relu", () -> Rnn.relu(INPUTS, HIDDEN), 1, RelatedCell::nothing, folds(1)),
          rnn("lstm", () -> Rnn.lstm(INPUTS, HIDDEN), 2, RelatedCell::lstm, folds(4)),
          rnn(
              "lstm peephole",
              () -> Rnn.lstm(INPUTS, HIDDEN).peephole(true),
              2,
              RelatedCell::lstm,
              folds(4)),
          rnn("gru reset after", () -> Rnn.gru(INPUTS, HIDDEN), 1, RelatedCell::half, folds(2)),
          rnn(
              "gru reset before",
              () -> Rnn.gruResetBefore(INPUTS, HIDDEN),
              1,
              RelatedCell::half,
              folds(3)),
          frames("convlstm", 2, a -> convLstm(null, a), RelatedCell::lstm, List.of(), List.of()),
          frames(
              "convlstm peephole",
              2,
              a -> convLstm(FRAME, a),
              RelatedCell::lstm,
              List.of(),
              List.of()),
          frames(
              "convgru reset before",
              1,
              a -> convGru(ConvGru.Reset.BEFORE, a),
              RelatedCell::half,
              folds("bias_h", "bias_x", 0, 1, 2),
              List.of()),
          frames(
              "convgru reset after",
              1,
              a -> convGru(ConvGru.Reset.AFTER, a),
              RelatedCell::half,
              folds("bias_h", "bias_x", 0, 1),
              List.of(new Fold("bias_h", 2, "bias_x", 2))),
          frames("stlstm", 3, a -> stLstm(null, a), RelatedCell::stLstm, List.of(), List.of()),
          frames(
              "stlstm layer norm",
              3,
              a -> stLstm(FRAME, a),
              RelatedCell::stLstm,
              join(
                  folds("conv_h.1.bias", "conv_x.1.bias", 0, 1, 2, 6),
                  folds("conv_m.1.bias", "conv_x.1.bias", 3, 4, 5),
                  folds("conv_o.1.bias", "conv_x.1.bias", 6)),
              List.of()),
          frames("ghu", 1, a -> ghu(null, a), RelatedCell::half, List.of(), List.of()),
          frames(
              "ghu layer norm",
              1,
              a -> ghu(FRAME, a),
              RelatedCell::half,
              folds("z_concat.1.bias", "x_concat.1.bias", 0, 1),
              List.of()),
          frames("causal lstm", 3, a -> causal(null, a), RelatedCell::causal, List.of(), List.of()),
          frames(
              "causal lstm layer norm",
              3,
              a -> causal(FRAME, a),
              RelatedCell::causal,
              join(
                  folds("conv_h.1.bias", "conv_x.1.bias", 0, 1, 2, 6),
                  folds("conv_c.1.bias", "conv_x.1.bias", 0, 1, 2),
                  folds("conv_m.1.bias", "conv_x.1.bias", 3, 4),
                  folds("conv_c2m.1.bias", "conv_x.1.bias", 3, 5, 4, 6),
                  folds("conv_om.1.bias", "conv_x.1.bias", 6)),
              List.of(new Fold("conv_m.1.bias", 2, "conv_x.1.bias", 4))));

  /** A cell with its function from x and the states before to y and, where given, those after. */
  record Made(Layer layer, Forward forward) {}

  interface Maker {
    Made in(DeviceArena arena);
  }

  interface Forward {
    List<Tensor> of(Pass pass, Tensor x, List<Tensor> states);
  }

  /** One element's y and states after t steps, from its states before. */
  interface Zero {
    double[] after(int t, double[] before);
  }

  /** A block of rows of one bias that may be moved into a block of another. */
  record Fold(String from, int fromBlock, String to, int toBlock) {}

  private static RelatedCell rnn(
      String name, Supplier<RnnBuilder> builder, int states, Zero zero, List<Fold> folds) {
    Maker maker =
        arena -> {
          var rnn = builder.get().type(DType.FLOAT64).build(Weights.random(1), arena);
          return new Made(
              rnn, (pass, x, before) -> outputs(rnn.forward(pass, x, null, of(before))));
        };
    var apart = List.of(new Fold("bias_hh_l0", 2, "bias_ih_l0", 2));
    return new RelatedCell(
        name, states, false, maker, zero, folds, folds.size() == 2 ? apart : List.of(), builder);
  }

  private static RelatedCell frames(
      String name, int states, Maker maker, Zero zero, List<Fold> folds, List<Fold> apart) {
    return new RelatedCell(name, states, true, maker, zero, folds, apart, null);
  }

  static Rnn.State of(List<Tensor> states) {
    return new Rnn.State(states.getFirst(), states.size() > 1 ? states.get(1) : null);
  }

  static List<Tensor> outputs(Rnn.Output out) {
    return out.c() == null ? List.of(out.y(), out.h()) : List.of(out.y(), out.h(), out.c());
  }

  private static Made convLstm(ConvLstm.Config.Frame peephole, DeviceArena arena) {
    var config = new ConvLstm.Config(INPUTS, HIDDEN, 3, 5, peephole);
    var cell = new ConvLstm(config, DType.FLOAT64, "", Weights.random(1), arena);
    return new Made(
        cell,
        (pass, x, s) -> {
          var out = cell.forward(pass, x, new ConvLstm.State(s.get(0), s.get(1)));
          return List.of(out.y(), out.last().h(), out.last().c());
        });
  }

  private static Made convGru(ConvGru.Reset reset, DeviceArena arena) {
    var config = new ConvGru.Config(INPUTS, HIDDEN, 3, 5, reset, Blend.KEEP);
    var cell = new ConvGru(config, DType.FLOAT64, "", Weights.random(1), arena);
    return new Made(
        cell,
        (pass, x, s) -> {
          var out = cell.forward(pass, x, s.getFirst());
          return List.of(out.y(), out.h());
        });
  }

  private static Made stLstm(ConvLstm.Config.Frame norm, DeviceArena arena) {
    var config = new StLstm.Config(INPUTS, HIDDEN, 3, 5, norm);
    var cell = new StLstm(config, DType.FLOAT64, Weights.random(1), arena);
    return new Made(
        cell,
        (pass, x, s) -> {
          var out = cell.forward(pass, x, new StLstm.State(s.get(0), s.get(1), s.get(2)));
          return List.of(out.y(), out.last().h(), out.last().c(), out.last().m());
        });
  }

  private static Made ghu(ConvLstm.Config.Frame norm, DeviceArena arena) {
    var config = new Ghu.Config(HIDDEN, 3, 5, norm);
    var unit = new Ghu(config, DType.FLOAT64, Weights.random(1), arena);
    return new Made(unit, (pass, x, s) -> List.of(unit.forward(pass, x, s.getFirst())));
  }

  private static Made causal(ConvLstm.Config.Frame norm, DeviceArena arena) {
    var config = new CausalLstm.Config(INPUTS, HIDDEN, 3, 5, norm);
    var cell = new CausalLstm(config, DType.FLOAT64, Weights.random(1), arena);
    return new Made(
        cell,
        (pass, x, s) -> {
          var out = cell.forward(pass, x, new CausalLstm.State(s.get(0), s.get(1), s.get(2)));
          return List.of(out.y(), out.last().h(), out.last().c(), out.last().m());
        });
  }

  private static double[] nothing(int t, double[] before) {
    return new double[2];
  }

  private static double[] half(int t, double[] before) {
    double h = Math.pow(0.5, t) * before[0];
    return new double[] {h, h};
  }

  private static double[] lstm(int t, double[] before) {
    double c = Math.pow(0.5, t) * before[1];
    double h = Math.tanh(c) / 2;
    return new double[] {h, h, c};
  }

  private static double[] stLstm(int t, double[] before) {
    double kept = Math.pow(FORGET, t);
    return new double[] {0, 0, kept * before[1], kept * before[2]};
  }

  private static double[] causal(int t, double[] before) {
    return new double[] {0, 0, Math.pow(FORGET, t) * before[1], 0};
  }

  private static List<Fold> folds(int gates) {
    return folds("bias_hh_l0", "bias_ih_l0", IntStream.range(0, gates).toArray());
  }

  /** Blocks 0, 1, .. of one bias into these of another. */
  private static List<Fold> folds(String from, String to, int... blocks) {
    return IntStream.range(0, blocks.length)
        .mapToObj(i -> new Fold(from, i, to, blocks[i]))
        .toList();
  }

  @SafeVarargs
  private static List<Fold> join(List<Fold>... parts) {
    var all = new ArrayList<Fold>();
    for (var part : parts) {
      all.addAll(part);
    }
    return all;
  }

  static boolean hasInputColumns(Parameter parameter) {
    return INPUT_COLUMNS.stream().anyMatch(parameter.name()::startsWith);
  }

  static boolean hasHiddenColumns(Parameter parameter) {
    return HIDDEN_COLUMNS.stream().anyMatch(parameter.name()::startsWith);
  }

  int pixels() {
    return frames ? HEIGHT * WIDTH : 1;
  }

  /** Elements of an output or a state of one sequence. */
  int each() {
    return pixels() * HIDDEN;
  }

  /** The cell over x [T, N, P, C] and states [N, P, K]. */
  Net net(Made made, int steps, int batch, List<double[]> values) {
    var inputs = new ArrayList<Net.Input>();
    for (var value : values) {
      boolean x = inputs.isEmpty();
      int channels = x ? INPUTS : HIDDEN;
      var shape = frames ? Shape.of(batch, HEIGHT, WIDTH, channels) : Shape.of(batch, channels);
      inputs.add(
          new Net.Input(x ? shape.outer(steps) : frames ? shape : shape.outer(1), value, true));
    }
    return new Net(
        name,
        DType.FLOAT64,
        List.of(made.layer()),
        inputs,
        (pass, in) -> made.forward().of(pass, in.getFirst(), in.subList(1, in.size())));
  }
}
