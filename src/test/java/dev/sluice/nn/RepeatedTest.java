package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is done again gives the bits of what is done, whatever changes from pass to pass. */
class RepeatedTest {
  private static final int CHANNELS = 3;
  private static final int HIDDEN = 32;

  private enum Cell {
    CONV_GRU(arena -> gru(ConvGru.Reset.BEFORE, arena)),
    CONV_GRU_AFTER(arena -> gru(ConvGru.Reset.AFTER, arena)),
    ST_LSTM(arena -> new StLstm(config(null), weights(), arena)),
    ST_LSTM_NORM(arena -> new StLstm(config(new ConvLstm.Config.Frame(8, 8)), weights(), arena)),
    CAUSAL_LSTM(arena -> new CausalLstm(config(null), weights(), arena)),
    CONV_LSTM(arena -> new ConvLstm(new ConvLstm.Config(CHANNELS, HIDDEN, 3), weights(), arena)),
    LSTM(arena -> Rnn.lstm(CHANNELS, HIDDEN).layers(2).bidirectional().build(weights(), arena));

    final Function<DeviceArena, Layer> make;

    Cell(Function<DeviceArena, Layer> make) {
      this.make = make;
    }

    private static Weights weights() {
      return Weights.random(1);
    }

    private static Layer gru(ConvGru.Reset reset, DeviceArena arena) {
      var blend = dev.sluice.spi.RnnSpec.Blend.KEEP;
      var config = new ConvGru.Config(CHANNELS, HIDDEN, 3, 3, reset, blend);
      return new ConvGru(config, DType.FLOAT32, "", weights(), arena);
    }

    private static MemoryCell.Config config(ConvLstm.Config.Frame frame) {
      return new MemoryCell.Config(CHANNELS, HIDDEN, 3, 3, frame);
    }
  }

  /** A pass: how long the sequence is, and what is otherwise than in the last one. */
  private record Trip(int steps, boolean wantsX, boolean given, boolean last, int pushed) {
    static final Trip PLAIN = new Trip(3, false, false, false, 0);
  }

  private static final List<Trip> TRIPS =
      List.of(
          Trip.PLAIN,
          Trip.PLAIN,
          Trip.PLAIN,
          new Trip(2, false, false, false, 0),
          new Trip(3, true, false, false, 0),
          new Trip(3, true, false, false, 0),
          new Trip(3, true, true, false, 0),
          new Trip(3, true, true, false, 0),
          new Trip(3, true, true, true, 0),
          new Trip(3, true, true, true, 0),
          new Trip(3, false, false, false, 1000),
          Trip.PLAIN,
          Trip.PLAIN);

  @ParameterizedTest
  @EnumSource
  void bitsAreThoseOfTheWorkItself(Cell cell) {
    try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(2));
        var arena = device.arena()) {
      var repeated = cell.make.apply(arena);
      var plain = cell.make.apply(arena);
      for (int i = 0; i < TRIPS.size(); i++) {
        var trip = TRIPS.get(i);
        var wanted = results(Pass.training(device).keepingSegments(), plain, trip, i);
        var got = results(Pass.training(device), repeated, trip, i);
        assertEquals(wanted.size(), got.size());
        for (int k = 0; k < got.size(); k++) {
          assertArrayEquals(wanted.get(k), got.get(k), "trip " + i + ", result " + k);
        }
      }
    }
  }

  /** As without recordings: whoever closes what is still to be read is told so. */
  @Test
  void aClosedInputIsNoticed() {
    try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(1));
        var arena = device.arena()) {
      var layer = Cell.CONV_GRU.make.apply(arena);
      for (int i = 0; i < 3; i++) {
        try (var pass = Pass.training(device)) {
          var batch = device.arena();
          var y = run(pass, layer, batch.tensor(3, 2, 8, 8, CHANNELS), List.of()).getFirst();
          pass.gradient(y).set(new float[(int) y.shape().elements()]);
          batch.close();
          assertThrows(IllegalStateException.class, pass::backward);
        }
      }
    }
  }

  /** The outputs and all gradients; then the weights are changed. */
  private static List<float[]> results(Pass trip, Layer layer, Trip how, int seed) {
    var all = new ArrayList<float[]>();
    var random = new Random(seed);
    try (var pass = trip) {
      pass.empty(DType.FLOAT32, Shape.of(1L + how.pushed));
      var x = random(pass, random, how.steps, 2, 8, 8, CHANNELS);
      var states = new ArrayList<Tensor>();
      for (int i = 0; how.given && i < 3; i++) {
        states.add(pass.watch(random(pass, random, state(layer))));
      }
      if (how.wantsX) {
        pass.watch(x);
      }
      var made = run(pass, layer, x, states);
      var y = made.getFirst();
      for (var output : how.last ? made : List.of(y)) {
        pass.watch(output);
        pass.gradient(output).set(normal(random, (int) output.shape().elements()));
      }
      pass.backward();
      made.forEach(tensor -> all.add(tensor.floats()));
      // What is watched stays as it came; a Causal LSTM's last m flows on into h, within the work.
      if (how.last && layer instanceof StLstm) {
        all.add(pass.gradient(made.getLast()).floats());
      }
      states.forEach(state -> all.add(pass.gradient(state).floats()));
      if (how.wantsX) {
        all.add(pass.gradient(x).floats());
      }
    }
    for (var parameter : layer.parameters()) {
      all.add(parameter.gradient().floats());
      parameter.value().set(normal(random, (int) parameter.value().shape().elements()));
      parameter.changed();
    }
    return all;
  }

  /** As many pixels as rows. */
  private static long[] state(Layer layer) {
    return layer instanceof Rnn ? new long[] {4, 2 * 8 * 8, HIDDEN} : new long[] {2, 8, 8, HIDDEN};
  }

  /** y, and the states after that are not in y. */
  private static List<Tensor> run(Pass pass, Layer layer, Tensor x, List<Tensor> before) {
    boolean given = !before.isEmpty();
    return switch (layer) {
      case ConvGru gru -> List.of(gru.forward(pass, x, given ? before.getFirst() : null).y());
      case ConvLstm cell -> {
        var from = given ? new ConvLstm.State(before.get(0), before.get(1)) : null;
        var out = cell.forward(pass, x, from);
        yield List.of(out.y(), out.last().c());
      }
      case Rnn rnn -> {
        var rows = x.reshape(Shape.of(x.shape().dim(0), 2 * 8 * 8, CHANNELS));
        var from = given ? new Rnn.State(before.get(0), before.get(1)) : null;
        var out = rnn.forward(pass, rows, null, from);
        yield List.of(out.y(), out.h(), out.c());
      }
      case MemoryCell cell -> {
        var from = given ? new MemoryCell.State(before.get(0), before.get(1), before.get(2)) : null;
        var out = cell.forward(pass, x, from);
        yield List.of(out.y(), out.last().c(), out.last().m());
      }
      default -> throw new AssertionError(layer);
    };
  }

  private static Tensor random(Pass pass, Random random, long... dims) {
    var shape = Shape.of(dims);
    return pass.tensor(shape, normal(random, (int) shape.elements()));
  }

  private static float[] normal(Random random, int count) {
    var values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (0.2 * random.nextGaussian());
    }
    return values;
  }
}
