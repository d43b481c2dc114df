package dev.sluice.nn;

import dev.sluice.Shape;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.RnnSpec.Kind;
import dev.sluice.weights.Init;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** How the parameters of a recurrent network begin where no file says so. */
@FunctionalInterface
public interface RnnInit {
  /** Every number from U(-1 / sqrt(H), 1 / sqrt(H)), biases too. */
  RnnInit PYTORCH = (spec, name, shape) -> Init.uniform(1 / Math.sqrt(spec.hidden()));

  /**
   * W_ih Glorot uniform over the whole [C, G H]; W_hh orthogonal over the whole, so that columns of
   * [G H, H] are orthonormal and the blocks of the gates are not; biases 0, an LSTM's forget bias
   * 1.
   */
  RnnInit KERAS = RnnInit::keras;

  /**
   * W_hh the identity, W_ih from N(0, 0.001^2), biases 0 (Le, Jaitly and Hinton 2015): for a
   * network of max(a, 0).
   */
  RnnInit IRNN = RnnInit::irnn;

  /**
   * {@return how a parameter begins}
   *
   * @param spec the network
   * @param name of the parameter, {@code weight_hh_l0} say
   * @param shape of it
   */
  Init of(RnnSpec spec, String name, Shape shape);

  /**
   * {@return the initialisation of that name}
   *
   * @param name {@code pytorch}, {@code keras} or {@code irnn}
   */
  static RnnInit named(String name) {
    var all = new TreeMap<>(Map.of("pytorch", PYTORCH, "keras", KERAS, "irnn", IRNN));
    var init = all.get(name.toLowerCase(Locale.ROOT));
    if (init == null) {
      throw new IllegalArgumentException(
          "rnn: initialisation: expected one of " + all.keySet() + ", got " + name);
    }
    return init;
  }

  /**
   * {@return this, but with an LSTM's forget bias at 1 (Gers 2000)} It stands in b_ih, and b_hh
   * begins with 0 there: both at 1 would make 2.
   */
  default RnnInit unitForgetBias() {
    return (spec, name, shape) -> {
      var init = of(spec, name, shape);
      if (spec.kind() != Kind.LSTM) {
        throw new IllegalArgumentException(
            "rnn: unit forget bias: expected an LSTM, got " + spec.kind());
      }
      return name.startsWith("bias_")
          ? forget(spec, init, Init.constant(name.startsWith("bias_ih") ? 1 : 0))
          : init;
    };
  }

  /** An LSTM's gates i, f, g, o, the second with an initialiser of its own. */
  private static Init forget(RnnSpec spec, Init others, Init forget) {
    return Init.gates(spec.hidden(), others, forget, others, others);
  }

  private static Init keras(RnnSpec spec, String name, Shape shape) {
    if (name.startsWith("weight_hh")) {
      return Init.orthogonal(shape.size(0), shape.size(1));
    }
    if (name.startsWith("weight_ih") || name.startsWith("weight_hr")) {
      return Init.xavierUniform(shape.dim(1), shape.dim(0));
    }
    return name.startsWith("bias_ih") && spec.kind() == Kind.LSTM
        ? forget(spec, Init.zeros(), Init.constant(1))
        : Init.zeros();
  }

  private static Init irnn(RnnSpec spec, String name, Shape shape) {
    if (spec.kind() != Kind.RNN_RELU) {
      throw new IllegalArgumentException(
          "rnn: irnn initialisation: expected a network of max(a, 0), got " + spec.kind());
    }
    if (name.startsWith("weight_hh")) {
      return Init.identity(1);
    }
    return name.startsWith("weight_ih") ? Init.normal(0.001) : Init.zeros();
  }
}
