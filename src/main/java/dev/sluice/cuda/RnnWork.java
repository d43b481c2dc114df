package dev.sluice.cuda;

/**
 * A recurrent network that enqueues its work on addresses, whoever they belong to. It holds
 * descriptors and no memory.
 */
interface RnnWork extends AutoCloseable {
  RnnAlgorithm algorithm();

  /** Equal for those that can share packed weights. */
  Object layout();

  long packedBytes();

  /** What forward leaves for backward; 0 in inference. */
  long reserveBytes();

  void pack(CudaStream stream, long[] weights, long packed);

  /**
   * Overwrites y and the last states.
   *
   * @param reserve 0 in inference
   */
  void forward(CudaStream stream, long packed, RnnPlaces values, long reserve);

  /**
   * Adds to the gradients of x, of the initial states and of the weights.
   *
   * @param weights in the spec's order; 0 for those that are unwanted
   */
  void backward(
      CudaStream stream,
      long packed,
      RnnPlaces values,
      RnnPlaces gradients,
      long[] weights,
      long reserve);

  @Override
  void close();
}
