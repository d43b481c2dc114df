package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.TestDevice;
import dev.sluice.weights.Json;
import dev.sluice.weights.Weights;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Counts of Keras and PyTorch, every one that the conformance data has. */
class ParameterCountTest {
  private static final Map<String, Function<DeviceArena, Layer>> MADE = new TreeMap<>();

  static {
    keras("Embedding(2800,32)", null, Block.embedding(2800, 32));
    keras("SimpleRNN(16) on 32", 32, Block.simpleRnn(16));
    keras("Dense(256) on 16", 16, Block.dense(256));
    keras("LSTM(32) on 32", 32, Block.lstm(32));
    keras("Dense(256) on 32", 32, Block.dense(256));
    keras("GRU(32,reset_after=True) on 32", 32, Block.gru(32));
    keras("GRU(32,reset_after=False) on 32", 32, Block.gruResetBefore(32));
    keras("GRU(16,reset_after=True) on 32", 32, Block.gru(16));
    keras("GRU(16,reset_after=False) on 32", 32, Block.gruResetBefore(16));
    keras("Bidirectional(LSTM(32)) on 32", 32, Block.lstm(32).bidirectional());
    MADE.put(
        "keras ConvLSTM2D(8,3) on 3 channels",
        arena ->
            new ConvLstm(
                new ConvLstm.Config(3, 8, 3), DType.FLOAT32, "", Weights.random(1), arena));
    torch("RNN(32,16)", Rnn.tanh(32, 16));
    torch("LSTM(32,32)", Rnn.lstm(32, 32));
    torch("GRU(32,32)", Rnn.gru(32, 32));
    torch("LSTM(32,32,bidirectional,2 layers)", Rnn.lstm(32, 32).layers(2).bidirectional());
    torch("LSTM(32,32,proj_size=8)", Rnn.lstm(32, 32).projection(8));
  }

  private static void keras(String what, Integer width, Block block) {
    var builder = Sequential.of(block);
    if (width != null) {
      boolean dense = what.startsWith("Dense");
      builder = dense ? builder.input(width) : builder.input(Sequential.ANY, width);
    }
    var model = builder;
    MADE.put("keras " + what, arena -> model.build(Weights.random(1), arena));
  }

  private static void torch(String what, RnnBuilder builder) {
    MADE.put("torch nn." + what, arena -> builder.build(Weights.random(1), arena));
  }

  @Test
  void everyCountIsThatOfItsLibrary() throws Exception {
    var resource = "/dev/sluice/cli/conformance/manifest.json";
    try (var in = ParameterCountTest.class.getResourceAsStream(resource);
        var device = TestDevice.open();
        var arena = device.arena()) {
      var manifest = (Map<?, ?>) Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      var named = new TreeSet<String>();
      for (var row : (List<?>) manifest.get("param_counts")) {
        var what = (String) ((Map<?, ?>) row).get("what");
        long expected = ((Number) ((Map<?, ?>) row).get("params")).longValue();
        named.add(what);
        assertEquals(expected, MADE.get(what).apply(arena).parameterCount(), what);
      }
      assertEquals(MADE.keySet(), named);
    }
  }
}
