package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.MathMode;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.nn.PackedSequence;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.spi.RnnSpec;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packed sequences go to cuDNN, simulated, as they are. */
@Simulated
class PackedRnnTest {
  private static final int[] LENGTHS = {2, 5, 0, 3, 5};

  @AfterEach
  void restore() {
    Simulator.reset();
    Simulator.setSeed(1);
  }

  private static Rnn network(DeviceArena arena) {
    return Rnn.lstm(4, 8).layers(2).bidirectional().build(Weights.random(1), arena);
  }

  private static List<float[]> trip(Device device, Rnn rnn) {
    try (var pass = Pass.training(device)) {
      var x = pass.variable(Shape.of(5, 5, 4), Samples.floats(1, 100));
      var out = rnn.forward(pass, PackedSequence.of(pass, x, LENGTHS), null);
      pass.gradient(out.y().rows()).set(Samples.floats(2, 15 * 16));
      pass.gradient(out.c()).set(Samples.floats(3, out.c().shape().elements()));
      pass.backward();
      var all = new ArrayList<float[]>();
      all.add(out.y().rows().floats());
      all.add(out.h().floats());
      all.add(pass.gradient(x).floats());
      for (var parameter : rnn.parameters()) {
        all.add(parameter.gradient().floats());
        parameter.gradient().set(new float[(int) parameter.gradient().shape().elements()]);
      }
      return all;
    }
  }

  private static List<float[]> expected() {
    try (var cpu = Device.open(Device.Options.defaults().engine("cpu").threads(1));
        var arena = cpu.arena()) {
      return trip(cpu, network(arena));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void agreesAtEveryLayoutOfTheWeights(long seed) {
    var expected = expected();
    Simulator.setSeed(seed);
    try (var cuda = Simulator.open();
        var arena = cuda.arena()) {
      var rnn = network(arena);
      var run = new RnnSpec.Run(5, 4, true, true, true, 0);
      assertTrue(assertInstanceOf(CudnnRnn.class, cuda.backend().rnn(rnn.spec(), run)).packed());
      for (int i = 0; i < 3; i++) {
        var got = trip(cuda, rnn);
        for (int j = 0; j < got.size(); j++) {
          assertArrayEquals(expected.get(j), got.get(j), 1e-5f, "result " + j);
        }
      }
      assertEquals("", Simulator.report());
    }
    assertEquals("", Simulator.ledger());
  }

  /** Of the two ends of a gradient the halves round both: 40 roundings of 2^-11 of its size. */
  @Test
  void halvesArePackedToo() {
    var expected = expected();
    try (var cuda = Simulator.open(Device.Options.defaults().math(MathMode.FLOAT16));
        var arena = cuda.arena()) {
      var got = trip(cuda, network(arena));
      for (int i = 0; i < got.size(); i++) {
        double size = 0;
        double off = 0;
        for (int j = 0; j < got.get(i).length; j++) {
          size += Math.pow(expected.get(i)[j], 2);
          off += Math.pow(expected.get(i)[j] - got.get(i)[j], 2);
        }
        assertEquals(0, Math.sqrt(off / size), 40 * 0x1p-11, "result " + i);
      }
      assertEquals("", Simulator.report());
    }
  }
}
