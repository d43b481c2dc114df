package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import dev.sluice.MathMode;
import java.lang.foreign.MemorySegment;

/**
 * A oneDNN engine, and what the factors of its products are rounded to; everything that it is given
 * and gives is float32.
 *
 * @param handle oneDNN's own
 * @param math {@link MathMode#EXACT} or {@link MathMode#BFLOAT16}
 */
record OneDnnEngine(MemorySegment handle, MathMode math) implements AutoCloseable {
  static OneDnnEngine open(MathMode math) {
    return new OneDnnEngine(
        OneDnn.create("dnnl_engine_create", out -> dnnl_engine_create(out, dnnl_cpu(), 0)), math);
  }

  boolean rounds() {
    return math == MathMode.BFLOAT16;
  }

  /** The data type of factors. */
  int factors() {
    return rounds() ? dnnl_bf16() : dnnl_f32();
  }

  @Override
  public void close() {
    OneDnn.destroy(handle, e -> dnnl_engine_destroy(e));
  }
}
