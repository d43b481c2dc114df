package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/** What describes primitives while they are made: memory descriptors and attributes. */
final class Descriptors implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> descriptors = new ArrayList<>();
  private final List<MemorySegment> attributes = new ArrayList<>();

  /** A float32 memory descriptor in a named layout. */
  MemorySegment tagged(int tag, long... dims) {
    return taggedAs(dnnl_f32(), tag, dims);
  }

  /** The same of another data type. */
  MemorySegment taggedAs(int type, int tag, long... dims) {
    var sizes = longs(dims);
    return keep(
        "dnnl_memory_desc_create_with_tag",
        out -> dnnl_memory_desc_create_with_tag(out, dims.length, sizes, type, tag));
  }

  /** A float32 matrix whose elements lie so many apart. */
  MemorySegment strided(long rows, long columns, long... strides) {
    return stridedAs(dnnl_f32(), rows, columns, strides);
  }

  /** The same of another data type. */
  MemorySegment stridedAs(int type, long rows, long columns, long... strides) {
    var dims = longs(rows, columns);
    var steps = longs(strides);
    return keep(
        "dnnl_memory_desc_create_with_strides",
        out -> dnnl_memory_desc_create_with_strides(out, 2, dims, type, steps));
  }

  private MemorySegment keep(String call, ToIntFunction<MemorySegment> make) {
    var made = OneDnn.create(call, make);
    descriptors.add(made);
    return made;
  }

  /** Attributes: scratchpad from the caller, and optionally the result added to what is there. */
  MemorySegment attributes(boolean add) {
    var made = OneDnn.create("dnnl_primitive_attr_create", out -> dnnl_primitive_attr_create(out));
    attributes.add(made);
    OneDnn.check(
        dnnl_primitive_attr_set_scratchpad_mode(made, dnnl_scratchpad_mode_user()),
        "dnnl_primitive_attr_set_scratchpad_mode");
    if (add) {
      addResult(made);
    }
    return made;
  }

  private static void addResult(MemorySegment attributes) {
    var operations = OneDnn.create("dnnl_post_ops_create", out -> dnnl_post_ops_create(out));
    try {
      OneDnn.check(
          dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef()),
          "dnnl_post_ops_append_sum");
      OneDnn.check(
          dnnl_primitive_attr_set_post_ops(attributes, operations),
          "dnnl_primitive_attr_set_post_ops");
    } finally {
      OneDnn.destroy(operations, o -> dnnl_post_ops_destroy(o));
    }
  }

  /** Host memory that lives as long as this. */
  MemorySegment longs(long... values) {
    return arena.allocateFrom(ValueLayout.JAVA_LONG, values);
  }

  @Override
  public void close() {
    attributes.forEach(made -> OneDnn.destroy(made, a -> dnnl_primitive_attr_destroy(a)));
    descriptors.forEach(made -> OneDnn.destroy(made, d -> dnnl_memory_desc_destroy(d)));
    arena.close();
  }
}
