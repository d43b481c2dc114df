package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import dev.sluice.DType;
import dev.sluice.MathMode;
import dev.sluice.NativeException;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * One convolution as an operation graph of cuDNN with the execution plans that its heuristics offer
 * for it, the most promising first. Frames lie as [N, H, W, C], weights as [K, kh, kw, C].
 */
final class ConvOperation implements AutoCloseable {
  /** The tensors' identifiers in a variant pack: what is read, and what is written. */
  static final long[] IDS = {1, 2, 3};

  /** The three convolutions of a layer; each takes its tensors in the order x, w, y. */
  enum Kind {
    /** y from x and w. */
    FORWARD,
    /** x from y and w. */
    DATA,
    /** w from x and y. */
    WEIGHTS
  }

  /**
   * A plan that was finished.
   *
   * @param workspace bytes that it needs
   */
  record Plan(Descriptor descriptor, long workspace, long engine) {}

  private final Cudnn cudnn;
  private final ConvSpec spec;
  private final Kind kind;
  private final boolean add;
  private final int alignment;
  private final List<Descriptor> made = new ArrayList<>();
  private final Descriptor graph;
  private long wanted;

  /**
   * @param add whether it adds to what it writes
   * @param alignment of all three tensors, in bytes
   */
  ConvOperation(Cudnn cudnn, ConvSpec spec, Kind kind, boolean add, int alignment) {
    this.cudnn = cudnn;
    this.spec = spec;
    this.kind = kind;
    this.add = add;
    this.alignment = alignment;
    try {
      this.graph = graph();
    } catch (NativeException e) {
      close();
      throw e;
    }
  }

  private Descriptor make(String name, int type) {
    var descriptor = new Descriptor(cudnn, name, type);
    made.add(descriptor);
    return descriptor;
  }

  private Descriptor graph() {
    long n = spec.batch();
    long h = spec.height();
    long w = spec.width();
    var x = tensor(IDS[0], n, spec.inputs(), h, w);
    var weights =
        tensor(IDS[1], spec.outputs(), spec.inputs(), spec.kernelHeight(), spec.kernelWidth());
    var y = tensor(IDS[2], n, spec.outputs(), h, w);
    var operation =
        switch (kind) {
          case FORWARD -> forward(x, weights, y);
          case DATA -> backwardData(x, weights, y);
          case WEIGHTS -> backwardWeights(x, weights, y);
        };
    return make("operation graph", CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR())
        .handle(CUDNN_ATTR_OPERATIONGRAPH_HANDLE())
        .descriptor(CUDNN_ATTR_OPERATIONGRAPH_OPS(), operation.finish())
        .finish();
  }

  /** Sizes in cuDNN's order, channels second; in memory the channels are innermost. */
  private Descriptor tensor(long id, long outer, long channels, long height, long width) {
    return make("tensor", CUDNN_BACKEND_TENSOR_DESCRIPTOR())
        .choice(CUDNN_ATTR_TENSOR_DATA_TYPE(), CUDNN_TYPE_DATA_TYPE(), dataType())
        .longs(CUDNN_ATTR_TENSOR_DIMENSIONS(), outer, channels, height, width)
        .longs(
            CUDNN_ATTR_TENSOR_STRIDES(), height * width * channels, 1, width * channels, channels)
        .longs(CUDNN_ATTR_TENSOR_UNIQUE_ID(), id)
        .longs(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT(), alignment)
        .finish();
  }

  private int dataType() {
    return switch (spec.type()) {
      case FLOAT32 -> CUDNN_DATA_FLOAT();
      case FLOAT16 -> CUDNN_DATA_HALF();
      case BFLOAT16 -> CUDNN_DATA_BFLOAT16();
      case FLOAT64 -> CUDNN_DATA_DOUBLE();
      case INT32 ->
          throw new IllegalArgumentException("convolution: expected frames of reals, got INT32");
    };
  }

  private Descriptor convolution() {
    long[] padding = {spec.kernelHeight() / 2, spec.kernelWidth() / 2};
    return make("convolution", CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR())
        .longs(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS(), 2)
        .choice(
            CUDNN_ATTR_CONVOLUTION_COMP_TYPE(),
            CUDNN_TYPE_DATA_TYPE(),
            spec.type() == DType.FLOAT64 ? CUDNN_DATA_DOUBLE() : CUDNN_DATA_FLOAT())
        .choice(
            CUDNN_ATTR_CONVOLUTION_CONV_MODE(),
            CUDNN_TYPE_CONVOLUTION_MODE(),
            CUDNN_CROSS_CORRELATION())
        .longs(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS(), padding)
        .longs(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS(), padding)
        .longs(CUDNN_ATTR_CONVOLUTION_DILATIONS(), 1, 1)
        .longs(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES(), 1, 1)
        .finish();
  }

  private double beta() {
    return add ? 1 : 0;
  }

  private Descriptor forward(Descriptor x, Descriptor w, Descriptor y) {
    return make("forward operation", CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR())
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X(), x)
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W(), w)
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y(), y)
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC(), convolution())
        .real(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA(), 1)
        .real(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA(), beta());
  }

  private Descriptor backwardData(Descriptor x, Descriptor w, Descriptor y) {
    return make("data operation", CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR())
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX(), x)
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W(), w)
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY(), y)
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC(), convolution())
        .real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA(), 1)
        .real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA(), beta());
  }

  private Descriptor backwardWeights(Descriptor x, Descriptor w, Descriptor y) {
    return make(
            "weights operation", CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR())
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X(), x)
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW(), w)
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY(), y)
        .descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC(), convolution())
        .real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA(), 1)
        .real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA(), beta());
  }

  /**
   * The plans that fit.
   *
   * @param math what may be rounded
   * @param workspace bytes that a plan may use at most
   * @param most how many to look for
   */
  List<Plan> plans(MathMode math, long workspace, int most) {
    var found = new ArrayList<Plan>();
    for (int mode : new int[] {CUDNN_HEUR_MODE_A(), CUDNN_HEUR_MODE_FALLBACK()}) {
      boolean enough = !found.isEmpty() || wanted > 0 && spec.batch() > 1;
      for (var config : enough ? List.<Descriptor>of() : configs(mode)) {
        if (found.size() < most && allowed(config, math)) {
          addPlan(found, config, workspace);
        }
      }
    }
    return found;
  }

  /**
   * {@return the least workspace of the plans that wanted too much, 0 where none did} Then fewer
   * frames at once are better than the plans that are there for want of any other.
   */
  long wanted() {
    return wanted;
  }

  /** What the heuristics say; the number they announce is only an upper bound. */
  private List<Descriptor> configs(int mode) {
    var heuristics = make("heuristics", CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR());
    try {
      heuristics
          .descriptor(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH(), graph)
          .choice(CUDNN_ATTR_ENGINEHEUR_MODE(), CUDNN_TYPE_HEUR_MODE(), mode)
          .finish();
    } catch (NativeException e) {
      requireUnsupported(e);
      return List.of();
    }
    long most =
        heuristics.get(
            CUDNN_ATTR_ENGINEHEUR_RESULTS(),
            CUDNN_TYPE_BACKEND_DESCRIPTOR(),
            0,
            MemorySegment.NULL);
    var configs = new ArrayList<Descriptor>();
    for (long i = 0; i < most; i++) {
      configs.add(make("engine configuration", CUDNN_BACKEND_ENGINECFG_DESCRIPTOR()));
    }
    try (var arena = Arena.ofConfined()) {
      var handles = arena.allocate(ValueLayout.ADDRESS, Math.max(most, 1));
      for (int i = 0; i < most; i++) {
        handles.setAtIndex(ValueLayout.ADDRESS, i, configs.get(i).handle());
      }
      long got =
          heuristics.get(
              CUDNN_ATTR_ENGINEHEUR_RESULTS(), CUDNN_TYPE_BACKEND_DESCRIPTOR(), most, handles);
      return configs.subList(0, (int) Math.min(got, most));
    }
  }

  private static void requireUnsupported(NativeException e) {
    if (!Descriptor.unsupported(e)) {
      throw e;
    }
  }

  private Descriptor engine(Descriptor config) {
    var engine = make("engine", CUDNN_BACKEND_ENGINE_DESCRIPTOR());
    try (var arena = Arena.ofConfined()) {
      var into = arena.allocateFrom(ValueLayout.ADDRESS, engine.handle());
      config.get(CUDNN_ATTR_ENGINECFG_ENGINE(), CUDNN_TYPE_BACKEND_DESCRIPTOR(), 1, into);
      return engine;
    }
  }

  /**
   * Whether an engine gives the same bits each time and rounds nothing that the mode keeps. Tensor
   * cores take float32 as TF32.
   */
  private boolean allowed(Descriptor config, MathMode math) {
    var notes = notes(engine(config));
    if (notes.contains(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC())) {
      return false;
    }
    if (spec.type() != DType.FLOAT32) {
      return true;
    }
    return switch (math) {
      case EXACT ->
          !notes.contains(CUDNN_NUMERICAL_NOTE_TENSOR_CORE())
              && !notes.contains(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS())
              && !notes.contains(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION());
      case TF32, BFLOAT16 -> !notes.contains(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS());
      case FLOAT16 -> true;
    };
  }

  private static Set<Integer> notes(Descriptor engine) {
    int most = CUDNN_NUMERICAL_NOTE_TYPE_COUNT();
    try (var arena = Arena.ofConfined()) {
      var values = arena.allocate(ValueLayout.JAVA_INT, most);
      long count =
          engine.get(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE(), CUDNN_TYPE_NUMERICAL_NOTE(), most, values);
      var notes = new java.util.HashSet<Integer>();
      for (int i = 0; i < Math.min(count, most); i++) {
        notes.add(values.getAtIndex(ValueLayout.JAVA_INT, i));
      }
      return notes;
    }
  }

  /** Adds a plan of the configuration, unless the device cannot or it wants too much memory. */
  private void addPlan(List<Plan> found, Descriptor config, long workspace) {
    var plan = make("execution plan", CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR());
    try {
      plan.handle(CUDNN_ATTR_EXECUTION_PLAN_HANDLE())
          .descriptor(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG(), config)
          .finish();
    } catch (NativeException e) {
      requireUnsupported(e);
      return;
    }
    long needs = plan.getLong(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE());
    if (needs <= workspace) {
      long engine = engine(config).getLong(CUDNN_ATTR_ENGINE_GLOBAL_INDEX());
      found.add(new Plan(plan, needs, engine));
    } else {
      wanted = wanted == 0 ? needs : Math.min(wanted, needs);
    }
  }

  @Override
  public void close() {
    var cleanup = new Cleanup();
    made.reversed().forEach(descriptor -> cleanup.run(descriptor::close));
    made.clear();
    cleanup.done();
  }
}
