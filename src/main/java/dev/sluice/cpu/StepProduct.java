package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import dev.sluice.DType;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * The product of one step of a recurrence, {@code to (+)= from W^T} or {@code from W}, with the
 * weights in the layout that the implementation likes best.
 */
interface StepProduct extends AutoCloseable {
  /**
   * What is multiplied.
   *
   * @param batch rows of from and to
   * @param in columns of from
   * @param out columns of to
   * @param fromStride elements from one row of from to the next
   * @param toStride elements from one row of to to the next
   * @param firstRow of the recurrent matrix that takes part
   * @param transposed whether the matrix lies [out, in]
   * @param add whether to is added to
   */
  record Spec(
      int batch,
      int in,
      int out,
      long fromStride,
      long toStride,
      int firstRow,
      boolean transposed,
      boolean add) {}

  /** What computes it. */
  String implementation();

  /** {@return 0 where it multiplies with the whole row-major matrix} */
  long packedBytes();

  /** Packs the rows of a matrix that take part. */
  void pack(CpuStream stream, MemorySegment recurrent, MemorySegment packed);

  /**
   * Multiplies.
   *
   * @param fromAt elements of from before the first row
   * @param toAt elements of to before the first row
   * @param back whether the weights are walked from their end, where that makes a difference in
   *     time: a product that follows itself finds in the cache what it used last
   */
  void run(
      CpuStream stream,
      MemorySegment packed,
      MemorySegment from,
      long fromAt,
      MemorySegment to,
      long toAt,
      boolean back);

  @Override
  void close();

  /**
   * A single row is not for oneDNN: 3.11's product writes past the scratchpad it asked for, and its
   * sgemm takes twice the time of a loop whose threads each keep their part of the weights. Where
   * it has no product but sgemm, as on AVX2 for a single column of wider rows, weights stay as they
   * are, whatever the batch.
   */
  static StepProduct of(OneDnnEngine engine, DType type, Spec spec) {
    boolean single = type == DType.FLOAT32;
    if (single && spec.batch > 1) {
      try (var usual = Primitive.orNull(() -> Packed.usual(engine, spec))) {
        return usual == null ? new Plain(Reals.FLOATS, spec) : new Packed(engine, spec, usual);
      }
    }
    return single && VectorApi.PRESENT ? new Row(engine, spec) : new Plain(Reals.of(type), spec);
  }

  /** The weights as they are given. */
  private static MemorySegment plain(Descriptors descriptors, Spec spec) {
    return spec.transposed
        ? descriptors.strided(spec.in, spec.out, 1, spec.in)
        : descriptors.strided(spec.in, spec.out, spec.out, 1);
  }

  /** The rows of a recurrent matrix that take part, and those after them. */
  private static MemorySegment part(Spec spec, MemorySegment recurrent) {
    return recurrent.asSlice(4L * spec.firstRow * (spec.transposed ? spec.in : spec.out));
  }

  /** float32: a oneDNN matrix product whose weights are packed. */
  final class Packed implements StepProduct {
    private static final int USUAL_BATCH = 32;

    private final Spec spec;
    private final Primitive product;
    private final Primitive pack;

    /**
     * @param usual whose layout of weights is every batch's, so that a model keeps one packed copy
     */
    Packed(OneDnnEngine engine, Spec spec, Primitive usual) {
      this.spec = spec;
      try (var descriptors = new Descriptors()) {
        var layout = usual.descriptor(dnnl_query_weights_md());
        var plain = plain(descriptors, spec);
        this.product = product(engine, spec, spec.batch, layout);
        this.pack = reorder(engine, plain, layout);
      }
    }

    /** The product of a usual batch, with the weights in the layout that it likes best. */
    static Primitive usual(OneDnnEngine engine, Spec spec) {
      try (var descriptors = new Descriptors()) {
        var any = descriptors.taggedAs(engine.factors(), dnnl_format_tag_any(), spec.in, spec.out);
        return product(engine, spec, USUAL_BATCH, any);
      }
    }

    private Primitive reorder(OneDnnEngine engine, MemorySegment plain, MemorySegment layout) {
      try {
        return Primitive.reorder(engine, plain, layout);
      } catch (RuntimeException e) {
        product.close();
        throw e;
      }
    }

    private static Primitive product(
        OneDnnEngine engine, Spec spec, int batch, MemorySegment weights) {
      try (var descriptors = new Descriptors()) {
        var given = descriptors.strided(batch, spec.in, spec.fromStride, 1);
        var from = descriptors.stridedAs(engine.factors(), batch, spec.in, spec.fromStride, 1);
        var to = descriptors.strided(batch, spec.out, spec.toStride, 1);
        return Primitive.matmul(engine, from, weights, to, spec.add, Map.of(DNNL_ARG_SRC(), given));
      }
    }

    @Override
    public String implementation() {
      return "oneDNN " + product.implementation();
    }

    @Override
    public long packedBytes() {
      return product.bytes(dnnl_query_weights_md());
    }

    @Override
    public void pack(CpuStream stream, MemorySegment recurrent, MemorySegment packed) {
      stream.execute(pack, ConvPrimitives.REORDER, part(spec, recurrent), packed);
    }

    @Override
    public void run(
        CpuStream stream,
        MemorySegment packed,
        MemorySegment from,
        long fromAt,
        MemorySegment to,
        long toAt,
        boolean back) {
      var execution = stream.execution(product, Primitive.PRODUCT);
      execution.bind(0, from.address() + 4 * fromAt);
      execution.bind(1, packed.address());
      execution.bind(2, to.address() + 4 * toAt);
      execution.run(stream);
    }

    @Override
    public void close() {
      product.close();
      pack.close();
    }
  }

  /** float32: one row, the outputs spread over the team, each always on the same thread. */
  final class Row implements StepProduct {
    private final Spec spec;
    private final Primitive pack;

    /** The layout that {@link RowVector} reads. */
    private static int panels() {
      return switch (RowVector.BLOCK) {
        case 64 -> dnnl_BA16a64b();
        case 32 -> dnnl_BA16a32b();
        default -> dnnl_BA16a16b();
      };
    }

    Row(OneDnnEngine engine, Spec spec) {
      this.spec = spec;
      try (var descriptors = new Descriptors()) {
        var panels = descriptors.tagged(panels(), spec.in, spec.out);
        this.pack = Primitive.reorder(engine, plain(descriptors, spec), panels);
      }
    }

    @Override
    public String implementation() {
      return "Java, " + Lanes.COUNT + " lanes";
    }

    @Override
    public long packedBytes() {
      return pack.bytes(dnnl_query_dst_md());
    }

    @Override
    public void pack(CpuStream stream, MemorySegment recurrent, MemorySegment packed) {
      stream.execute(pack, ConvPrimitives.REORDER, part(spec, recurrent), packed);
    }

    @Override
    public void run(
        CpuStream stream,
        MemorySegment packed,
        MemorySegment from,
        long fromAt,
        MemorySegment to,
        long toAt,
        boolean back) {
      int blocks = (spec.out + RowVector.BLOCK - 1) / RowVector.BLOCK;
      int grain = Loops.GRAIN / (spec.in * RowVector.BLOCK) + 1;
      stream.team().run(blocks, grain, stream.row().of(spec, packed, from, fromAt, to, toAt, back));
    }

    /** A product's blocks; a stream has one for all products. */
    static final class Loop implements Team.Chunk {
      private Spec spec;
      private MemorySegment packed;
      private MemorySegment from;
      private long fromAt;
      private MemorySegment to;
      private long toAt;
      private boolean back;

      private Loop of(
          Spec spec,
          MemorySegment packed,
          MemorySegment from,
          long fromAt,
          MemorySegment to,
          long toAt,
          boolean back) {
        this.spec = spec;
        this.packed = packed;
        this.from = from;
        this.fromAt = fromAt;
        this.to = to;
        this.toAt = toAt;
        this.back = back;
        return this;
      }

      @Override
      public void run(int low, int high) {
        RowVector.product(
            packed, from, fromAt, to, toAt, spec.in, spec.out, low, high, spec.add, back);
      }
    }

    @Override
    public void close() {
      pack.close();
    }
  }

  /** Any type: a product over the weights as they are given. */
  record Plain(Reals reals, Spec spec) implements StepProduct {
    @Override
    public String implementation() {
      return reals == Reals.FLOATS ? "oneDNN sgemm" : "plain Java";
    }

    @Override
    public long packedBytes() {
      return 0;
    }

    @Override
    public void pack(CpuStream stream, MemorySegment recurrent, MemorySegment packed) {
      // The weights are read as they are given.
    }

    @Override
    public void run(
        CpuStream stream,
        MemorySegment packed,
        MemorySegment from,
        long fromAt,
        MemorySegment to,
        long toAt,
        boolean back) {
      int row = spec.transposed ? spec.in : spec.out;
      Multiply.of(reals)
          .run(
              stream,
              false,
              spec.transposed,
              spec.batch,
              spec.out,
              spec.in,
              from.asSlice(fromAt * reals.bytes()),
              spec.fromStride,
              packed.asSlice((long) spec.firstRow * row * reals.bytes()),
              row,
              spec.add ? 1 : 0,
              to.asSlice(toAt * reals.bytes()),
              spec.toStride);
    }

    @Override
    public void close() {
      // Nothing is held.
    }
  }
}
