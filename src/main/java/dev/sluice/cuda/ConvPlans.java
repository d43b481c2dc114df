package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import dev.sluice.OutOfDeviceMemoryException;
import dev.sluice.spi.ConvSpec;
import dev.sluice.spi.Plans;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The convolution plans of one stream and the variant packs that they ran with, so that a steady
 * loop makes no descriptor. Plans belong to a stream, since cuDNN does not promise that threads may
 * share one; which of them is the fastest is found once for all streams of a device.
 */
final class ConvPlans implements AutoCloseable {
  private static final boolean TIMED = !"heuristic".equals(System.getProperty("sluice.cuda.plans"));
  private static final int CANDIDATES = 4;
  private static final int MOST_PACKS = 8192;
  private static final int RUNS = 3;

  /** What a plan is made for. */
  record Key(ConvSpec spec, ConvOperation.Kind kind, boolean add, int alignment) {}

  /**
   * @param plan null where cuDNN has none
   * @param frames how many to do at once
   */
  private record Chosen(ConvOperation operation, ConvOperation.Plan plan, int frames) {}

  private record Pack(MemorySegment plan, long x, long w, long y, long workspace) {}

  private final long limit = Long.getLong("sluice.cuda.workspace", 256L << 20);
  private final CudaStream stream;
  private final Cudnn cudnn;
  private final Plans<Key, Chosen> chosen;
  private final Map<Pack, Descriptor> packs = new LinkedHashMap<>(64, 0.75f, true);

  ConvPlans(CudaStream stream, Cudnn cudnn) {
    this.stream = stream;
    this.cudnn = cudnn;
    this.chosen = new Plans<>(() -> List.of(stream), this::end);
  }

  /** With the packs of its plan, which else would wait for the plan to come again. */
  private void end(Chosen old) {
    var cleanup = new Cleanup();
    cleanup.run(stream::forgetGraphs);
    if (old.plan != null) {
      var handle = old.plan.descriptor().handle();
      for (var each = packs.entrySet().iterator(); each.hasNext(); ) {
        var pack = each.next();
        if (pack.getKey().plan.equals(handle)) {
          each.remove();
          cleanup.run(pack.getValue()::close);
        }
      }
    }
    cleanup.run(old.operation::close);
    cleanup.done();
  }

  /** {@return the plan, or null where cuDNN has none} */
  ConvOperation.Plan plan(Key key) {
    return chosen(key).plan;
  }

  /** {@return how many frames to do at once: all, unless that takes too much workspace} */
  int frames(Key key) {
    return chosen(key).frames;
  }

  private Chosen chosen(Key key) {
    return chosen.of(key, this::chooseApart);
  }

  private Chosen chooseApart(Key key) {
    var made = new Chosen[1];
    stream.apart(() -> made[0] = choose(key));
    return made[0];
  }

  /** The most frames that fit by their share, fewer where that leaves no rest. */
  private int fitting(int frames, long wanted) {
    int most = (int) Math.clamp(frames * (double) limit / wanted, 1, frames - 1);
    for (int even = most; even > most / 2; even--) {
      if (frames % even == 0) {
        return even;
      }
    }
    return most;
  }

  private Chosen choose(Key key) {
    var operation = new ConvOperation(cudnn, key.spec, key.kind, key.add, key.alignment);
    try {
      var plans = operation.plans(stream.backend().math(), limit, TIMED ? CANDIDATES : 1);
      if (plans.isEmpty()) {
        int frames = key.spec.batch();
        boolean fewer = operation.wanted() > 0 && frames > 1;
        return new Chosen(operation, null, fewer ? fitting(frames, operation.wanted()) : frames);
      }
      int fastest = stream.backend().remembered().of(key, plans.size(), () -> fastest(key, plans));
      return new Chosen(operation, plans.get(fastest), key.spec.batch());
    } catch (RuntimeException e) {
      operation.close();
      throw e;
    }
  }

  /** Runs a plan on addresses in the order x, w, y. */
  void run(ConvOperation.Plan plan, long x, long w, long y, long scratch) {
    // None where none is needed: an address that moves would make another pack.
    stream.give(new Execution(this, plan, x, w, y, plan.workspace() == 0 ? 0 : scratch));
  }

  private record Execution(
      ConvPlans plans, ConvOperation.Plan plan, long x, long w, long y, long workspace)
      implements Task {
    @Override
    public void enqueue() {
      plans.execute(plan, x, w, y, workspace);
    }
  }

  private void execute(ConvOperation.Plan plan, long x, long w, long y, long workspace) {
    var key = new Pack(plan.descriptor().handle(), x, w, y, workspace);
    var pack = packs.get(key);
    if (pack == null) {
      pack = pack(x, w, y, workspace);
      packs.put(key, pack);
      if (packs.size() > MOST_PACKS) {
        packs.remove(packs.keySet().iterator().next()).close();
      }
    }
    cudnn.execute(plan.descriptor().handle(), pack.handle());
  }

  private Descriptor pack(long x, long w, long y, long workspace) {
    var pack = new Descriptor(cudnn, "variant pack", CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR());
    try {
      return pack.pointers(
              CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS(),
              CUDNN_TYPE_VOID_PTR(),
              MemorySegment.ofAddress(x),
              MemorySegment.ofAddress(w),
              MemorySegment.ofAddress(y))
          .longs(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS(), ConvOperation.IDS)
          .pointers(
              CUDNN_ATTR_VARIANT_PACK_WORKSPACE(),
              CUDNN_TYPE_VOID_PTR(),
              MemorySegment.ofAddress(workspace))
          .finish();
    } catch (RuntimeException e) {
      pack.close();
      throw e;
    }
  }

  /** The first of those that take the least time, on memory of its own. */
  private int fastest(Key key, List<ConvOperation.Plan> plans) {
    var spec = key.spec;
    long pixels = (long) spec.batch() * spec.height() * spec.width() * spec.type().bytes();
    long area = (long) spec.kernelHeight() * spec.kernelWidth() * spec.type().bytes();
    long workspace = plans.stream().mapToLong(ConvOperation.Plan::workspace).max().orElse(0);
    try (var trial = new Scratch(stream.backend())) {
      long[] sizes = {
        pixels * spec.inputs(), area * spec.inputs() * spec.outputs(), pixels * spec.outputs()
      };
      var at = trial.parts(sizes[0], sizes[1], sizes[2], workspace);
      for (int i = 0; i < sizes.length; i++) {
        stream.zero(at[i], sizes[i]);
      }
      return fastest(plans, at);
    } catch (OutOfDeviceMemoryException e) {
      return 0;
    }
  }

  private int fastest(List<ConvOperation.Plan> plans, long[] at) {
    int best = 0;
    float least = Float.POSITIVE_INFINITY;
    for (int i = 0; i < plans.size(); i++) {
      float time = time(plans.get(i), at);
      if (time < least) {
        best = i;
        least = time;
      }
    }
    return best;
  }

  private float time(ConvOperation.Plan plan, long[] at) {
    try (var pack = pack(at[0], at[1], at[2], at[3])) {
      cudnn.execute(plan.descriptor().handle(), pack.handle());
      return Stopwatch.milliseconds(
          stream,
          () -> {
            for (int i = 0; i < RUNS; i++) {
              cudnn.execute(plan.descriptor().handle(), pack.handle());
            }
          });
    }
  }

  @Override
  public void close() {
    var cleanup = new Cleanup();
    packs.values().forEach(pack -> cleanup.run(pack::close));
    packs.clear();
    cleanup.run(chosen::close);
    cleanup.done();
  }
}
