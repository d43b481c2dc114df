package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * {@code to = from W^T} in float32 on tiles of bfloat16 (AMX). A float is the sum of three such
 * numbers, {@code (x0 + x1 + x2)(w0 + w1 + w2)}; of the nine products the three smallest are under
 * the last bit of a float, the other six are summed in float32, small ones first. Tiles do these
 * six in two thirds of the time that one product of floats takes. Factors from 2^111 on give NaN.
 */
final class SplitProduct implements StepProduct {
  /** Which part of from meets which of the weights. */
  private static final int[][] PAIRS = {{0, 2}, {2, 0}, {1, 1}, {0, 1}, {1, 0}, {0, 0}};

  private static final int PARTS = 3;
  private static final int[] ARGUMENTS = {DNNL_ARG_SRC(), DNNL_ARG_WEIGHTS(), DNNL_ARG_DST()};

  /** Rows from which it is the faster way: measured, as is the depth. */
  static final int LEAST_ROWS = 128;

  private static final int LEAST_DEPTH = 128;
  private static final int USUAL_ROWS = 160;

  private final Spec spec;
  private final Primitive first;
  private final Primitive next;
  private final Primitive round;
  private final Primitive pack;

  /** Whether a product of enough rows is to be computed so. */
  static boolean suits(OneDnnEngine engine, Spec spec) {
    return VectorApi.PRESENT
        && !engine.rounds()
        && OneDnn.hasAmx()
        && spec.in() >= LEAST_DEPTH
        && spec.in() % Lanes.COUNT == 0;
  }

  /**
   * @param spec of a product of whole rows that lie one after the other, by a transposed matrix
   */
  SplitProduct(OneDnnEngine engine, Spec spec) {
    this.spec = spec;
    Primitive[] made = new Primitive[4];
    long rows = (long) PARTS * spec.batch();
    try (var descriptors = new Descriptors()) {
      var any = descriptors.taggedAs(dnnl_bf16(), dnnl_format_tag_any(), spec.in(), spec.out());
      var plain = descriptors.strided(spec.in(), spec.out(), 1, spec.in());
      var exact = descriptors.strided(rows, spec.in(), spec.in(), 1);
      var rounded = descriptors.stridedAs(dnnl_bf16(), rows, spec.in(), spec.in(), 1);
      try (var usual = product(engine, spec, USUAL_ROWS, any, false)) {
        var layout = usual.descriptor(dnnl_query_weights_md());
        made[0] = product(engine, spec, spec.batch(), layout, false);
        made[1] = product(engine, spec, spec.batch(), layout, true);
        made[2] = Primitive.reorder(engine, exact, rounded);
        made[3] = Primitive.reorder(engine, plain, layout);
      }
    } catch (RuntimeException e) {
      close(made);
      throw e;
    }
    this.first = made[0];
    this.next = made[1];
    this.round = made[2];
    this.pack = made[3];
  }

  private static Primitive product(
      OneDnnEngine engine, Spec spec, int rows, MemorySegment weights, boolean add) {
    try (var descriptors = new Descriptors()) {
      var from = descriptors.stridedAs(dnnl_bf16(), rows, spec.in(), spec.in(), 1);
      var to = descriptors.strided(rows, spec.out(), spec.toStride(), 1);
      return Primitive.matmul(engine, from, weights, to, add, Map.of());
    }
  }

  @Override
  public String implementation() {
    return "oneDNN " + first.implementation() + " in three parts";
  }

  private long partBytes() {
    return first.bytes(dnnl_query_weights_md());
  }

  @Override
  public long packedBytes() {
    return PARTS * partBytes();
  }

  @Override
  public void pack(CpuStream stream, MemorySegment matrix, MemorySegment packed) {
    long count = (long) spec.in() * spec.out();
    var parts = stream.stepScratch(4 * PARTS * count);
    SplitVector.split(matrix, 0, count, parts);
    for (int part = 0; part < PARTS; part++) {
      stream.execute(
          pack,
          ConvPrimitives.REORDER,
          parts.asSlice(4 * part * count),
          packed.asSlice(part * partBytes()));
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
    long count = (long) spec.batch() * spec.in();
    long weights = partBytes();
    long exact = 4 * PARTS * count;
    var parts = stream.conversionScratch(exact + exact / 2);
    SplitVector.split(from, 4 * fromAt, count, parts);
    long rounded = parts.address() + exact;
    var rounding = stream.execution(round, ConvPrimitives.REORDER);
    rounding.bind(0, parts.address());
    rounding.bind(1, rounded);
    rounding.run(stream);
    var product = first;
    for (var pair : PAIRS) {
      var execution = stream.execution(product, ARGUMENTS);
      execution.bind(0, rounded + 2 * pair[0] * count);
      execution.bind(1, packed.address() + pair[1] * weights);
      execution.bind(2, to.address() + 4 * toAt);
      execution.run(stream);
      product = next;
    }
  }

  @Override
  public void close() {
    close(first, next, round, pack);
  }

  private static void close(Primitive... made) {
    for (var primitive : made) {
      if (primitive != null) {
        primitive.close();
      }
    }
  }
}
