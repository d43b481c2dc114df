package dev.sluice.cli;

import java.io.PrintWriter;
import java.util.Locale;

/** Shows how far training is: a bar on a terminal, a line now and then everywhere else. */
final class Progress {
  private static final int WIDTH = 30;
  private static final long BAR_NANOS = 200_000_000L;
  private static final long LINE_NANOS = 5_000_000_000L;

  private final PrintWriter out;
  private final boolean terminal;
  private final long steps;
  private final int batch;
  private final long firstStep;
  private final long began = System.nanoTime();
  private long shown;
  private double smooth = Double.NaN;

  /**
   * Nothing shown yet.
   *
   * @param firstStep where this process began
   * @param steps of the whole run
   * @param batch sequences a step
   */
  Progress(PrintWriter out, long firstStep, long steps, int batch) {
    this.out = out;
    this.terminal =
        System.console() != null
            && System.console().isTerminal()
            && !"dumb".equals(System.getenv("TERM"));
    this.firstStep = firstStep;
    this.steps = steps;
    this.batch = batch;
  }

  void step(long step, double loss) {
    smooth = Double.isNaN(smooth) ? loss : 0.95 * smooth + 0.05 * loss;
    long now = System.nanoTime();
    if (now - shown < (terminal ? BAR_NANOS : LINE_NANOS) && shown != 0 && step < steps) {
      return;
    }
    shown = now;
    double rate = (step - firstStep) / ((now - began) / 1e9);
    String text =
        String.format(
            Locale.ROOT,
            "step %,d of %,d, loss %.4f, %.1f sequences/s, %s left",
            step,
            steps,
            smooth,
            rate * batch,
            time((steps - step) / rate));
    if (terminal) {
      int full = (int) (WIDTH * step / steps);
      out.print("\r[" + "#".repeat(full) + "-".repeat(WIDTH - full) + "] " + text + "\u001b[K");
      out.flush();
    } else {
      out.println(text);
    }
  }

  /** Leaves the bar standing and begins a new line. */
  void end() {
    if (terminal && shown != 0) {
      out.println();
    }
  }

  static String time(double seconds) {
    long whole = Math.round(seconds);
    return whole < 3600
        ? "%d:%02d".formatted(whole / 60, whole % 60)
        : "%d:%02d:%02d".formatted(whole / 3600, whole / 60 % 60, whole % 60);
  }
}
