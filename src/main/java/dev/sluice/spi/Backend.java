package dev.sluice.spi;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * An open engine. Thread-safe, except that a stream is used by one thread at a time. Everything
 * that takes a stream is enqueued on it; arguments were checked by the caller, shapes included.
 * Plans hold no data: one plan serves many threads.
 */
public interface Backend extends AutoCloseable {
  /** {@return what it runs on, for reports: {@code cpu}, {@code cuda:0 (NVIDIA H100)}} */
  String title();

  /** {@return a new stream} */
  Stream openStream();

  /**
   * {@return a new block, aligned to at least 64 bytes; of length 0 where the host cannot reach it}
   *
   * @param bytes its size
   * @throws dev.sluice.OutOfDeviceMemoryException if there is no room
   */
  MemorySegment allocate(long bytes);

  /**
   * Returns a block to the system.
   *
   * @param block from {@link #allocate}
   */
  void free(MemorySegment block);

  /**
   * Says what an engine may call, once, when it has no room for memory of its own: workspaces and
   * the like.
   *
   * @param release gives blocks that nobody uses back to {@link #free}
   */
  default void whenShort(Runnable release) {}

  /**
   * {@return objects and blocks of memory of the native libraries that this process has open in all
   * devices of the engine; -1 where nobody counts them}
   */
  default long openObjects() {
    return -1;
  }

  /**
   * Copies host bytes to the device; the host bytes may be reused when this returns.
   *
   * @param stream orders the copy
   * @param host the bytes
   * @param to where to
   */
  void upload(Stream stream, MemorySegment host, Tensor to);

  /**
   * Copies a tensor to the host; waits for the work before.
   *
   * @param stream orders the copy
   * @param from the tensor
   * @param host where to, at least as long
   */
  void download(Stream stream, Tensor from, MemorySegment host);

  /**
   * A matrix product: {@code c = beta * c + op(a) op(b)}.
   *
   * @param stream orders it
   * @param product sizes, transpositions, beta
   * @param a [M, K], or [K, M] transposed
   * @param b [K, N], or [N, K] transposed
   * @param c [M, N]
   */
  void multiply(Stream stream, Product product, Tensor a, Tensor b, Tensor c);

  /**
   * {@return a convolution with everything chosen for its shape}
   *
   * @param spec the shape
   */
  ConvPlan convolution(ConvSpec spec);

  /**
   * {@return a sum of convolutions that is done at once, or nothing where one after the other is no
   * slower}
   *
   * @param spec the shape
   */
  default Optional<JointPlan> joint(JointSpec spec) {
    return Optional.empty();
  }

  /**
   * {@return a recurrent network over a whole sequence}
   *
   * @param spec the network
   * @param run the sequence
   */
  RnnPlan rnn(RnnSpec spec, RnnSpec.Run run);

  /**
   * {@return a fused convolutional cell over a sequence, or nothing where the engine leaves it to
   * be composed of convolutions and kernels}
   *
   * @param spec the cell and the sequence
   */
  Optional<CellPlan> cell(CellSpec spec);

  /**
   * {@return the kernel of that name}
   *
   * @param name as in the parity table
   * @throws IllegalArgumentException if there is none
   */
  Kernel kernel(String name);

  /** {@return how the plans that were made so far are done, each way once; empty if unknown} */
  default List<Choice> choices() {
    return List.of();
  }

  @Override
  void close();
}
