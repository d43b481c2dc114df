package dev.sluice.cli.experiments;

import dev.sluice.cli.experiments.PeepholeTraining.Peepholes;
import dev.sluice.cli.experiments.PeepholeTraining.Run;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * All runs of one kind of peepholes in one setting.
 *
 * @param setting its name
 * @param peepholes how the gates look at the cell
 * @param runs a seed each
 */
record PeepholeResult(String setting, Peepholes peepholes, List<Run> runs) {
  Spread of(ToDoubleFunction<Run> value) {
    return Spread.of(runs, value);
  }

  long broken() {
    return runs.stream().filter(Run::broke).count();
  }

  boolean any() {
    return !Double.isNaN(peepholes.deviation());
  }

  /** The largest gradient of all seeds, after the first steps. */
  double spike() {
    return of(Run::spike).greatest();
  }

  long parameters() {
    return runs.getFirst().parameters();
  }
}
