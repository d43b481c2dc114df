package dev.sluice.cli.verify;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.SluiceException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Runs the cases of a suite on a device: each in inference, and once more in training if it has
 * gradients.
 *
 * @param suite the cases
 * @param device where they run
 * @param type float32 or float64
 * @param filter a text that the ids of the cases to run contain
 */
public record Verification(Suite suite, Device device, DType type, String filter) {
  /** {@return the length of the longest id of a case to run; 0 if there is none} */
  public int idWidth() {
    return suite.cases(filter).stream().mapToInt(c -> c.text("id", "").length()).max().orElse(0);
  }

  /**
   * Runs the cases in the manifest's order.
   *
   * @param each told of every verdict as it comes
   * @return all of them
   */
  public List<Verdict> run(Consumer<Verdict> each) {
    var all = new ArrayList<Verdict>();
    for (var entry : suite.cases(filter)) {
      var verdict = verdict(entry);
      each.accept(verdict);
      all.add(verdict);
    }
    return all;
  }

  private Verdict verdict(Config entry) {
    var id = entry.text("id", "");
    var kind = entry.text("kind", "");
    try {
      var runner = Kinds.runner(kind);
      var subject = new Case(entry, suite.folder());
      requireKnown(runner, subject);
      var judge = new Judge(subject, suite.tolerance(type));
      run(runner, subject, judge, false);
      if (subject.hasGradients()) {
        run(runner, subject, judge, true);
      }
      return judge.verdict(id, kind);
    } catch (NotSupported e) {
      return Judge.skip(id, kind, e.getMessage());
    } catch (SluiceException | UncheckedIOException | IllegalArgumentException e) {
      return Judge.fail(id, kind, e.getMessage());
    } catch (RuntimeException e) {
      return Judge.fail(id, kind, "the runner failed: " + e);
    }
  }

  private void run(CaseRunner runner, Case subject, Judge judge, boolean training) {
    try (var trip = new Trip(subject, judge, device, type, training)) {
      runner.run(trip);
    }
  }

  private static void requireKnown(CaseRunner runner, Case subject) {
    for (var key : subject.config().keys()) {
      if (!runner.knows(key)) {
        throw new NotSupported("config." + key + ": the runner does not know it");
      }
    }
    if (!List.of(
            "",
            "weighted_sum",
            "weighted_sum + decouple_beta*decouple",
            "softmax_ce_mean",
            "softmax_ce_sum")
        .contains(subject.lossKind())) {
      throw new NotSupported("loss_kind " + subject.lossKind() + ": not supported yet");
    }
  }
}
