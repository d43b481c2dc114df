package dev.sluice.cli.verify;

import dev.sluice.cli.verify.Verdict.Status;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.Set;

/** Compares what a case's runner computed with what the case expects, and keeps the score. */
final class Judge {
  private final Case subject;
  private final Tolerance tolerance;
  private final Set<String> numbers = new HashSet<>();
  private final SequencedSet<String> failures = new LinkedHashSet<>();
  private final List<String> gaps = new ArrayList<>();
  private double worst = Double.NaN;
  private String where = "";
  private boolean notANumber;

  Judge(Case subject, Tolerance tolerance) {
    this.subject = subject;
    this.tolerance = tolerance;
  }

  /** Compares an output with the case's tensor of that name. */
  void output(String name, double... got) {
    compare(name, subject.values(name), got, tolerance.output());
  }

  /** Compares a gradient; one that the case does not have is a failure. */
  void gradient(String name, double... got) {
    if (subject.has(name)) {
      compare(name, subject.values(name), got, tolerance.gradient());
    } else {
      failures.add(name + ": expected in the file, since it is computed, got no such tensor");
    }
  }

  /** Compares one number or several with the member of that name in {@code expected}, if any. */
  void expected(String key, double... got) {
    if (subject.expected().has(key)) {
      numbers.add(key);
      compare("expected." + key, subject.expected().numbers(key), got, tolerance.output());
    }
  }

  /** Compares the loss, if the case has one. */
  void loss(double got) {
    if (subject.hasLoss()) {
      numbers.add("loss");
      compare("loss", new double[] {subject.loss()}, new double[] {got}, tolerance.output());
    }
  }

  /** Says that a part of the case cannot be computed; the rest is still judged. */
  void gap(String reason) {
    gaps.add(reason);
  }

  /** Says that something is wrong. */
  void failure(String reason) {
    failures.add(reason);
  }

  private void compare(String name, double[] expected, double[] got, double limit) {
    if (expected.length != got.length) {
      failures.add("%s: expected %d elements, got %d".formatted(name, expected.length, got.length));
      return;
    }
    int at = -1;
    double largest = -1;
    for (int i = 0; i < got.length && !Double.isNaN(largest); i++) {
      double error = Tolerance.scaled(got[i], expected[i]);
      if (!(error <= largest)) {
        largest = error;
        at = i;
      }
    }
    note(name, largest);
    if (!(largest <= limit)) {
      failures.add(
          "%s[%d]: expected %.9g, got %.9g, scaled error %.1e, limit %.0e"
              .formatted(name, at, expected[at], got[at], largest, limit));
    }
  }

  private void note(String name, double error) {
    if (!notANumber && !(error <= worst)) {
      worst = error;
      where = name;
      notANumber = Double.isNaN(error);
    }
  }

  /** The verdict on a runner that came to its end. */
  Verdict verdict(String id, String kind) {
    var unread = subject.unused("in.");
    if (!unread.isEmpty()) {
      return skip(id, kind, unread + ": the runner of " + kind + " does not read it");
    }
    subject.unused("w.").forEach(name -> failures.add(name + ": no parameter of that name"));
    subject
        .unused("grad.")
        .forEach(name -> failures.add(name + ": this gradient was not computed"));
    if (subject.hasLoss() && !numbers.contains("loss")) {
      failures.add("loss: not computed");
    }
    if (!failures.isEmpty()) {
      var more = failures.size() == 1 ? "" : " (and %d more)".formatted(failures.size() - 1);
      return new Verdict(id, kind, Status.FAIL, worst, where, failures.getFirst() + more);
    }
    addGaps();
    return gaps.isEmpty()
        ? new Verdict(id, kind, Status.PASS, worst, where, "")
        : skip(id, kind, String.join("; ", gaps));
  }

  private void addGaps() {
    for (var prefix : List.of("out.", "exp.", "lossw.")) {
      if (gaps.isEmpty() && !subject.unused(prefix).isEmpty()) {
        gaps.add(subject.unused(prefix) + ": the runner does not compute it");
      }
    }
    for (var key : subject.expected().keys()) {
      if (gaps.isEmpty() && subject.expected().has(key) && !numbers.contains(key)) {
        gaps.add("expected." + key + ": the runner does not compute it");
      }
    }
    if (gaps.isEmpty() && where.isEmpty()) {
      gaps.add("the case expects nothing");
    }
  }

  static Verdict skip(String id, String kind, String reason) {
    return new Verdict(id, kind, Status.SKIP, Double.NaN, "", reason);
  }

  static Verdict fail(String id, String kind, String reason) {
    return new Verdict(id, kind, Status.FAIL, Double.NaN, "", reason);
  }
}
