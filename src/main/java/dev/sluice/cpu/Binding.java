package dev.sluice.cpu;

import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Whether OpenMP binds threads to processors, which only its own variables in the environment tell
 * it to do. Each thread that calls with a team of more than one is then bound to the first place,
 * its team to the places after it; what the caller starts afterwards is bound as it is, and Java
 * counts one processor there.
 */
final class Binding {
  private Binding() {}

  /** As libgomp reads its environment. */
  static String of(UnaryOperator<String> environment) {
    var set =
        Stream.of("OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY")
            .filter(name -> !value(environment, name).isEmpty())
            .map(name -> name + "=" + value(environment, name))
            .collect(Collectors.joining(" "));
    boolean refused = value(environment, "OMP_PROC_BIND").toLowerCase(Locale.ROOT).equals("false");
    return set.isEmpty() || refused
        ? "not bound"
        : "bound by " + set + ", calling threads all to the first place";
  }

  private static String value(UnaryOperator<String> environment, String name) {
    String value = environment.apply(name);
    return value == null ? "" : value.strip();
  }
}
