package dev.sluice.cuda;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.util.Arrays;

/**
 * The kernels of one file in {@code native/kernels}, for elements of one type, on one stream.
 *
 * @param stream orders what is launched
 * @param module the file
 * @param suffix the end of the kernels' names
 */
record Family(CudaStream stream, String module, String suffix) {
  /**
   * The kernels that look at such elements.
   *
   * @param like of the elements' type
   */
  static Family of(Stream stream, String module, Tensor like) {
    return new Family((CudaStream) stream, module, CudaStream.suffix(like.type()));
  }

  void launch(String kernel, Grid grid, Object... arguments) {
    stream.launch(module, kernel + suffix, grid, arguments);
  }

  /** One thread an element; nothing where there is none. */
  void elements(String kernel, long count, Object... arguments) {
    if (count > 0) {
      launch(kernel, Grid.of(count), arguments);
    }
  }

  /**
   * A conv cell's gates, one thread an element of a state: tensors, null for those left out, then
   * the state's rows and channels, then scalars.
   */
  void gates(String kernel, Tensor[] given, int tensors, Tensor state, Object... scalars) {
    var arguments = Arrays.copyOf(given, tensors + 2 + scalars.length, Object[].class);
    arguments[tensors] = rowsOf(state);
    arguments[tensors + 1] = length(state);
    System.arraycopy(scalars, 0, arguments, tensors + 2, scalars.length);
    elements(kernel, count(state), arguments);
  }

  /** One warp a row; nothing where there is none. */
  void rows(String kernel, long rows, Object... arguments) {
    elements(kernel, rows * 32, arguments);
  }

  static long count(Tensor tensor) {
    return tensor.shape().elements();
  }

  /** {@return the elements of the innermost axis} */
  static int length(Tensor tensor) {
    return tensor.shape().size(-1);
  }

  /** {@return how many rows of the innermost axis there are} */
  static int rowsOf(Tensor tensor) {
    return length(tensor) == 0 ? 0 : Math.toIntExact(count(tensor) / length(tensor));
  }

  /** {@return a tensor that the caller may have left out} */
  static Tensor optional(Tensor[] tensors, int index) {
    return index < tensors.length ? tensors[index] : null;
  }

  static int flag(boolean value) {
    return value ? 1 : 0;
  }
}
