package dev.sluice.peers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Cells as ONNX graphs. LSTM, GRU and RNN are ONNX's own operators; cells over frames, which ONNX
 * does not have, are unrolled over the steps, one convolution over cat(x, h) as everybody writes
 * them, frames in nchw.
 */
final class OnnxCells {
  private final OnnxGraph graph = new OnnxGraph();
  private final Given given;
  private final int hidden;

  private OnnxCells(Given given) {
    this.given = given;
    this.hidden = given.hidden();
  }

  /** The model's bytes; its input is x and its output y. */
  static byte[] model(Given given) {
    given.plain();
    var cells = new OnnxCells(given);
    int[] y = given.shape("y");
    if (!given.overFrames()) {
      return cells.graph.model("x", given.shape("x"), cells.sequence(), y);
    }
    int[] x = given.shape("x");
    return cells.graph.model(
        "x",
        new int[] {x[0], x[1], x[4], x[2], x[3]},
        cells.frames(),
        new int[] {y[0], y[1], y[4], y[2], y[3]});
  }

  private String sequence() {
    String x = "x";
    for (int layer = 0; layer < given.layers(); layer++) {
      x = layer(x, layer);
    }
    return x;
  }

  /**
   * ONNX orders an LSTM's gates i o f g and a GRU's z r n; PyTorch and Sluice i f g o and r z n.
   */
  private String layer(String x, int layer) {
    int[] order =
        switch (given.cell()) {
          case "lstm" -> new int[] {0, 3, 1, 2};
          case "gru" -> new int[] {1, 0, 2};
          default -> new int[] {0};
        };
    int directions = given.directions();
    int rows = order.length * hidden;
    var w = new ArrayList<float[]>();
    var r = new ArrayList<float[]>();
    var b = new ArrayList<float[]>();
    for (var end : given.ends(layer)) {
      w.add(Given.blocks(given.floats("weight_ih" + end), order));
      r.add(Given.blocks(given.floats("weight_hh" + end), order));
      b.add(Given.blocks(given.floats("bias_ih" + end), order));
      b.add(Given.blocks(given.floats("bias_hh" + end), order));
    }
    int width = given.shape("weight_ih_l" + layer)[1];
    var inputs =
        List.of(
            x,
            graph.constant(Given.together(w), directions, rows, width),
            graph.constant(Given.together(r), directions, rows, hidden),
            graph.constant(Given.together(b), directions, 2 * rows));
    var attributes = new ArrayList<Object>(List.of("hidden_size", hidden));
    if (given.cell().equals("gru")) {
      attributes.addAll(List.of("linear_before_reset", 1));
    }
    if (directions == 2) {
      attributes.addAll(List.of("direction", "bidirectional"));
    }
    var operator = given.cell().toUpperCase(Locale.ROOT);
    var y = graph.node(operator, inputs, attributes.toArray());
    if (directions == 1) { // [T, 1, N, H]
      return graph.node("Squeeze", List.of(y, graph.ints(1)));
    }
    var turned = graph.node("Transpose", List.of(y), "perm", new int[] {0, 2, 1, 3});
    return graph.node("Reshape", List.of(turned, graph.ints(0, 0, 2 * hidden)));
  }

  private String frames() {
    var xs = new ArrayList<String>();
    for (var x : graph.nodes("Split", List.of("x"), given.steps(), "axis", 0)) {
      xs.add(graph.node("Squeeze", List.of(x, graph.ints(0))));
    }
    List<String> ys = xs;
    for (int layer = 0; layer < given.layers(); layer++) {
      ys =
          switch (given.cell()) {
            case "convlstm" -> convLstm(ys, layer);
            case "convgru" -> convGru(ys, layer);
            default -> stLstm(ys);
          };
    }
    var stacked = ys.stream().map(y -> graph.node("Unsqueeze", List.of(y, graph.ints(0)))).toList();
    return graph.node("Concat", stacked, "axis", 0);
  }

  private List<String> convLstm(List<String> xs, int l) {
    int rows = 4 * hidden;
    var conv =
        conv(
            given.joined("weight_x_l" + l, "weight_h_l" + l),
            given.floats("bias_l" + l),
            rows,
            given.shape("weight_x_l" + l)[2]);
    String h = zeros();
    String c = h;
    var ys = new ArrayList<String>();
    for (var x : xs) {
      var gates = split(conv.of(graph.node("Concat", List.of(x, h), "axis", 1)), 4);
      c =
          add(
              multiply(sigmoid(gates.get(1)), c),
              multiply(sigmoid(gates.get(0)), tanh(gates.get(2))));
      h = multiply(sigmoid(gates.get(3)), tanh(c));
      ys.add(h);
    }
    return ys;
  }

  private List<String> convGru(List<String> xs, int l) {
    var weight = given.joined("weight_x_l" + l, "weight_h_l" + l);
    var bias = Given.sum(given.floats("bias_x_l" + l), given.floats("bias_h_l" + l));
    int kernel = given.shape("weight_x_l" + l)[2];
    var both = conv(part(weight, 0, 2, 3), part(bias, 0, 2, 3), 2 * hidden, kernel);
    var candidate = conv(part(weight, 2, 3, 3), part(bias, 2, 3, 3), hidden, kernel);
    var one = graph.constant(new float[] {1}, 1);
    String h = zeros();
    var ys = new ArrayList<String>();
    for (var x : xs) {
      var gates = split(sigmoid(both.of(graph.node("Concat", List.of(x, h), "axis", 1))), 2);
      var kept = multiply(gates.get(0), h);
      var n = tanh(candidate.of(graph.node("Concat", List.of(x, kept), "axis", 1)));
      var z = gates.get(1);
      h = add(multiply(graph.node("Sub", List.of(one, z)), n), multiply(z, h));
      ys.add(h);
    }
    return ys;
  }

  private List<String> stLstm(List<String> xs) {
    var convX = conv("conv_x.0.weight");
    var convH = conv("conv_h.0.weight");
    var convM = conv("conv_m.0.weight");
    var convO = conv("conv_o.0.weight");
    var last = conv("conv_last.weight");
    var one = graph.constant(new float[] {1}, 1);
    String h = zeros();
    String c = h;
    String m = h;
    var ys = new ArrayList<String>();
    for (var frame : xs) {
      var x = split(convX.of(frame), 7);
      var fromH = split(convH.of(h), 4);
      var fromM = split(convM.of(m), 3);
      c =
          add(
              multiply(sigmoid(add(add(x.get(1), fromH.get(1)), one)), c),
              multiply(sigmoid(add(x.get(0), fromH.get(0))), tanh(add(x.get(2), fromH.get(2)))));
      m =
          add(
              multiply(sigmoid(add(add(x.get(4), fromM.get(1)), one)), m),
              multiply(sigmoid(add(x.get(3), fromM.get(0))), tanh(add(x.get(5), fromM.get(2)))));
      var both = graph.node("Concat", List.of(c, m), "axis", 1);
      var o = sigmoid(add(add(x.get(6), fromH.get(3)), convO.of(both)));
      h = multiply(o, tanh(last.of(both)));
      ys.add(h);
    }
    return ys;
  }

  /** A convolution whose weights are in the graph once. */
  @FunctionalInterface
  private interface Convolution {
    String of(String x);
  }

  private Convolution conv(String weight) {
    var shape = given.shape(weight);
    return conv(given.floats(weight), null, shape[0], shape[2]);
  }

  private Convolution conv(float[] weight, float[] bias, int rows, int kernel) {
    int channels = weight.length / rows / kernel / kernel;
    var w = graph.constant(weight, rows, channels, kernel, kernel);
    var b = bias == null ? null : graph.constant(bias, rows);
    int pad = kernel / 2;
    return x ->
        graph.node(
            "Conv",
            b == null ? List.of(x, w) : List.of(x, w, b),
            "pads",
            new int[] {pad, pad, pad, pad});
  }

  private String zeros() {
    var y = given.shape("y");
    return graph.constant(new float[y[1] * y[2] * y[3] * y[4]], y[1], y[4], y[2], y[3]);
  }

  private static float[] part(float[] all, int from, int to, int of) {
    int size = all.length / of;
    return Arrays.copyOfRange(all, from * size, to * size);
  }

  private List<String> split(String gates, int parts) {
    return graph.nodes("Split", List.of(gates), parts, "axis", 1);
  }

  private String sigmoid(String x) {
    return graph.node("Sigmoid", List.of(x));
  }

  private String tanh(String x) {
    return graph.node("Tanh", List.of(x));
  }

  private String add(String a, String b) {
    return graph.node("Add", List.of(a, b));
  }

  private String multiply(String a, String b) {
    return graph.node("Mul", List.of(a, b));
  }
}
