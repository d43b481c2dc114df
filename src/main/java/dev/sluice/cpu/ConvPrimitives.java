package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Makes the oneDNN primitives of one convolution whose frames lie in given layouts. */
final class ConvPrimitives implements AutoCloseable {
  static final int[] FORWARD = {DNNL_ARG_SRC(), DNNL_ARG_WEIGHTS(), DNNL_ARG_DST()};
  static final int[] FORWARD_BIAS = {
    DNNL_ARG_SRC(), DNNL_ARG_WEIGHTS(), DNNL_ARG_DST(), DNNL_ARG_BIAS()
  };
  static final int[] BACKWARD_DATA = {DNNL_ARG_DIFF_DST(), DNNL_ARG_WEIGHTS(), DNNL_ARG_DIFF_SRC()};
  static final int[] BACKWARD_WEIGHTS = {
    DNNL_ARG_SRC(), DNNL_ARG_DIFF_DST(), DNNL_ARG_DIFF_WEIGHTS()
  };
  static final int[] BACKWARD_WEIGHTS_BIAS = {
    DNNL_ARG_SRC(), DNNL_ARG_DIFF_DST(), DNNL_ARG_DIFF_WEIGHTS(), DNNL_ARG_DIFF_BIAS()
  };
  static final int[] REORDER = {DNNL_ARG_FROM(), DNNL_ARG_TO()};

  private final OneDnnEngine engine;
  private final ConvSpec spec;
  private final Descriptors held = new Descriptors();
  private final List<Primitive> owned = new ArrayList<>();
  private final MemorySegment source;
  private final MemorySegment destination;
  private final MemorySegment anyWeights;
  private final MemorySegment sourceFactor;
  private final MemorySegment destinationFactor;
  private final MemorySegment anyFactor;
  private final MemorySegment plainWeights;
  private final MemorySegment biases;
  private final MemorySegment ones;
  private final MemorySegment noDilation;
  private final MemorySegment padding;

  ConvPrimitives(OneDnnEngine engine, ConvSpec spec, Layout from, Layout to) {
    this.engine = engine;
    this.spec = spec;
    long n = spec.batch();
    long h = spec.height();
    long w = spec.width();
    long c = spec.inputs();
    long k = spec.outputs();
    long kh = spec.kernelHeight();
    long kw = spec.kernelWidth();
    ones = held.longs(1, 1);
    noDilation = held.longs(0, 0);
    padding = held.longs(kh / 2, kw / 2);
    try {
      source = held.tagged(from.tag(), n, c, h, w);
      destination = held.tagged(to.tag(), n, k, h, w);
      anyWeights = held.tagged(dnnl_format_tag_any(), k, c, kh, kw);
      int factors = engine.factors();
      sourceFactor = held.taggedAs(factors, from.tag(), n, c, h, w);
      destinationFactor = held.taggedAs(factors, to.tag(), n, k, h, w);
      anyFactor = held.taggedAs(factors, dnnl_format_tag_any(), k, c, kh, kw);
      plainWeights = held.tagged(dnnl_oihw(), k, c, kh, kw);
      biases = held.tagged(dnnl_x(), k);
    } catch (RuntimeException e) {
      held.close();
      throw e;
    }
  }

  private Primitive own(Primitive primitive) {
    owned.add(primitive);
    return primitive;
  }

  /**
   * y = w * x (+ bias) (+ y).
   *
   * @param packed the weights' layout, or null to let oneDNN choose it
   */
  Primitive forward(boolean bias, boolean add, boolean training, MemorySegment packed) {
    int kind = training ? dnnl_forward_training() : dnnl_forward_inference();
    var weights = packed == null ? anyFactor : packed;
    return make(
        "dnnl_convolution_forward_primitive_desc_create",
        add,
        (out, attributes) ->
            dnnl_convolution_forward_primitive_desc_create(
                out,
                engine.handle(),
                kind,
                dnnl_convolution_direct(),
                sourceFactor,
                weights,
                bias ? biases : MemorySegment.NULL,
                destination,
                ones,
                noDilation,
                padding,
                padding,
                attributes));
  }

  /** dx = the adjoint of w * x. */
  Primitive backwardData() {
    var hint = forward(false, false, true, null);
    return make(
        "dnnl_convolution_backward_data_primitive_desc_create",
        false,
        (out, attributes) ->
            dnnl_convolution_backward_data_primitive_desc_create(
                out,
                engine.handle(),
                dnnl_convolution_direct(),
                source,
                anyFactor,
                destinationFactor,
                ones,
                noDilation,
                padding,
                padding,
                hint.description(),
                attributes));
  }

  /** dw and db, overwritten. */
  Primitive backwardWeights(boolean bias) {
    var hint = forward(bias, false, true, null);
    return make(
        "dnnl_convolution_backward_weights_primitive_desc_create",
        false,
        (out, attributes) ->
            dnnl_convolution_backward_weights_primitive_desc_create(
                out,
                engine.handle(),
                dnnl_convolution_direct(),
                sourceFactor,
                anyWeights,
                bias ? biases : MemorySegment.NULL,
                destinationFactor,
                ones,
                noDilation,
                padding,
                padding,
                hint.description(),
                attributes));
  }

  /** From the canonical [K, C, kh, kw] to a primitive's layout. */
  Primitive packing(MemorySegment packed) {
    return own(Primitive.reorder(engine, plainWeights, packed));
  }

  /** From a primitive's layout to the canonical [K, C, kh, kw]. */
  Primitive unpacking(MemorySegment packed) {
    return own(Primitive.reorder(engine, packed, plainWeights));
  }

  private interface Maker {
    int make(MemorySegment out, MemorySegment attributes);
  }

  private Primitive make(String call, boolean add, Maker maker) {
    try (var descriptors = new Descriptors()) {
      var attributes = descriptors.attributes(add);
      var made = OneDnn.create(call, out -> maker.make(out, attributes));
      var given = Map.of(DNNL_ARG_SRC(), source, DNNL_ARG_DIFF_DST(), destination);
      return own(new Primitive(engine, made, call + " " + spec, given));
    }
  }

  @Override
  public void close() {
    owned.forEach(Primitive::close);
    held.close();
  }
}
