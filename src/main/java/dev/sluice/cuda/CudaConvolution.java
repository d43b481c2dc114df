package dev.sluice.cuda;

import dev.sluice.DType;
import dev.sluice.NativeException;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.cuda.ConvOperation.Kind;
import dev.sluice.spi.ConvPlan;
import dev.sluice.spi.ConvSpec;
import java.util.List;

/**
 * A convolution by cuDNN. Packed: the weights as [K, kh, kw, C], then the bias, then the weights as
 * halves where the math mode wants them.
 *
 * <p>Then factors are rounded on their way in and results widened on their way out, which rounds
 * them too, since cuDNN has no plan from halves to float32; where it has none for halves either, it
 * is the convolution of float32.
 */
record CudaConvolution(ConvSpec spec, CudaBackend backend) implements ConvPlan {
  private static final int ALIGNED = 16;

  private long weights() {
    return (long) spec.outputs() * spec.inputs() * spec.kernelHeight() * spec.kernelWidth();
  }

  private int bytes() {
    return spec.type().bytes();
  }

  /** Elements before the bias. */
  private long biasAt() {
    return Scratch.aligned(weights() * bytes()) / bytes();
  }

  /** What float32 factors are rounded to, or null. */
  private DType half() {
    if (spec.type() != DType.FLOAT32) {
      return null;
    }
    return switch (backend.math()) {
      case FLOAT16 -> DType.FLOAT16;
      case BFLOAT16 -> DType.BFLOAT16;
      case EXACT, TF32 -> null;
    };
  }

  /** Bytes before the halves. */
  private long halvesAt() {
    return Scratch.aligned((biasAt() + (spec.bias() ? spec.outputs() : 0)) * bytes());
  }

  private CudaConvolution ofHalves() {
    return of(half(), spec.batch(), false);
  }

  private CudaConvolution of(DType type, int frames, boolean bias) {
    return new CudaConvolution(
        new ConvSpec(
            type,
            frames,
            spec.height(),
            spec.width(),
            spec.inputs(),
            spec.outputs(),
            spec.kernelHeight(),
            spec.kernelWidth(),
            bias),
        backend);
  }

  private interface Piece {
    void run(CudaConvolution convolution, long xOffset, long yOffset);
  }

  /** Runs pieces of the frames; false where all of them go at once. */
  private boolean inPieces(CudaStream stream, ConvPlans.Key key, Piece piece) {
    int frames = stream.convolutions().frames(key);
    if (frames == spec.batch()) {
      return false;
    }
    long x = inputs() / spec.batch() * bytes();
    long y = outputs() / spec.batch() * bytes();
    for (int from = 0; from < spec.batch(); from += frames) {
      int count = Math.min(frames, spec.batch() - from);
      piece.run(of(spec.type(), count, spec.bias()), from * x, from * y);
    }
    return true;
  }

  /** Plans of one weight share what they pack, whatever the frames. */
  private record Layout(int inputs, int outputs, int kernelHeight, int kernelWidth, boolean bias) {}

  @Override
  public Object layout() {
    return new Layout(
        spec.inputs(), spec.outputs(), spec.kernelHeight(), spec.kernelWidth(), spec.bias());
  }

  @Override
  public long packedBytes() {
    return half() == null
        ? (biasAt() + (spec.bias() ? spec.outputs() : 0)) * bytes()
        : halvesAt() + weights() * half().bytes();
  }

  @Override
  public void pack(Stream stream, List<Tensor> weights, Tensor packed) {
    var cuda = (CudaStream) stream;
    long to = cuda.address(packed);
    pack(cuda, cuda.address(weights.get(0)), to);
    if (spec.bias()) {
      cuda.copy(
          cuda.address(weights.get(1)), to + biasAt() * bytes(), (long) spec.outputs() * bytes());
    }
  }

  /** On addresses, without the bias. */
  void pack(CudaStream stream, long w, long packed) {
    long[] sizes = {spec.outputs(), spec.inputs(), spec.kernelHeight(), spec.kernelWidth()};
    CudaKernels.permute(stream, spec.type(), new int[] {0, 2, 3, 1}, sizes, w, packed, false);
    if (half() != null) {
      CudaKernels.narrow(stream, half(), packed, packed + halvesAt(), weights());
    }
  }

  @Override
  public void forward(Stream stream, Tensor packed, Tensor x, Tensor y, boolean add) {
    var cuda = (CudaStream) stream;
    forward(cuda, cuda.address(packed), cuda.address(x), cuda.address(y), add);
    if (spec.bias()) {
      var bias =
          packed
              .reshape(Shape.of(packed.shape().elements()))
              .slice(biasAt(), biasAt() + spec.outputs());
      backend.kernel("add_bias").run(stream, new double[0], bias, y);
    }
  }

  /** On addresses, without the bias. */
  void forward(CudaStream stream, long packed, long x, long y, boolean add) {
    run(stream, Kind.FORWARD, add, x, packed, y);
  }

  @Override
  public void backwardData(Stream stream, Tensor packed, Tensor dy, Tensor dx) {
    var cuda = (CudaStream) stream;
    backwardData(cuda, cuda.address(packed), cuda.address(dy), cuda.address(dx), true);
  }

  /** On addresses; dx is added to or overwritten. */
  void backwardData(CudaStream stream, long packed, long dy, long dx, boolean add) {
    run(stream, Kind.DATA, add, dx, packed, dy);
  }

  @Override
  public void backwardWeights(Stream stream, Tensor x, Tensor dy, Tensor dw, Tensor db) {
    var cuda = (CudaStream) stream;
    backwardWeights(cuda, cuda.address(x), cuda.address(dy), cuda.address(dw));
    if (db != null) {
      backend.kernel("column_sums").run(stream, new double[0], dy, db);
    }
  }

  /** On addresses, without the bias; dw [K, C, kh, kw] is added to. */
  void backwardWeights(CudaStream stream, long x, long dy, long dw) {
    var key =
        half() == null ? key(Kind.WEIGHTS, false, x, dy) : ofHalves().key(Kind.WEIGHTS, false);
    if (inPieces(
        stream, key, (part, dx, to) -> part.backwardWeights(stream, x + dx, dy + to, dw))) {
      return;
    }
    if (half() != null && new Halves(stream, Kind.WEIGHTS).backwardWeights(x, dy, dw)) {
      return;
    }
    var plan = required(stream, key(Kind.WEIGHTS, false, x, dy));
    var at = stream.convolutionScratch(plan.workspace(), weights() * bytes());
    stream.convolutions().run(plan, x, at[1], dy, at[0]);
    addWeights(stream, at[1], dw);
  }

  private void addWeights(CudaStream stream, long from, long dw) {
    long[] sizes = {spec.outputs(), spec.kernelHeight(), spec.kernelWidth(), spec.inputs()};
    CudaKernels.permute(stream, spec.type(), new int[] {0, 3, 1, 2}, sizes, from, dw, true);
  }

  /** The same on halves, each tensor's in scratch memory. */
  private final class Halves {
    final CudaStream stream;
    final ConvOperation.Plan plan;
    final long workspace;
    final long x;
    final long y;
    final long w;
    final long sums;

    /**
     * @param kind weights have their halves packed, but for their gradients
     */
    Halves(CudaStream stream, Kind kind) {
      this.stream = stream;
      this.plan = stream.convolutions().plan(ofHalves().key(kind, false));
      boolean gradients = kind == Kind.WEIGHTS;
      var at =
          stream.convolutionScratch(
              plan == null ? 0 : plan.workspace(),
              inputs() * half().bytes(),
              outputs() * half().bytes(),
              gradients ? weights() * half().bytes() : 0,
              gradients ? weights() * bytes() : 0);
      workspace = at[0];
      x = at[1];
      y = at[2];
      w = at[3];
      sums = at[4];
    }

    /** Whether there is a plan. */
    boolean run(boolean forward, boolean add, long wideX, long packed, long wideY) {
      if (plan == null) {
        return false;
      }
      if (forward) {
        CudaKernels.narrow(stream, half(), wideX, x, inputs());
      } else {
        CudaKernels.narrow(stream, half(), wideY, y, outputs());
      }
      stream.convolutions().run(plan, x, packed + halvesAt(), y, workspace);
      if (forward) {
        CudaKernels.widen(stream, half(), y, wideY, outputs(), add);
      } else {
        CudaKernels.widen(stream, half(), x, wideX, inputs(), add);
      }
      return true;
    }

    boolean backwardWeights(long wideX, long wideY, long dw) {
      if (plan == null) {
        return false;
      }
      CudaKernels.narrow(stream, half(), wideX, x, inputs());
      CudaKernels.narrow(stream, half(), wideY, y, outputs());
      stream.convolutions().run(plan, x, w, y, workspace);
      CudaKernels.widen(stream, half(), w, sums, weights(), false);
      addWeights(stream, sums, dw);
      return true;
    }
  }

  private long pixels() {
    return (long) spec.batch() * spec.height() * spec.width();
  }

  /** Elements of x. */
  private long inputs() {
    return pixels() * spec.inputs();
  }

  /** Elements of y. */
  private long outputs() {
    return pixels() * spec.outputs();
  }

  private ConvPlans.Key key(Kind kind, boolean add, long... addresses) {
    long together = ALIGNED;
    for (long address : addresses) {
      together |= address;
    }
    return new ConvPlans.Key(spec, kind, add, (int) Long.lowestOneBit(together));
  }

  private void run(CudaStream stream, Kind kind, boolean add, long x, long w, long y) {
    var key = half() == null ? key(kind, add, x, w, y) : ofHalves().key(kind, false);
    if (inPieces(stream, key, (part, dx, dy) -> part.run(stream, kind, add, x + dx, w, y + dy))) {
      return;
    }
    if (half() != null && new Halves(stream, kind).run(kind == Kind.FORWARD, add, x, w, y)) {
      return;
    }
    var plan = stream.convolutions().plan(key(kind, add, x, w, y));
    if (plan == null && add) {
      runApart(stream, kind, x, w, y);
      return;
    }
    plan = plan == null ? required(stream, key(kind, add, x, w, y)) : plan;
    long workspace = stream.convolutionScratch(plan.workspace())[0];
    stream.convolutions().run(plan, x, w, y, workspace);
  }

  /** Where no engine adds to what is there: into scratch memory, and a kernel adds. */
  private void runApart(CudaStream stream, Kind kind, long x, long w, long y) {
    boolean forward = kind == Kind.FORWARD;
    var key = key(kind, false, forward ? x : y, w);
    if (inPieces(stream, key, (part, dx, dy) -> part.runApart(stream, kind, x + dx, w, y + dy))) {
      return;
    }
    long count = forward ? outputs() : inputs();
    var plan = required(stream, key);
    var at = stream.convolutionScratch(plan.workspace(), count * bytes());
    stream.convolutions().run(plan, forward ? x : at[1], w, forward ? at[1] : y, at[0]);
    CudaKernels.add(stream, spec.type(), at[1], forward ? y : x, count);
  }

  private ConvOperation.Plan required(CudaStream stream, ConvPlans.Key key) {
    var plan = stream.convolutions().plan(key);
    if (plan == null) {
      throw new NativeException(
          "cudnnBackendFinalize(execution plan)",
          0,
          "NO_PLAN",
          "cuDNN offers no deterministic plan in math mode "
              + backend.math()
              + " for "
              + key
              + "; another math mode or a larger sluice.cuda.workspace may have one");
    }
    return plan;
  }
}
