package dev.sluice.cuda;

import static dev.sluice.bindings.cuda.Cuda_h.*;

import dev.sluice.DType;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A caller's own CUDA stream with what belongs to it: library handles, their workspaces, staging
 * and scratch memory.
 */
final class CudaStream extends Stream {
  private static final long PRODUCT_WORKSPACE = 32 << 20;

  private final CudaBackend backend;
  private final Driver driver;
  private final MemorySegment handle;
  private final MemorySegment event;
  private final Scratch kernels;
  private final Scratch convolutionScratch;
  private final Scratch plans;
  private final Scratch edges;
  private final Launcher launcher;

  /** Held while the stream is captured, when nobody may wait for it. */
  private final ReentrantLock capture = new ReentrantLock();

  private Staging staging;
  private long productWorkspace;
  private Cublas cublas;
  private Cudnn cudnn;
  private RnnDropout dropout;
  private ConvPlans convolutions;
  private final Graphs graphs;
  private final Batch batch;
  private final Tables tables = new Tables(this);

  CudaStream(CudaBackend backend) {
    this.backend = backend;
    this.driver = backend.driver();
    this.handle = driver.stream();
    try {
      this.event = driver.event();
    } catch (RuntimeException e) {
      driver.call("cuStreamDestroy", () -> cuStreamDestroy_v2(handle));
      throw e;
    }
    this.launcher = new Launcher(this, driver);
    this.kernels = new Scratch(backend);
    this.convolutionScratch = new Scratch(backend);
    this.plans = new Scratch(backend);
    this.edges = new Scratch(backend);
    this.graphs = new Graphs(driver, handle, capture);
    this.batch = new Batch(graphs);
  }

  CudaBackend backend() {
    return backend;
  }

  MemorySegment handle() {
    return handle;
  }

  /** {@return the end of a kernel's name for elements of a type} */
  static String suffix(DType type) {
    return switch (type) {
      case FLOAT32 -> "_f32";
      case FLOAT16 -> "_f16";
      case BFLOAT16 -> "_bf16";
      case FLOAT64 -> "_f64";
      case INT32 -> throw new IllegalArgumentException("kernel: expected real numbers, got INT32");
    };
  }

  /**
   * {@return where a tensor lies on this device, 0 for none}
   *
   * @throws IllegalArgumentException if it lies on another
   */
  long address(Tensor tensor) {
    if (tensor == null) {
      return 0;
    }
    var device = tensor.arena().device();
    if (device.backend() != backend) {
      throw new IllegalArgumentException(
          "expected a tensor of this device, %s, got %s of a device of engine %s"
              .formatted(backend.title(), tensor, device.engine()));
    }
    return tensor.address();
  }

  /** {@return where tensors lie, 0 for those that are null} */
  long[] addresses(List<Tensor> tensors) {
    return tensors.stream().mapToLong(this::address).toArray();
  }

  /**
   * Enqueues a kernel.
   *
   * @param module the file it is in
   * @param function its name there
   * @param grid its launch shape
   * @param arguments in its order: a tensor, null for a null pointer, Long (addresses too),
   *     Integer, Float or Double
   */
  void launch(String module, String function, Grid grid, Object... arguments) {
    driver.enter();
    var kernel = backend.module(module).function(function, arguments.length);
    give(launcher.of(kernel, grid, arguments));
  }

  /** Enqueues a task, now or with the rest of a batch. */
  void give(Task task) {
    batch.give(task);
  }

  @Override
  public void together(Runnable work) {
    batch.together(work);
  }

  @Override
  public void submit() {
    batch.submit();
  }

  /** For when a plan ends that graphs may have been captured from. */
  void forgetGraphs() {
    graphs.forget();
  }

  /** Does work that waits or whose numbers are others each time, after all that came before. */
  void apart(Runnable work) {
    batch.apart(work);
  }

  /** Device memory for one kernel; valid until the next kernel asks. */
  long scratch(long bytes) {
    return kernels.of(bytes);
  }

  /** Device memory for one piece of work of a plan, in parts; valid until a plan asks again. */
  long[] planScratch(long... sizes) {
    return plans.parts(sizes);
  }

  /** Sets of tensors for one launch. */
  Tables.Table table(List<Tensor[]> sets) {
    return tables.of(sets);
  }

  /** The same for what stands around a plan, which has scratch memory of its own. */
  long[] edgeScratch(long... sizes) {
    return edges.parts(sizes);
  }

  Cublas cublas() {
    if (cublas == null) {
      productWorkspace =
          productWorkspace == 0 ? backend.allocateOwn(PRODUCT_WORKSPACE) : productWorkspace;
      cublas = new Cublas(driver, handle, productWorkspace, PRODUCT_WORKSPACE);
    }
    return cublas;
  }

  /**
   * Enqueues work that always does the same to the same addresses.
   *
   * @param key equal for equal work on equal addresses
   */
  void repeat(Object key, Runnable work) {
    driver.enter();
    give(new Repeated(graphs, key, work));
  }

  /** Known by its key alone. */
  private record Repeated(Graphs graphs, Object key, Runnable work) implements Task {
    @Override
    public void enqueue() {
      graphs.run(key, work);
    }

    @Override
    public Task mark() {
      return new Repeated(graphs, key, null);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Repeated r && graphs == r.graphs && key.equals(r.key);
    }

    @Override
    public int hashCode() {
      return key.hashCode();
    }
  }

  /** Enqueues c = beta c + op(a) op(b) on row-major matrices. */
  void multiply(
      DType type,
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Cublas.Matrices at,
      float beta) {
    give(new Multiplication(this, type, transposeA, transposeB, m, n, k, at, beta));
  }

  private record Multiplication(
      CudaStream stream,
      DType type,
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Cublas.Matrices at,
      float beta)
      implements Task {
    @Override
    public void enqueue() {
      stream
          .cublas()
          .multiply(type, stream.backend.math(), transposeA, transposeB, m, n, k, at, beta);
    }
  }

  /** Device memory for one convolution, in parts; valid until the next convolution. */
  long[] convolutionScratch(long... sizes) {
    return convolutionScratch.parts(sizes);
  }

  ConvPlans convolutions() {
    if (convolutions == null) {
      convolutions = new ConvPlans(this, cudnn());
    }
    return convolutions;
  }

  RnnDropout dropout() {
    if (dropout == null) {
      dropout = new RnnDropout(this, backend.nextSeed());
    }
    return dropout;
  }

  Cudnn cudnn() {
    if (cudnn == null) {
      cudnn = new Cudnn(driver, handle);
    }
    return cudnn;
  }

  /** Enqueues a fill with zero bytes. */
  void zero(long to, long bytes) {
    if (bytes > 0) {
      give(new Zero(this, to, bytes));
    }
  }

  private record Zero(CudaStream stream, long to, long bytes) implements Task {
    @Override
    public void enqueue() {
      stream.driver.call(
          "cuMemsetD8Async", () -> cuMemsetD8Async(to, (byte) 0, bytes, stream.handle));
    }
  }

  /** Enqueues a copy on the device. */
  void copy(long from, long to, long bytes) {
    if (bytes > 0) {
      give(new Copy(this, from, to, bytes));
    }
  }

  private record Copy(CudaStream stream, long from, long to, long bytes) implements Task {
    @Override
    public void enqueue() {
      stream.driver.call(
          "cuMemcpyDtoDAsync", () -> cuMemcpyDtoDAsync_v2(to, from, bytes, stream.handle));
    }
  }

  private Staging staging() {
    if (staging == null) {
      staging = new Staging(driver, handle);
    }
    return staging;
  }

  /** Enqueues a copy of host bytes, which may be reused when this returns. */
  void upload(MemorySegment from, long to, long bytes) {
    submit();
    if (bytes > 0) {
      staging().upload(from, to, bytes);
    }
  }

  /** Copies to the host, after all work before. */
  void download(long from, MemorySegment to, long bytes) {
    submit();
    if (bytes > 0) {
      staging().download(from, to, bytes, this::synchronize);
    }
  }

  @Override
  public void synchronize() {
    submit();
    capture.lock();
    try {
      driver.call("cuStreamSynchronize", () -> cuStreamSynchronize(handle));
    } finally {
      capture.unlock();
    }
  }

  @Override
  public void after(Stream other) {
    if (other == this) {
      return;
    }
    var before = (CudaStream) other;
    submit();
    before.submit();
    before.capture.lock();
    try {
      driver.call("cuEventRecord", () -> cuEventRecord(before.event, before.handle));
      driver.call("cuStreamWaitEvent", () -> cuStreamWaitEvent(handle, before.event, 0));
    } finally {
      before.capture.unlock();
    }
  }

  /** Waits for the work, then destroys all; on a lost device nothing is asked of the driver. */
  @Override
  public void close() {
    var cleanup = new Cleanup();
    if (driver.lost() == null) {
      cleanup.run(this::synchronize);
    }
    cleanup.run(graphs::close);
    cleanup.run(tables::close);
    if (convolutions != null) {
      cleanup.run(convolutions::close);
    }
    if (dropout != null) {
      cleanup.run(dropout::close);
    }
    if (cudnn != null) {
      cleanup.run(cudnn::close);
    }
    if (cublas != null) {
      cleanup.run(cublas::close);
    }
    if (staging != null) {
      cleanup.run(staging::close);
    }
    cleanup.run(kernels::close);
    cleanup.run(convolutionScratch::close);
    cleanup.run(plans::close);
    cleanup.run(edges::close);
    if (driver.lost() == null) {
      if (productWorkspace != 0) {
        cleanup.run(() -> driver.free(productWorkspace));
      }
      cleanup.run(() -> driver.destroyEvent(event));
      cleanup.run(() -> driver.call("cuStreamDestroy", () -> cuStreamDestroy_v2(handle)));
    }
    cleanup.run(launcher::close);
    cleanup.done();
  }
}
