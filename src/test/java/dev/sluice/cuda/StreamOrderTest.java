package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.train.Loss;
import dev.sluice.train.Sgd;
import dev.sluice.weights.Weights;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** A thread whose work went to several streams finds it in order all the same. */
@Simulated
class StreamOrderTest {
  private static final int STEPS = 4;

  @Test
  void aStepOnAnotherStreamComesAfterTheGradients() throws Exception {
    try (var threads = Executors.newSingleThreadExecutor();
        var cpu = Device.open("cpu");
        var cuda = Simulator.open()) {
      assertArrayEquals(trained(cpu, threads), trained(cuda, threads), 1e-5f);
    }
  }

  /** The other thread gives its stream back between pass and step, which then gets that one. */
  private static float[] trained(Device device, ExecutorService other) throws Exception {
    try (var arena = device.arena()) {
      var rnn = Rnn.lstm(2, 3).build(Weights.random(1), arena);
      var x = arena.tensor(Shape.of(1, 2, 2), new float[] {1, 2, 3, 4});
      var wanted = arena.tensor(Shape.of(1, 2, 3), new float[6]);
      var sgd = new Sgd(rnn.parameters(), 0.1, arena);
      for (int step = 0; step < STEPS; step++) {
        var foreign = other.submit(() -> Pass.inference(device)).get();
        try (var pass = Pass.training(device)) {
          pass.backward(Loss.mse().of(pass, rnn.forward(pass, x).y(), wanted));
        }
        other.submit(foreign::close).get();
        sgd.step();
      }
      return rnn.parameters().getFirst().value().floats();
    }
  }
}
