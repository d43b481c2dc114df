package dev.sluice.cli.tasks;

import static dev.sluice.cli.tasks.Recipe.require;

import dev.sluice.DeviceArena;
import dev.sluice.nn.Activation;
import dev.sluice.nn.Block;
import dev.sluice.nn.RecurrentBlock;
import dev.sluice.nn.RnnInit;
import dev.sluice.nn.Sequential;
import dev.sluice.weights.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Recurrent layers, one on the other, that read a sequence and say something at its end: classes or
 * a number.
 *
 * @param cell {@code lstm}, {@code gru} or {@code rnn}
 * @param vocabulary words that are told apart, 0 where steps are numbers
 * @param channels numbers of a step, or that stand for a word
 * @param hidden units of each layer, lowest first
 * @param bidirectional whether each layer reads both ways
 * @param dropout share of the last layer's outputs dropped in training
 * @param dense units of a layer with ReLU before the output, 0 for none
 * @param init how recurrent layers begin: {@code keras}, {@code pytorch} or {@code irnn}
 * @param outputs classes, or 1
 */
record SequenceStack(
    String cell,
    int vocabulary,
    int channels,
    List<Integer> hidden,
    boolean bidirectional,
    double dropout,
    int dense,
    String init,
    int outputs) {
  static final List<String> CELLS = List.of("lstm", "gru", "rnn");
  private static final List<String> INITS = List.of("keras", "pytorch", "irnn");
  private static final int MOST = 1 << 20;

  SequenceStack {
    hidden = List.copyOf(hidden);
    require(
        !hidden.isEmpty() && hidden.stream().allMatch(h -> h >= 1 && h <= MOST),
        "--hidden",
        "layers of 1 to 2^20 units",
        joined(hidden));
    require(dense >= 0 && dense <= MOST, "--dense", "0 to 2^20 units", dense);
    require(INITS.contains(init), "--init", String.join(", ", INITS), init);
    require(dropout >= 0 && dropout < 1, "--dropout", "a share of 0 to below 1", dropout);
  }

  /** The settings that every stack has, with defaults. */
  static Map<String, Object> defaults(int hidden, boolean bidirectional, int dense, String init) {
    var map = new LinkedHashMap<String, Object>();
    map.put("hidden", List.of((long) hidden));
    map.put("bidirectional", bidirectional);
    map.put("dropout", 0.0);
    map.put("dense", (long) dense);
    map.put("init", init);
    return map;
  }

  /** The stack of settings. */
  static SequenceStack of(Fields f, int vocabulary, int channels, int outputs) {
    return new SequenceStack(
        f.text("model"),
        vocabulary,
        channels,
        f.wholes("hidden"),
        f.flag("bidirectional"),
        f.number("dropout"),
        f.small("dense"),
        f.text("init"),
        outputs);
  }

  /** The stack of config.json, see {@link #config}. */
  static SequenceStack of(Fields config) {
    var settings = config.object(ModelFolder.TRAINING);
    return of(
        settings,
        config.small("vocabulary_size"),
        config.small("channels"),
        config.small("outputs"));
  }

  /** What config.json holds besides the settings. */
  Map<String, Object> config() {
    var map = new LinkedHashMap<String, Object>();
    map.put("model", cell);
    map.put("vocabulary_size", (long) vocabulary);
    map.put("channels", (long) channels);
    map.put("outputs", (long) outputs);
    return map;
  }

  Sequential build(Weights weights, DeviceArena arena) {
    var blocks = new ArrayList<Block>();
    if (vocabulary > 0) {
      blocks.add(Block.embedding(vocabulary, channels));
    }
    for (int i = 0; i < hidden.size(); i++) {
      var layer = recurrent(hidden.get(i));
      if (bidirectional) {
        layer = layer.bidirectional();
      }
      blocks.add(i < hidden.size() - 1 ? layer.sequences() : layer);
    }
    if (dropout > 0) {
      blocks.add(Block.dropout(dropout));
    }
    if (dense > 0) {
      blocks.add(Block.dense(dense, Activation.RELU));
    }
    blocks.add(Block.dense(outputs));
    var builder = Sequential.of(blocks.toArray(Block[]::new));
    return (vocabulary > 0 ? builder : builder.input(Sequential.ANY, channels))
        .build(weights, arena);
  }

  private RecurrentBlock recurrent(int units) {
    var layer =
        switch (cell) {
          case "lstm" -> Block.lstm(units);
          case "gru" -> Block.gru(units);
          case "rnn" -> Block.simpleRnn(units);
          default ->
              throw new IllegalArgumentException("expected one of " + CELLS + ", got " + cell);
        };
    return layer.with(builder -> builder.init(RnnInit.named(init)));
  }

  /** Loads the model of a folder, every tensor of its file used. */
  static Sequential load(Path folder, Fields config, DeviceArena arena) {
    var weights = Weights.open(folder.resolve(ModelFolder.WEIGHTS));
    var model = of(config).build(weights, arena);
    weights.requireAllUsed();
    return model;
  }

  Study.Size size() {
    int gates = cell.equals("lstm") ? 4 : cell.equals("gru") ? 3 : 1;
    int directions = bidirectional ? 2 : 1;
    double numbers = (double) vocabulary * channels;
    double below = channels;
    for (double h : hidden) {
      numbers += directions * gates * h * (below + h + 1);
      below = directions * h;
    }
    numbers += dense == 0 ? below * outputs : (below + outputs) * dense;
    return new Study.Size("--hidden, --dense", joined(hidden) + " and " + dense, numbers);
  }

  private static String joined(List<Integer> units) {
    return units.stream().map(String::valueOf).collect(Collectors.joining(","));
  }
}
