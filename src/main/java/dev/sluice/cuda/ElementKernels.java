package dev.sluice.cuda;

import static dev.sluice.cuda.Family.count;

import dev.sluice.DType;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** Kernels that look at one element at a time, and rows with a vector: elements.cu. */
final class ElementKernels {
  private ElementKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("fill", ElementKernels::fill);
    all.put("copy", ElementKernels::copy);
    all.put("add", ElementKernels::add);
    all.put("scale", (stream, s, t) -> scaled(stream, "scale", t[0], s[0]));
    all.put("clamp", (stream, s, t) -> scaled(stream, "clamp", t[0], s[0]));
    all.put("add_bias", ElementKernels::addBias);
    all.put("column_sums", ElementKernels::columnSums);
  }

  private static Family family(Stream stream, Tensor like) {
    return Family.of(stream, "elements", like);
  }

  private static void fill(Stream stream, double[] scalars, Tensor... t) {
    var cuda = (CudaStream) stream;
    if (scalars[0] == 0) {
      cuda.zero(cuda.address(t[0]), t[0].bytes());
    } else if (t[0].type() == DType.INT32) {
      new Family(cuda, "elements", "_s32")
          .elements("fill", count(t[0]), t[0], count(t[0]), (int) scalars[0]);
    } else {
      scaled(stream, "fill", t[0], scalars[0]);
    }
  }

  private static void copy(Stream stream, double[] scalars, Tensor... t) {
    var cuda = (CudaStream) stream;
    cuda.copy(cuda.address(t[0]), cuda.address(t[1]), t[0].bytes());
  }

  private static void add(Stream stream, double[] scalars, Tensor... t) {
    family(stream, t[0]).elements("add", count(t[0]), t[0], t[1], count(t[0]));
  }

  private static void scaled(Stream stream, String kernel, Tensor x, double value) {
    family(stream, x).elements(kernel, count(x), x, count(x), value);
  }

  private static void addBias(Stream stream, double[] scalars, Tensor... t) {
    int columns = Math.toIntExact(count(t[0]));
    family(stream, t[1]).elements("add_bias", count(t[1]), t[0], t[1], count(t[1]), columns);
  }

  private static void columnSums(Stream stream, double[] scalars, Tensor... t) {
    int columns = Math.toIntExact(count(t[1]));
    Sums.addColumns(
        (CudaStream) stream,
        t[0].type(),
        t[0],
        columns == 0 ? 0 : count(t[0]) / columns,
        columns,
        columns,
        t[1],
        null);
  }
}
