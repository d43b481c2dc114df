package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/**
 * cuDNN's random numbers for one stream, and the networks that drop with them: each mask moves the
 * numbers on in device memory, so that streams cannot share them.
 */
final class RnnDropout implements AutoCloseable {
  private final CudaStream stream;
  private final long bytes;
  private final long states;
  private final Map<Double, RnnDescriptor> descriptors = new HashMap<>();
  private final Map<RnnNetwork.Key, RnnNetwork> networks = new HashMap<>();

  /**
   * @param seed another one for every stream
   */
  RnnDropout(CudaStream stream, long seed) {
    this.stream = stream;
    var cudnn = stream.cudnn();
    try (var arena = Arena.ofConfined()) {
      var size = arena.allocate(ValueLayout.JAVA_LONG);
      cudnn.check(
          "cudnnDropoutGetStatesSize", () -> cudnnDropoutGetStatesSize(cudnn.handle(), size));
      this.bytes = size.get(ValueLayout.JAVA_LONG, 0);
    }
    this.states = stream.backend().allocateOwn(bytes);
    try {
      seed(seed);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Starts the numbers anew, which is slow. */
  void seed(long seed) {
    var cudnn = stream.cudnn();
    try (var starting = RnnDescriptor.dropout(cudnn)) {
      cudnn.check(
          "cudnnSetDropoutDescriptor",
          () ->
              cudnnSetDropoutDescriptor(
                  starting.handle(),
                  cudnn.handle(),
                  0,
                  MemorySegment.ofAddress(states),
                  bytes,
                  seed));
    }
  }

  /** The network that drops with this stream's numbers. */
  RnnNetwork network(RnnNetwork.Key key) {
    var there = networks.get(key);
    if (there == null) {
      var math = stream.backend().math();
      there = new RnnNetwork(stream.cudnn(), math, key, descriptor(key.dropout()).handle());
      networks.put(key, there);
    }
    return there;
  }

  private RnnDescriptor descriptor(double p) {
    var there = descriptors.get(p);
    if (there == null) {
      var cudnn = stream.cudnn();
      var made = RnnDescriptor.dropout(cudnn);
      try {
        cudnn.check(
            "cudnnRestoreDropoutDescriptor",
            () ->
                cudnnRestoreDropoutDescriptor(
                    made.handle(),
                    cudnn.handle(),
                    (float) p,
                    MemorySegment.ofAddress(states),
                    bytes,
                    0));
      } catch (RuntimeException e) {
        made.close();
        throw e;
      }
      descriptors.put(p, made);
      there = made;
    }
    return there;
  }

  @Override
  public void close() {
    var cleanup = new Cleanup();
    networks.values().forEach(network -> cleanup.run(network::close));
    networks.clear();
    descriptors.values().forEach(descriptor -> cleanup.run(descriptor::close));
    descriptors.clear();
    var driver = stream.backend().driver();
    if (driver.lost() == null) {
      cleanup.run(() -> driver.free(states));
    }
    cleanup.done();
  }
}
