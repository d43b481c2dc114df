import static dev.sluice.nn.Activation.RELU;
import static dev.sluice.nn.Block.dense;
import static dev.sluice.nn.Block.embedding;
import static dev.sluice.nn.Block.lstm;

import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Sequential;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.Random;

/** Learns whether a 7 is among twelve digits: Embedding, LSTM, Dense, as in Keras. */
class TrainSequential {
  static final Shape BATCH = Shape.of(12, 32); // [T, N]

  public static void main(String[] args) {
    try (var device = Device.best();
        var arena = device.arena()) {
      var model =
          Sequential.of(embedding(10, 8), lstm(16), dense(16, RELU), dense(1))
              .build(Weights.random(1), arena);
      System.out.println(model.summary());
      var adam = new Adam(model.parameters(), 0.01, arena);
      var random = new Random(1);

      for (int step = 0; step < 300; step++) {
        var digits = random.ints(BATCH.elements(), 0, 10).toArray();
        try (var pass = Pass.training(device)) {
          var target = pass.tensor(Shape.of(32, 1), sevens(digits));
          var loss = Loss.bceWithLogits().of(pass, model.forward(pass, BATCH, digits), target);
          pass.backward(loss);
          adam.step();
        }
      }

      try (var pass = Pass.inference(device)) {
        var digits = random.ints(BATCH.elements(), 0, 10).toArray();
        var logits = model.forward(pass, BATCH, digits).floats();
        var target = sevens(digits);
        int right = 0;
        for (int n = 0; n < 32; n++) {
          right += (logits[n] > 0) == (target[n] > 0) ? 1 : 0;
        }
        System.out.println(right + " of 32 right");
      }
    }
  }

  /** 1 for every sample n that has a 7 among digits[t][n]. */
  static float[] sevens(int[] digits) {
    var found = new float[32];
    for (int i = 0; i < digits.length; i++) {
      found[i % 32] = digits[i] == 7 ? 1 : found[i % 32];
    }
    return found;
  }
}
