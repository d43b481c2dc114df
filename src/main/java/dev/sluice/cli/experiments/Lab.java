package dev.sluice.cli.experiments;

import dev.sluice.Device;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Where an experiment runs.
 *
 * @param device of all networks
 * @param seeds one for each repetition, at least 1, all different
 * @param quick whether a glance is enough
 * @param monitor hears of the progress
 * @param stop asked before every step of a training
 */
public record Lab(
    Device device, List<Long> seeds, boolean quick, Monitor monitor, BooleanSupplier stop) {
  /** Checks the seeds. */
  public Lab {
    seeds = List.copyOf(seeds);
    if (seeds.isEmpty() || seeds.stream().distinct().count() < seeds.size()) {
      throw new IllegalArgumentException("seeds: expected one or more, no two equal, got " + seeds);
    }
  }

  /** Hears of long work. */
  public interface Monitor {
    /**
     * {@return what hears of the steps of one piece of work}
     *
     * @param what it is
     * @param steps how many at most
     * @param batch sequences a step
     */
    Bar begin(String what, long steps, int batch);
  }

  /** Hears of one piece of work. */
  public interface Bar {
    /**
     * A step was taken.
     *
     * @param step its number, from 1
     * @param loss before it
     */
    void step(long step, double loss);

    /** The work has ended, perhaps before its last step. */
    void end();
  }

  /** The experiment was asked to stop. */
  public static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1;

    Stopped() {
      super("stopped before the end", null, false, false);
    }
  }

  /** One size for the whole experiment, another for a glance. */
  <T> T size(T full, T glance) {
    return quick ? glance : full;
  }

  /** An empty report, which says so where it is about a glance. */
  Document document(String title) {
    var document = new Document(title);
    return quick
        ? document.paragraph(
            "This is the quick form: small networks, few steps. It shows that the experiment runs;"
                + " what it finds is the whole form's to say.")
        : document;
  }

  /** Steps under the eyes of the monitor: {@code while (loop.next()) loop.took(...)}. */
  Loop loop(String what, long steps, int batch) {
    return new Loop(monitor.begin(what, steps, batch), steps, stop);
  }

  /** The steps of one training. */
  static final class Loop implements AutoCloseable {
    private final Bar bar;
    private final long steps;
    private final BooleanSupplier stop;
    private long taken;

    private Loop(Bar bar, long steps, BooleanSupplier stop) {
      this.bar = bar;
      this.steps = steps;
      this.stop = stop;
    }

    /** Whether there is another step to take. */
    boolean next() {
      if (stop.getAsBoolean()) {
        throw new Stopped();
      }
      return taken < steps;
    }

    /** A step was taken; its number, from 1. */
    long took(double loss) {
      bar.step(++taken, loss);
      return taken;
    }

    @Override
    public void close() {
      bar.end();
    }
  }
}
