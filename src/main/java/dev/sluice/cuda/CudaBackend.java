package dev.sluice.cuda;

import dev.sluice.DType;
import dev.sluice.MathMode;
import dev.sluice.OutOfDeviceMemoryException;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Backend;
import dev.sluice.spi.CellPlan;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import dev.sluice.spi.Kernel;
import dev.sluice.spi.Product;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.RnnSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** The CUDA engine, open on one device. Plans are made once for each spec and kept. */
final class CudaBackend implements Backend {
  private final Driver driver;
  private final String title;
  private final MathMode math;
  private volatile Runnable release = () -> {};
  private final Map<String, KernelModule> modules = new ConcurrentHashMap<>();
  private final Choices choices;
  private final List<Stream> streams = new CopyOnWriteArrayList<>();
  private final AtomicLong seeds = new AtomicLong();
  private final RnnPlans rnns = new RnnPlans(this);

  /**
   * @param title the device for messages: {@code cuda:0 (NVIDIA H100)}
   * @param choices of plans for this kind of device, this cuDNN and this math mode
   */
  CudaBackend(Driver driver, String title, MathMode math, Choices choices) {
    this.driver = driver;
    this.title = title;
    this.math = math;
    this.choices = choices;
  }

  Driver driver() {
    return driver;
  }

  @Override
  public String title() {
    return title;
  }

  /** Another one for every stream that draws random numbers of cuDNN's. */
  long nextSeed() {
    return seeds.incrementAndGet();
  }

  MathMode math() {
    return math;
  }

  KernelModule module(String name) {
    return modules.computeIfAbsent(name, n -> new KernelModule(driver, n));
  }

  /** Which of the plans that the heuristics offer is taken. */
  Choices remembered() {
    return choices;
  }

  /** The simulated device counts them, NVIDIA's libraries do not. */
  @Override
  public long openObjects() {
    return Ledger.open();
  }

  @Override
  public Stream openStream() {
    var stream = new CudaStream(this);
    streams.add(stream);
    return stream;
  }

  /** {@return those that callers may hold} */
  List<Stream> streams() {
    return streams;
  }

  @Override
  public MemorySegment allocate(long bytes) {
    return MemorySegment.ofAddress(driver.allocate(bytes));
  }

  @Override
  public void free(MemorySegment block) {
    if (driver.lost() == null) {
      driver.free(block.address());
    }
  }

  @Override
  public void whenShort(Runnable release) {
    this.release = release;
  }

  /** Memory of the engine's own; where there is no room, what the device's pool keeps idle. */
  long allocateOwn(long bytes) {
    try {
      return driver.allocate(bytes);
    } catch (OutOfDeviceMemoryException e) {
      release.run();
      return driver.allocate(bytes);
    }
  }

  @Override
  public void upload(Stream stream, MemorySegment host, Tensor to) {
    var cuda = (CudaStream) stream;
    cuda.upload(host, cuda.address(to), to.bytes());
  }

  @Override
  public void download(Stream stream, Tensor from, MemorySegment host) {
    var cuda = (CudaStream) stream;
    cuda.download(cuda.address(from), host, from.bytes());
  }

  @Override
  public void multiply(Stream stream, Product p, Tensor a, Tensor b, Tensor c) {
    if (p.rows() == 0 || p.columns() == 0) {
      return;
    }
    if (p.depth() == 0) {
      kernel("scale").run(stream, new double[] {p.beta()}, c);
      return;
    }
    var cuda = (CudaStream) stream;
    cuda.multiply(
        c.type(),
        p.transposeA(),
        p.transposeB(),
        p.rows(),
        p.columns(),
        p.depth(),
        new Cublas.Matrices(
            cuda.address(a),
            p.transposeA() ? p.rows() : p.depth(),
            cuda.address(b),
            p.transposeB() ? p.depth() : p.columns(),
            cuda.address(c),
            p.columns()),
        p.beta());
  }

  @Override
  public ConvPlan convolution(ConvSpec spec) {
    return new CudaConvolution(spec, this);
  }

  @Override
  public RnnPlan rnn(RnnSpec spec, RnnSpec.Run run) {
    return CudnnRnn.takes(spec) ? rnns.plan(spec, run) : new CudaRnn(spec, run);
  }

  @Override
  public Optional<CellPlan> cell(CellSpec spec) {
    // Our kernels keep the cell in float32 beside half elements, which this plan does not.
    return spec.type() == DType.FLOAT32 || spec.type() == DType.FLOAT64
        ? Optional.of(new CudaConvLstm(spec, this))
        : Optional.empty();
  }

  @Override
  public Kernel kernel(String name) {
    return CudaKernels.named(name);
  }

  @Override
  public void close() {
    var cleanup = new Cleanup();
    cleanup.run(rnns::close);
    if (driver.lost() == null) {
      modules.values().forEach(module -> cleanup.run(module::unload));
    }
    cleanup.run(driver::close);
    cleanup.done();
  }
}
