package dev.sluice.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;

/** ONNX Runtime through its Java package: inference of the graphs of {@link OnnxCells}. */
final class Onnx implements Service.Library {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private int threads;

  private Onnx() {}

  /** Serves. */
  public static void main(String[] args) throws IOException {
    Service.serve(new Onnx());
  }

  @Override
  public Map<String, Object> start(int count) {
    threads = count;
    return Map.of("name", "ONNX Runtime", "version", environment.getVersion());
  }

  @Override
  public Service.Work open(Given given) throws OrtException {
    if (given.training()) {
      throw new UnsupportedOperationException("its Java package on Maven Central only infers");
    }
    return new Inference(given);
  }

  private final class Inference implements Service.Work {
    private final Given given;
    private final OrtSession session;
    private final Map<String, OnnxTensor> x;

    Inference(Given given) throws OrtException {
      this.given = given;
      var options = new OrtSession.SessionOptions();
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      session = environment.createSession(OnnxCells.model(given), options);
      x = Map.of("x", OnnxTensor.createTensor(environment, numbers(), shape()));
    }

    /** Outside the Java heap, where a run reads them without a copy. */
    private FloatBuffer numbers() {
      var values = given.overFrames() ? given.channelsFirst("x") : given.floats("x");
      var buffer = ByteBuffer.allocateDirect(4 * values.length).order(ByteOrder.nativeOrder());
      return buffer.asFloatBuffer().put(values).flip();
    }

    private long[] shape() {
      var x = given.shape("x");
      var s = given.overFrames() ? new int[] {x[0], x[1], x[4], x[2], x[3]} : x;
      return Arrays.stream(s).asLongStream().toArray();
    }

    @Override
    public boolean shared() {
      return true;
    }

    @Override
    public void round() throws OrtException {
      session.run(x).close();
    }

    @Override
    public Map<String, float[]> results() throws OrtException {
      try (var result = session.run(x)) {
        var buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
        var y = new float[buffer.remaining()];
        buffer.get(y);
        return Map.of("y", given.overFrames() ? given.channelsLast(y, "y") : y);
      }
    }

    @Override
    public void close() throws OrtException {
      x.get("x").close();
      session.close();
    }
  }
}
