import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.nn.FrameCell;
import dev.sluice.nn.FrameFeedback;
import dev.sluice.nn.Pass;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.List;
import java.util.Random;

/** Learns where a dot that moves to the right, and around the edge, will be. */
class TrainForecaster {
  static final Shape CLIP = Shape.of(6, 4, 8, 8, 1); // [T, N, H, W, C]

  public static void main(String[] args) {
    try (var device = Device.best();
        var arena = device.arena()) {
      var config = new FrameFeedback.Config(FrameCell.CONV_GRU, 1, List.of(8, 8), 3, 1, null, true);
      var model = new FrameFeedback(config, Weights.random(1), arena);
      var adam = new Adam(model.parameters(), 0.01, arena);
      var random = new Random(1);

      for (int step = 0; step < 250; step++) {
        try (var pass = Pass.training(device)) {
          var clip = pass.tensor(CLIP, dots(random));
          pass.backward(model.loss(pass, clip, 3, Loss.bce()::of));
          adam.step();
        }
      }

      try (var pass = Pass.inference(device)) {
        var clip = pass.tensor(CLIP, dots(random));
        var next = model.forward(pass, clip.slice(0, 3), 3);
        var error = Loss.mse().of(pass, next, clip.slice(3, 6)).floats()[0];
        var still = Loss.mse().of(pass, clip.slice(2, 5), clip.slice(3, 6)).floats()[0];
        System.out.printf("error %.4f, of the frame before %.4f%n", error, still);
      }
    }
  }

  static float[] dots(Random random) {
    var frames = new float[(int) CLIP.elements()];
    for (int n = 0; n < 4; n++) {
      int y = random.nextInt(8);
      int x = random.nextInt(8);
      for (int t = 0; t < 6; t++) {
        frames[((t * 4 + n) * 8 + y) * 8 + (x + t) % 8] = 1;
      }
    }
    return frames;
  }
}
