package dev.sluice.cli.tasks;

import dev.sluice.Shape;
import dev.sluice.data.Npy;
import dev.sluice.data.NpyArray;
import dev.sluice.data.WindWindows;
import dev.sluice.data.Winds;
import dev.sluice.weights.AtomicFile;
import dev.sluice.weights.Weights;
import java.util.Locale;

/** Foretells one test month with a trained network, and draws it. */
record WindsPrediction(Question question, WindsTask.Net net) {
  private static final int FIRST_YEAR = 1982;

  void run() {
    long index = question.index() == null ? 0 : question.index();
    Recipe.require(
        index >= 0 && index < Winds.MONTHS - Winds.TRAIN,
        "--index",
        "a test month, 0 to " + (Winds.MONTHS - Winds.TRAIN - 1),
        index);
    int month = Winds.TRAIN + (int) index;
    var windows = net.windows();
    float[] foretold = foretell(windows, month);
    var folder = question.folder();
    AtomicFile.write(folder.resolve("prediction.npy"), Npy.bytes(channelsFirst(foretold)));
    AtomicFile.write(
        folder.resolve("prediction.png"),
        WindsJudgement.maps(
            foretold, windows.winds().month(month), windows.winds().climatology(month)));
    question
        .answer()
        .println(
            String.format(
                Locale.ROOT,
                "%s: the winds of %d-%02d from the %d months before, [1, 1, 2, 73, 144] in m/s;"
                    + " prediction.npy, prediction.png",
                folder,
                FIRST_YEAR + month / 12,
                month % 12 + 1,
                net.frames()));
  }

  private float[] foretell(WindWindows windows, int month) {
    try (var device = question.device().get();
        var arena = device.arena("the model")) {
      var weights = Weights.open(question.model().resolve(ModelFolder.WEIGHTS));
      var model = net.build(weights, arena);
      weights.requireAllUsed();
      return WindsStudy.foretell(model, windows, device, month);
    }
  }

  private static NpyArray channelsFirst(float[] frame) {
    var s = new Sequences(1, Winds.COMPONENTS, Winds.HEIGHT, Winds.WIDTH);
    var moved = new float[frame.length];
    s.unbatch(frame, moved, 0, 1);
    return new NpyArray(Shape.of(1, 1, Winds.COMPONENTS, Winds.HEIGHT, Winds.WIDTH), moved);
  }
}
