package dev.sluice.nn;

import dev.sluice.Tensor;

/** Functions of single elements, [...] to [...]; and softmax, of the innermost axis. */
public enum Activation {
  /** 1 / (1 + e^-x). */
  SIGMOID("sigmoid"),
  /** tanh x. */
  TANH("tanh"),
  /** max(x, 0); its slope at 0 is 0. */
  RELU("relu"),
  /** min(max(x / 5 + 1 / 2, 0), 1), as in Keras 2 and ONNX. */
  HARD_SIGMOID("hard_sigmoid", 0.2, 0.5),
  /** min(max(x / 6 + 1 / 2, 0), 1), as in Keras 3. */
  HARD_SIGMOID_KERAS3("hard_sigmoid", 1 / 6.0, 0.5),
  /** e^x over the sum of e^x along the innermost axis. */
  SOFTMAX("softmax");

  private final String kernel;
  private final double[] scalars;

  Activation(String kernel, double... scalars) {
    this.kernel = kernel;
    this.scalars = scalars;
  }

  /**
   * {@return y [...]}
   *
   * @param pass holds what is computed
   * @param x [...]
   */
  public Tensor of(Pass pass, Tensor x) {
    var y = pass.watch(pass.empty(x.type(), x.shape()));
    var backend = pass.device().backend();
    backend.kernel(kernel).run(pass.stream(), scalars, x, y);
    pass.record(
        () -> {
          var dy = pass.arrived(y);
          if (dy != null && pass.wants(x)) {
            backend
                .kernel(kernel + "_backward")
                .run(pass.stream(), scalars, y, dy, pass.gradient(x));
          }
        });
    return y;
  }
}
