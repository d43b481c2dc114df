package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.Samples;
import dev.sluice.TestDevice;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EachDevice
class GruWeightsTest {
  private static Map<String, HostTensor> stored(Rnn rnn) {
    var stored = new HashMap<String, HostTensor>();
    for (var parameter : rnn.parameters()) {
      var value = parameter.value();
      stored.put(parameter.name(), new HostTensor(value.shape(), value.doubles()));
    }
    return stored;
  }

  private static RnnBuilder builder(boolean after) {
    return (after ? Rnn.gru(4, 3) : Rnn.gruResetBefore(4, 3))
        .layers(2)
        .bidirectional()
        .type(DType.FLOAT64);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theOtherBlendComputesTheSame(boolean after) {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var keep = builder(after).build(Weights.random(3), arena);
      var same = builder(after).blend(Blend.UPDATE).build(Weights.of(stored(keep)), arena);
      var converted = GruWeights.convert(keep.spec(), same.spec(), stored(keep));
      var update = builder(after).blend(Blend.UPDATE).build(Weights.of(converted), arena);
      var x = Samples.tensor(arena, DType.FLOAT64, 1, 6, 2, 4);
      double[] expected = keep.forward(pass, x).y().doubles();
      assertArrayEquals(expected, update.forward(pass, x).y().doubles(), 1e-14);
      assertNotEquals(expected[0], same.forward(pass, x).y().doubles()[0], 1e-3);
      var back = GruWeights.convert(same.spec(), keep.spec(), converted);
      stored(keep)
          .forEach(
              (name, tensor) ->
                  assertArrayEquals((double[]) tensor.data(), (double[]) back.get(name).data()));
    }
  }

  @Test
  void thereIsNoWayBetweenTheResets() {
    try (var device = TestDevice.open();
        var arena = device.arena()) {
      var after = builder(true).build(Weights.random(3), arena);
      var before = builder(false).build(Weights.random(3), arena);
      var e =
          assertThrows(
              IllegalArgumentException.class,
              () -> GruWeights.convert(after.spec(), before.spec(), stored(after)));
      assertEquals(
          "gru: weights of GRU_RESET_AFTER cannot be converted to GRU_RESET_BEFORE: expected the"
              + " same kind on both sides, since r (W h) is not W (r h); run them with the reset"
              + " that they were trained with, or train again",
          e.getMessage());
    }
  }

  @Test
  void namesAWeightThatIsMissing() {
    try (var device = TestDevice.open();
        var arena = device.arena()) {
      var keep = builder(true).build(Weights.random(3), arena);
      var update = builder(true).blend(Blend.UPDATE).build(Weights.random(3), arena);
      var stored = stored(keep);
      stored.remove("bias_hh_l1");
      var e =
          assertThrows(
              IllegalArgumentException.class,
              () -> GruWeights.convert(keep.spec(), update.spec(), stored));
      assertEquals("gru: conversion: bias_hh_l1: expected [9], got none", e.getMessage());
    }
  }
}
