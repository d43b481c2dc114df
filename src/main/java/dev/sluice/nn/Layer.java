package dev.sluice.nn;

import java.util.List;

/** Anything with parameters. */
public interface Layer {
  /** {@return the parameters, in the order of their making; names are unique} */
  List<Parameter> parameters();

  /** {@return how many numbers the parameters hold} */
  default long parameterCount() {
    return parameters().stream().mapToLong(p -> p.value().shape().elements()).sum();
  }
}
