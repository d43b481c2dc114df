package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;

/**
 * {@code to = from W^T} in float32 on tiles of bfloat16 (AMX). A float is the sum of three such
 * numbers, {@code (x0 + x1 + x2)(w0 + w1 + w2)}; of the nine products the three smallest are under
 * the last bit of a float, the other six are summed in float32, small ones first. Some columns go
 * after the others, so that what six products share stays in the cache: then tiles take two thirds
 * of the time of one product of floats. Factors from 2^111 on give NaN.
 */
final class SplitProduct implements StepProduct {
  /** Which part of from meets which of the weights. */
  private static final int[][] PAIRS = {{0, 2}, {2, 0}, {1, 1}, {0, 1}, {1, 0}, {0, 0}};

  private static final int PARTS = 3;

  /** Rows from which it is the faster way: measured, as are the depth and the columns. */
  static final int LEAST_ROWS = 128;

  private static final int LEAST_DEPTH = 128;
  private static final int LEAST_COLUMNS = 512;
  private static final int USUAL_ROWS = 320;
  private static final int COLUMNS = 256;

  /** Numbers whose parts are rounded together: they stay in the first cache. */
  private static final int BLOCK = 2048;

  private final Spec spec;

  /** Of a block's parts to bfloat16, and of the last block's. */
  private final Primitive[] rounds = new Primitive[2];

  /** All as wide but the last. */
  private final Slice[] slices;

  /** Whether a product of enough rows is to be computed so. */
  static boolean suits(OneDnnEngine engine, Spec spec) {
    return VectorApi.PRESENT
        && !engine.rounds()
        && OneDnn.hasAmx()
        && spec.in() >= LEAST_DEPTH
        && spec.out() >= LEAST_COLUMNS
        && spec.in() % Lanes.COUNT == 0;
  }

  /**
   * @param spec of a product of whole rows that lie one after the other, by a transposed matrix
   */
  SplitProduct(OneDnnEngine engine, Spec spec) {
    this.spec = spec;
    this.slices = new Slice[(spec.out() + COLUMNS - 1) / COLUMNS];
    try {
      rounds[0] = round(engine, BLOCK);
      rounds[1] = round(engine, (int) ((count() - 1) % BLOCK) + 1);
      for (int i = 0; i < slices.length; i++) {
        int columns = Math.min(COLUMNS, spec.out() - i * COLUMNS);
        boolean again = i > 0 && columns == COLUMNS;
        slices[i] = again ? slices[0] : new Slice(engine, spec, columns);
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private Primitive round(OneDnnEngine engine, int block) {
    try (var descriptors = new Descriptors()) {
      var exact = descriptors.strided(PARTS, block, block, 1);
      var rounded = descriptors.stridedAs(dnnl_bf16(), PARTS, block, count(), 1);
      return Primitive.reorder(engine, exact, rounded);
    }
  }

  private long count() {
    return (long) spec.batch() * spec.in();
  }

  /** The products to some columns: what is added to nothing, what is added to that. */
  private static final class Slice implements AutoCloseable {
    private final Primitive first;
    private final Primitive next;
    private final Primitive pack;

    Slice(OneDnnEngine engine, Spec spec, int columns) {
      Primitive[] made = new Primitive[3];
      try (var descriptors = new Descriptors()) {
        var any = descriptors.taggedAs(dnnl_bf16(), dnnl_format_tag_any(), spec.in(), columns);
        var plain = descriptors.strided(spec.in(), columns, 1, spec.in());
        try (var usual = product(engine, spec, USUAL_ROWS, columns, any, false)) {
          var layout = usual.descriptor(dnnl_query_weights_md());
          made[0] = product(engine, spec, spec.batch(), columns, layout, false);
          made[1] = product(engine, spec, spec.batch(), columns, layout, true);
          made[2] = Primitive.reorder(engine, plain, layout);
        }
      } catch (RuntimeException e) {
        SplitProduct.close(made);
        throw e;
      }
      this.first = made[0];
      this.next = made[1];
      this.pack = made[2];
    }

    private static Primitive product(
        OneDnnEngine engine, Spec spec, int rows, int columns, MemorySegment weights, boolean add) {
      try (var descriptors = new Descriptors()) {
        var from = descriptors.stridedAs(dnnl_bf16(), rows, spec.in(), spec.in(), 1);
        var to = descriptors.strided(rows, columns, spec.toStride(), 1);
        return Primitive.matmul(engine, from, weights, to, add, Map.of());
      }
    }

    private long partBytes() {
      return first.bytes(dnnl_query_weights_md());
    }

    @Override
    public void close() {
      SplitProduct.close(first, next, pack);
    }
  }

  @Override
  public String implementation() {
    return "oneDNN " + slices[0].first.implementation() + " in three parts";
  }

  @Override
  public long packedBytes() {
    return at(slices.length - 1) + PARTS * slices[slices.length - 1].partBytes();
  }

  /** Bytes of packed weights before those of a slice. */
  private long at(int slice) {
    return slice * PARTS * slices[0].partBytes();
  }

  @Override
  public void pack(CpuStream stream, MemorySegment matrix, MemorySegment packed) {
    long count = (long) spec.in() * spec.out();
    var parts = stream.stepScratch(4 * PARTS * count);
    SplitVector.split(matrix, 0, count, parts);
    for (int i = 0; i < slices.length; i++) {
      for (int part = 0; part < PARTS; part++) {
        stream.execute(
            slices[i].pack,
            ConvPrimitives.REORDER,
            parts.asSlice(4 * (part * count + (long) i * COLUMNS * spec.in())),
            packed.asSlice(at(i) + part * slices[i].partBytes()));
      }
    }
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
    long rounded = split(stream, from, 4 * fromAt);
    for (int i = 0; i < slices.length; i++) {
      long weights = packed.address() + at(i);
      long sums = to.address() + 4 * (toAt + (long) i * COLUMNS);
      for (var pair : PAIRS) {
        var product = pair == PAIRS[0] ? slices[i].first : slices[i].next;
        var execution = stream.execution(product, Primitive.PRODUCT);
        execution.bind(0, rounded + 2 * pair[0] * count());
        execution.bind(1, weights + pair[1] * slices[i].partBytes());
        execution.bind(2, sums);
        execution.run(stream);
      }
    }
  }

  /** The address of [3, count] parts. */
  private long split(CpuStream stream, MemorySegment from, long at) {
    long exact = 4L * PARTS * BLOCK;
    var room = stream.conversionScratch(exact + 2 * PARTS * count());
    long rounded = room.address() + exact;
    for (long e = 0; e < count(); e += BLOCK) {
      boolean last = count() - e <= BLOCK;
      SplitVector.split(from, at + 4 * e, Math.min(BLOCK, count() - e), room);
      var rounding = stream.execution(rounds[last ? 1 : 0], ConvPrimitives.REORDER);
      rounding.bind(0, room.address());
      rounding.bind(1, rounded + 2 * e);
      rounding.run(stream);
    }
    return rounded;
  }

  @Override
  public void close() {
    close(rounds);
    Arrays.stream(slices).filter(Objects::nonNull).distinct().forEach(Slice::close);
  }

  private static void close(Primitive... made) {
    for (var primitive : made) {
      if (primitive != null) {
        primitive.close();
      }
    }
  }
}
