package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A plan that is tried: its streams, its memory, and what of it is timed. */
final class Trial implements Race.Entrant {
  /** What can be tried. */
  interface Plan extends AutoCloseable {
    /** {@return what it does in earnest, over and over, on zeros in the trial's memory} */
    Runnable round(Trial trial);

    /** Whether its time is that of Java loops, on any number of threads. */
    boolean compiles();

    @Override
    void close();
  }

  private final Plan plan;
  private final CpuStream alone;
  private final CpuStream together;
  private final List<Runnable> ends = new ArrayList<>();
  private final Runnable round;
  private CpuStream stream;

  /** A trial, which closes the plan. */
  Trial(Plan plan, OneDnnEngine engine, int threads) {
    this.plan = plan;
    ends.add(plan::close);
    try {
      this.together = stream(engine, threads);
      this.alone = stream(engine, 1);
      this.round = plan.round(this);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private CpuStream stream(OneDnnEngine engine, int threads) {
    var opened = new CpuStream(engine, threads);
    ends.add(opened::close);
    return opened;
  }

  /** The stream of the round that runs. */
  CpuStream stream() {
    return stream;
  }

  /** {@return zeros} */
  MemorySegment floats(long count) {
    var memory = new HostMemory(4 * count, 64);
    ends.add(memory::close);
    return memory.block();
  }

  @Override
  public boolean rehearse() {
    if (plan.compiles()) {
      stream = alone;
      round.run();
    }
    return plan.compiles();
  }

  @Override
  public void run() {
    stream = together;
    round.run();
  }

  @Override
  public void close() {
    ends.reversed().forEach(Runnable::run);
  }
}
