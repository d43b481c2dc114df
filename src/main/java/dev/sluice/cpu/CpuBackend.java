package dev.sluice.cpu;

import dev.sluice.ConvolutionMode;
import dev.sluice.DType;
import dev.sluice.MathMode;
import dev.sluice.NativeException;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.gomp.Gomp_h;
import dev.sluice.spi.Backend;
import dev.sluice.spi.CellPlan;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.Choice;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import dev.sluice.spi.JointPlan;
import dev.sluice.spi.JointSpec;
import dev.sluice.spi.Kernel;
import dev.sluice.spi.Plans;
import dev.sluice.spi.Product;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.RnnSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The CPU engine, open. Plans are made once for each spec and kept. */
final class CpuBackend implements Backend {
  /** Pixels that are timed: some steps of them, since a sequence's weights are packed but once. */
  private static final int PIXELS = 1 << 16;

  private static final int STEPS = 3;

  /** In bfloat16 it takes a fifth of Winograd's time: no need to try that. */
  private static final CellAlgorithm DIRECT = CellAlgorithm.CHANNELS_LAST;

  private record RnnKey(RnnSpec spec, RnnSpec.Run run) {}

  private final int threads;
  private final OneDnnEngine engine;
  private final LayoutChoice layouts;
  private final Map<Long, HostMemory> blocks = new ConcurrentHashMap<>();
  private final List<Stream> streams = new CopyOnWriteArrayList<>();
  private final Plans<ConvSpec, ConvPlan> convolutions =
      new Plans<>(() -> streams, CpuBackend::end);
  private final Plans<JointSpec, Optional<WinogradJoint>> joints =
      new Plans<>(() -> streams, plan -> {});
  private final Plans<RnnKey, CpuRnn> networks = new Plans<>(() -> streams, CpuRnn::close);
  private final Plans<CellSpec, Optional<ConvLstmPlan>> cells =
      new Plans<>(() -> streams, plan -> plan.ifPresent(ConvLstmPlan::close));

  /**
   * @param math {@link MathMode#EXACT} or {@link MathMode#BFLOAT16}
   * @param convolution which algorithms may be chosen
   */
  CpuBackend(int threads, MathMode math, ConvolutionMode convolution) {
    this.threads = threads;
    this.engine = OneDnnEngine.open(math);
    this.layouts =
        new LayoutChoice(NativeLibraries.cache(), threads, convolution, System::nanoTime);
  }

  @Override
  public String title() {
    return "cpu";
  }

  @Override
  public long openObjects() {
    return NativeCalls.open();
  }

  @Override
  public Stream openStream() {
    var stream = new CpuStream(engine, threads, this::plansGone);
    streams.add(stream);
    return stream;
  }

  private long plansGone() {
    return convolutions.gone() + joints.gone() + networks.gone() + cells.gone();
  }

  private static void end(ConvPlan plan) {
    if (plan instanceof HostConvolution convolution) {
      convolution.close();
    }
  }

  @Override
  public MemorySegment allocate(long bytes) {
    var memory = new HostMemory(bytes, 256);
    blocks.put(memory.block().address(), memory);
    return memory.block();
  }

  @Override
  public void free(MemorySegment block) {
    blocks.remove(block.address()).close();
  }

  @Override
  public void upload(Stream stream, MemorySegment host, Tensor to) {
    var tape = ((CpuStream) stream).tape();
    if (tape.records()) {
      var kept = MemorySegment.ofArray(host.asSlice(0, to.bytes()).toArray(ValueLayout.JAVA_BYTE));
      tape.add(() -> to.memory().copyFrom(kept));
    } else {
      MemorySegment.copy(host, 0, to.memory(), 0, to.bytes());
    }
  }

  @Override
  public void download(Stream stream, Tensor from, MemorySegment host) {
    // What is done with these numbers nobody knows.
    ((CpuStream) stream).tape().spoil();
    MemorySegment.copy(from.memory(), 0, host, 0, from.bytes());
  }

  @Override
  public void multiply(Stream stream, Product p, Tensor a, Tensor b, Tensor c) {
    var cpu = (CpuStream) stream;
    if (cpu.tape().records()) {
      cpu.tape().add(() -> multiply(cpu, p, a, b, c));
    } else {
      multiply(cpu, p, a, b, c);
    }
  }

  private static void multiply(CpuStream stream, Product p, Tensor a, Tensor b, Tensor c) {
    Multiply.of(Reals.of(c.type()))
        .run(
            stream,
            p.transposeA(),
            p.transposeB(),
            p.rows(),
            p.columns(),
            p.depth(),
            a.memory(),
            p.transposeA() ? p.rows() : p.depth(),
            b.memory(),
            p.transposeB() ? p.depth() : p.columns(),
            p.beta(),
            c.memory(),
            p.columns());
  }

  /** oneDNN cuts a primitive's work for as many threads as the thread that makes it may use. */
  private void bind() {
    Gomp_h.omp_set_num_threads(threads);
  }

  @Override
  public ConvPlan convolution(ConvSpec spec) {
    bind();
    return convolutions.of(
        spec, s -> s.type() == DType.FLOAT32 ? floatConvolution(s) : new PlainConvolution(s));
  }

  private ConvPlan floatConvolution(ConvSpec spec) {
    try {
      return convolution(spec, choice(spec));
    } catch (NativeException e) {
      Primitive.requireUnimplemented(e);
      return new GemmConvolution(spec);
    }
  }

  /** Where Winograd is faster for the widest of them, the others cost little beside it. */
  @Override
  public Optional<JointPlan> joint(JointSpec spec) {
    if (spec.type() != DType.FLOAT32) {
      return Optional.empty();
    }
    bind();
    return joints.of(spec, this::winograd).map(JointPlan.class::cast);
  }

  private Optional<WinogradJoint> winograd(JointSpec spec) {
    var widest = spec.of(Collections.max(spec.inputs()));
    var how = choice(widest);
    return how.winograd() ? Optional.of(new WinogradJoint(spec, how.tile())) : Optional.empty();
  }

  private CellAlgorithm choice(ConvSpec spec) {
    return engine.rounds() ? DIRECT : layouts.of(spec, how -> trial(convolution(spec, how)));
  }

  private HostConvolution convolution(ConvSpec spec, CellAlgorithm how) {
    return how.winograd()
        ? new WinogradPlan(spec, how.tile())
        : new OneDnnConvolution(engine, spec);
  }

  private Trial trial(Trial.Plan plan) {
    return new Trial(plan, engine, threads);
  }

  @Override
  public RnnPlan rnn(RnnSpec spec, RnnSpec.Run run) {
    return networks.of(new RnnKey(spec, run), k -> new CpuRnn(engine, k.spec, k.run, threads));
  }

  @Override
  public Optional<CellPlan> cell(CellSpec spec) {
    if (spec.type() != DType.FLOAT32) {
      return Optional.empty();
    }
    bind();
    return cells.of(spec, this::fused).map(CellPlan.class::cast);
  }

  /** Empty where oneDNN has no convolution for it; the cell is then composed of our own. */
  private Optional<ConvLstmPlan> fused(CellSpec spec) {
    try {
      var few = spec.steps(fewSteps(spec));
      var algorithm =
          engine.rounds()
              ? DIRECT
              : layouts.of(spec, how -> trial(new ConvLstmPlan(engine, few, how)));
      return Optional.of(new ConvLstmPlan(engine, spec, algorithm));
    } catch (NativeException e) {
      Primitive.requireUnimplemented(e);
      return Optional.empty();
    }
  }

  private static int fewSteps(CellSpec spec) {
    long step = (long) spec.batch() * spec.height() * spec.width();
    return Math.clamp(PIXELS / step, 1, Math.min(STEPS, spec.steps()));
  }

  @Override
  public List<Choice> choices() {
    var all = new LinkedHashSet<Choice>();
    networks.forEach((key, plan) -> all.add(plan.choice()));
    cells.forEach((key, plan) -> plan.ifPresent(p -> all.add(p.choice())));
    convolutions.forEach((spec, plan) -> all.add(choice(spec, plan)));
    joints.forEach((spec, plan) -> plan.ifPresent(p -> all.add(choice(spec, p))));
    return List.copyOf(all);
  }

  private static Choice choice(ConvSpec spec, ConvPlan plan) {
    var how =
        switch (plan) {
          case HostConvolution host -> host.implementation();
          case GemmConvolution _ -> "products of patches, oneDNN sgemm";
          default -> "plain Java";
        };
    var what = "convolution %dx%d".formatted(spec.kernelHeight(), spec.kernelWidth());
    return new Choice(what, how, "channels last");
  }

  private static Choice choice(JointSpec spec, WinogradJoint plan) {
    var what = "convolution %dx%d".formatted(spec.kernelHeight(), spec.kernelWidth());
    return new Choice(what, plan.implementation(), "channels last");
  }

  @Override
  public Kernel kernel(String name) {
    return Kernels.named(name);
  }

  @Override
  public void close() {
    convolutions.close();
    joints.close();
    networks.close();
    cells.close();
    blocks.values().forEach(HostMemory::close);
    engine.close();
  }
}
