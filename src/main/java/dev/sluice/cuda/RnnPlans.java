package dev.sluice.cuda;

import dev.sluice.DType;
import dev.sluice.MathMode;
import dev.sluice.NativeException;
import dev.sluice.OutOfDeviceMemoryException;
import dev.sluice.spi.Plans;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.RnnSpec;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * cuDNN's recurrent networks on one device, each with the algorithm that is fastest for its shape.
 * Plans are made once and kept: they hold descriptors and no memory. Thread-safe.
 */
final class RnnPlans implements AutoCloseable {
  /** Measured, or {@code standard} everywhere. */
  private static final boolean MEASURED = !"standard".equals(System.getProperty("sluice.cuda.rnn"));

  /** What is measured stands for longer sequences too. */
  private static final int LONGEST_TRIAL = 64;

  private record Key(RnnSpec spec, RnnSpec.Run run) {}

  /** What is timed once; the file of choices is one of a device, a cuDNN and a math mode. */
  private record Choice(RnnSpec spec, RnnSpec.Run run, int driver) {}

  private final CudaBackend backend;
  private final Plans<Key, CudnnRnn> plans;
  private final Map<RnnNetwork.Key, RnnNetwork> networks = new HashMap<>();
  private CudaStream stream;

  RnnPlans(CudaBackend backend) {
    this.backend = backend;
    this.plans = new Plans<>(backend::streams, CudnnRnn::close);
  }

  RnnPlan plan(RnnSpec spec, RnnSpec.Run run) {
    return plans.of(new Key(spec, run), this::make);
  }

  private synchronized CudnnRnn make(Key key) {
    if (stream == null) {
      stream = new CudaStream(backend);
    }
    return make(key.spec, key.run, algorithm(key.spec, key.run));
  }

  /** Another one where this sequence, longer or shorter than that of the trial, is not for it. */
  private CudnnRnn make(RnnSpec spec, RnnSpec.Run run, RnnAlgorithm algorithm) {
    try {
      return new CudnnRnn(spec, run, work(spec, run, algorithm));
    } catch (NativeException e) {
      if (algorithm == RnnAlgorithm.STANDARD || !Descriptor.unsupported(e)) {
        throw e;
      }
      return make(spec, run, RnnAlgorithm.STANDARD);
    }
  }

  private RnnWork work(RnnSpec spec, RnnSpec.Run run, RnnAlgorithm algorithm) {
    var inner = elements(backend.math());
    if (inner == spec.type()) {
      return new CudnnSequence(stream.cudnn(), network(spec, run, algorithm), run);
    }
    var halves = network(spec.of(inner), run, algorithm);
    return new HalvedSequence(spec, run, inner, new CudnnSequence(stream.cudnn(), halves, run));
  }

  /** What cuDNN computes on. */
  private static DType elements(MathMode math) {
    return switch (math) {
      case EXACT, TF32 -> DType.FLOAT32;
      case FLOAT16 -> DType.FLOAT16;
      case BFLOAT16 -> DType.BFLOAT16;
    };
  }

  private RnnNetwork network(RnnSpec spec, RnnSpec.Run run, RnnAlgorithm algorithm) {
    var key = RnnNetwork.Key.of(spec, run, algorithm);
    if (run.dropout() > 0) {
      return stream.dropout().network(key);
    }
    var there = networks.get(key);
    if (there == null) {
      there = new RnnNetwork(stream.cudnn(), backend.math(), key);
      networks.put(key, there);
    }
    return there;
  }

  private RnnAlgorithm algorithm(RnnSpec spec, RnnSpec.Run run) {
    var candidates = RnnAlgorithm.candidates(spec, run);
    if (!MEASURED || candidates.size() == 1) {
      return RnnAlgorithm.STANDARD;
    }
    int steps = Integer.highestOneBit(Math.min(LONGEST_TRIAL, run.steps()));
    var shortened = new RnnSpec.Run(steps, run.batch(), false, run.training());
    var key = new Choice(spec, shortened, Installation.load().driverVersion());
    try {
      int way =
          backend.remembered().of(key, candidates.size(), () -> fastest(spec, shortened).ordinal());
      return candidates.get(way);
    } catch (OutOfDeviceMemoryException e) {
      return RnnAlgorithm.STANDARD;
    }
  }

  private RnnAlgorithm fastest(RnnSpec spec, RnnSpec.Run run) {
    try (var trial = new RnnTrial(stream, spec, run)) {
      for (var algorithm : RnnAlgorithm.candidates(spec, run)) {
        try (var work = work(spec, run, algorithm)) {
          trial.run(work);
        } catch (NativeException e) {
          if (algorithm == RnnAlgorithm.STANDARD || !Descriptor.unsupported(e)) {
            throw e;
          }
        }
      }
      return trial.fastest();
    }
  }

  @Override
  public synchronized void close() {
    var cleanup = new Cleanup();
    cleanup.run(plans::close);
    networks.values().forEach(network -> cleanup.run(network::close));
    networks.clear();
    Optional.ofNullable(stream).ifPresent(it -> cleanup.run(it::close));
    stream = null;
    cleanup.done();
  }
}
