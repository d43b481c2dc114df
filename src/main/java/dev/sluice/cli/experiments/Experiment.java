package dev.sluice.cli.experiments;

import dev.sluice.data.Nearest;
import java.util.List;

/** A claim about recurrent networks, put to the test. */
public interface Experiment {
  /** All experiments, in the order to list. */
  List<Experiment> ALL =
      List.of(
          new GradientsExperiment(),
          new PeepholeExperiment(),
          new GruVsLstmExperiment(),
          new AddingExperiment(),
          new SamplingExperiment(),
          new ModelsExperiment());

  /** {@return the name to type} */
  String name();

  /** {@return what it asks, one line} */
  String question();

  /**
   * Runs it.
   *
   * @param lab where, how large, with which seeds
   * @return what was found
   * @throws Lab.Stopped where the lab was asked to stop
   */
  Document run(Lab lab);

  /**
   * {@return the experiment of that name}
   *
   * @param name as typed
   * @throws IllegalArgumentException with the nearest names
   */
  static Experiment named(String name) {
    return ALL.stream()
        .filter(experiment -> experiment.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    Nearest.expected(name, ALL.stream().map(Experiment::name).toList())));
  }
}
