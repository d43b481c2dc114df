package dev.sluice.cli.verify;

import dev.sluice.Shape;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Parameter;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.HashMap;
import java.util.Map;

/** Keras' ConvLSTM2D: kernels [kh, kw, in, 4 F], gates i, f, c, o, as in the library. */
final class KerasConvLstm {
  private static final Axes FRAMES = new Axes(1, 0, 2, 3, 4);
  private static final Axes KERNEL = new Axes(3, 2, 0, 1);

  private KerasConvLstm() {}

  static void run(Trip trip) {
    var config = trip.config();
    int[] kernel = config.integers("kernel", 2);
    var cell =
        new ConvLstm(
            new ConvLstm.Config(
                config.integer("Cin"), config.integer("Ch"), kernel[0], kernel[1], null),
            trip.type(),
            "",
            weights(trip, 4 * config.integer("Ch")),
            trip.arena());
    var x = trip.input("x", FRAMES);
    var h = trip.input("state0", Axes.SAME);
    var c = trip.input("state1", Axes.SAME);
    var initial = h == null ? null : new ConvLstm.State(h, c);
    var output = cell.forward(trip.pass(), x, initial);
    trip.output("y", FRAMES, output.y());
    trip.output("state0", Axes.SAME, output.last().h());
    trip.output("state1", Axes.SAME, output.last().c());
    trip.backward(() -> gradients(trip, cell));
  }

  private static Weights weights(Trip trip, int gates) {
    var all = new HashMap<String, HostTensor>();
    put(trip, all, "weight_x", "w.kernel");
    put(trip, all, "weight_h", "w.recurrent_kernel");
    boolean bias = trip.subject().has("w.bias");
    var values = bias ? trip.subject().values("w.bias") : new double[gates];
    all.put("bias", new HostTensor(Shape.of(gates), values));
    return Weights.of(all);
  }

  private static void put(Trip trip, Map<String, HostTensor> all, String name, String keras) {
    var shape = trip.subject().shape(keras);
    var values = KERNEL.toLibrary(trip.subject().values(keras), shape);
    all.put(name, new HostTensor(KERNEL.toLibrary(shape), values));
  }

  private static Map<String, double[]> gradients(Trip trip, ConvLstm cell) {
    var all = new HashMap<String, double[]>();
    for (var parameter : cell.parameters()) {
      switch (parameter.name()) {
        case "weight_x" -> all.put("kernel", keras(trip, "w.kernel", parameter));
        case "weight_h" ->
            all.put("recurrent_kernel", keras(trip, "w.recurrent_kernel", parameter));
        default -> {
          if (trip.subject().has("w.bias")) {
            all.put("bias", parameter.gradient().doubles());
          }
        }
      }
    }
    return all;
  }

  private static double[] keras(Trip trip, String name, Parameter parameter) {
    return KERNEL.toCase(parameter.gradient().doubles(), trip.subject().shape(name));
  }
}
