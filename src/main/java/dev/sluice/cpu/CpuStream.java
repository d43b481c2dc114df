package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import dev.sluice.Stream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A caller's own oneDNN stream, memory objects, scratch memory and team of threads. Work ends
 * before a call returns, so there is nothing to wait for.
 */
final class CpuStream extends Stream {
  private final OneDnnEngine engine;
  private final MemorySegment handle;
  private final LongSupplier plansGone;
  private final Tape tape = new Tape();
  private final Team team;
  private final List<CpuStream> parts = new ArrayList<>();
  private final Map<Primitive, Primitive.Execution> executions = new IdentityHashMap<>();
  private final StepProduct.Row.Loop row = new StepProduct.Row.Loop();
  private final Products products;
  private final Scratch primitives = new Scratch();
  private final Scratch conversions = new Scratch();
  private final Scratch plans = new Scratch();
  private final Scratch steps = new Scratch();
  private final WinogradTrip winograd = new WinogradTrip();
  private long moves;

  CpuStream(OneDnnEngine engine, int threads) {
    this(engine, threads, () -> 0);
  }

  /**
   * @param plansGone another number once a plan was put out, which recorded work may use
   */
  CpuStream(OneDnnEngine engine, int threads, LongSupplier plansGone) {
    this.engine = engine;
    this.plansGone = plansGone;
    this.team = new Team(threads, tape);
    this.products = new Products(engine);
    try {
      this.handle = OneDnn.stream(engine);
    } catch (RuntimeException e) {
      team.close();
      throw e;
    }
  }

  MemorySegment handle() {
    return handle;
  }

  Team team() {
    return team;
  }

  /** Where all that touches memory and is no loop of the team's has to pass. */
  Tape tape() {
    return tape;
  }

  @Override
  public void aside(Runnable work) {
    tape.pause(work);
  }

  @Override
  public Recording recorded(Runnable work) {
    long plans = plansGone.getAsLong();
    long moved = moves();
    var all = tape.record(work);
    return all == null ? GONE : new Recorded(all, plans, moved);
  }

  @Override
  public boolean records() {
    return !tape.records();
  }

  /** How often scratch memory went that recorded work may use. */
  private long moves() {
    long all = moves;
    for (int i = 0; i < parts.size(); i++) {
      all += parts.get(i).moves();
    }
    return all;
  }

  /** What was recorded, while all plans and all scratch memory are where they were. */
  private final class Recorded implements Recording {
    private final Runnable[] all;
    private final long plans;
    private final long moved;

    Recorded(Runnable[] all, long plans, long moved) {
      this.all = all;
      this.plans = plans;
      this.moved = moved;
    }

    @Override
    public boolean holds() {
      return plansGone.getAsLong() == plans && moves() == moved;
    }

    @Override
    public void again() {
      team.bind();
      for (var each : all) {
        each.run();
      }
    }
  }

  StepProduct.Row.Loop row() {
    return row;
  }

  WinogradTrip winograd() {
    return winograd;
  }

  /**
   * {@return streams of one thread each, for the threads of the team while they work apart}
   *
   * @param count how many
   */
  List<CpuStream> parts(int count) {
    while (parts.size() < count) {
      parts.add(new CpuStream(engine, 1));
    }
    return parts.subList(0, count);
  }

  /** Scratch memory of a running plan, in parts; valid until the plan asks again. */
  MemorySegment[] scratch(long... sizes) {
    return Blocks.cut(plans.of(Blocks.total(sizes)), sizes);
  }

  /** Scratch memory of one step, besides that of the plan. */
  MemorySegment stepScratch(long bytes) {
    return steps.of(bytes);
  }

  /** Scratch memory of a running primitive. */
  MemorySegment primitiveScratch(long bytes) {
    return primitives.of(bytes);
  }

  /** Converted arguments of a running primitive. */
  MemorySegment conversionScratch(long bytes) {
    return conversions.of(bytes);
  }

  /** Matrix products by primitives. */
  Products products() {
    return products;
  }

  /** Runs a primitive on the data of its arguments, given in the order of their ids. */
  void execute(Primitive primitive, int[] ids, MemorySegment... data) {
    var execution = execution(primitive, ids);
    if (tape.records()) {
      tape.add(() -> execute(execution, data));
    } else {
      execute(execution, data);
    }
  }

  private void execute(Primitive.Execution execution, MemorySegment[] data) {
    for (int i = 0; i < data.length; i++) {
      execution.bind(i, data[i].address());
    }
    execution.run(this);
  }

  /** A primitive as this stream runs it, its arguments to be bound: that makes no object. */
  Primitive.Execution execution(Primitive primitive, int[] ids) {
    team.bind();
    var execution = executions.get(primitive);
    if (execution == null) {
      forgetClosed();
      execution = new Primitive.Execution(primitive, ids);
      executions.put(primitive, execution);
    }
    return execution;
  }

  /** Of plans that were put out. */
  private void forgetClosed() {
    for (var each = executions.entrySet().iterator(); each.hasNext(); ) {
      var entry = each.next();
      if (entry.getKey().closed()) {
        entry.getValue().close();
        each.remove();
      }
    }
  }

  @Override
  public long scratchBytes() {
    long own = primitives.bytes() + conversions.bytes() + plans.bytes() + steps.bytes();
    return own + parts.stream().mapToLong(CpuStream::scratchBytes).sum();
  }

  @Override
  public void synchronize() {
    // Work is done when a call returns.
  }

  @Override
  public void after(Stream other) {
    // The other's work is done as well.
  }

  @Override
  public void close() {
    parts.forEach(CpuStream::close);
    executions.values().forEach(Primitive.Execution::close);
    products.close();
    OneDnn.destroy(handle, s -> dnnl_stream_destroy(s));
    team.close();
    primitives.close();
    conversions.close();
    plans.close();
    steps.close();
  }

  /** A block that grows. */
  private final class Scratch {
    private HostMemory memory;

    MemorySegment of(long bytes) {
      if (bytes() < bytes) {
        // What was recorded works on the block that goes.
        moves += memory == null ? 0 : 1;
        close();
        memory = new HostMemory(bytes, 64);
      }
      return memory == null ? MemorySegment.NULL : memory.block();
    }

    long bytes() {
      return memory == null ? 0 : memory.block().byteSize();
    }

    void close() {
      if (memory != null) {
        memory.close();
        memory = null;
      }
    }
  }
}
