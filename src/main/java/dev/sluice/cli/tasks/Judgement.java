package dev.sluice.cli.tasks;

import dev.sluice.cli.pictures.Report;
import java.util.List;
import java.util.Map;

/** What a trained network is worth beside its baselines, as numbers, words and pictures. */
public interface Judgement {
  /** {@return the title of the report} */
  String title();

  /** {@return what was found, a sentence for the terminal} */
  String sentence();

  /** {@return scores and baselines, for metrics.json; what {@link Task#headline} names first} */
  Map<String, Object> metrics();

  /** {@return what the metrics mean, by name} */
  Map<String, String> conventions();

  /** {@return further files of the run by name, one of {@link #FILES} each: pictures, tables} */
  Map<String, byte[]> files();

  /**
   * Shows the findings.
   *
   * @param page to which it adds what a reader wants first; training, settings and conventions
   *     follow
   */
  void show(Report page);

  /** The names that {@link #files} may use; --overwrite deletes them. */
  List<String> FILES = List.of("prediction.gif", "prediction.png", "predictions.csv");
}
