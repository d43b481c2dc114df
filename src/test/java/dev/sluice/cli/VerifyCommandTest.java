package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Shape;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Json;
import dev.sluice.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Suites of one case that was tampered with: what must not pass does not. */
class VerifyCommandTest {
  private static final String OWN = "/dev/sluice/cli/conformance/";

  @TempDir private Path folder;

  /** A case of the project's own suite, to be changed and written to a suite of its own. */
  private final class Tampered {
    final Map<String, Object> manifest;
    final Map<String, Object> entry;
    final Map<String, HostTensor> tensors = new LinkedHashMap<>();

    Tampered(String id) throws IOException {
      manifest = object(Json.parse(new String(own("manifest.json"))));
      entry =
          ((List<?>) manifest.get("cases"))
              .stream()
                  .map(VerifyCommandTest::object)
                  .filter(c -> c.get("id").equals(id))
                  .findFirst()
                  .orElseThrow();
      manifest.put("cases", new ArrayList<>(List.of(entry)));
      Files.write(file(), own((String) entry.get("file")));
      var file = Safetensors.open(file());
      for (var name : file.names()) {
        boolean ints = file.dtype(name).equals("I32");
        tensors.put(
            name, new HostTensor(file.shape(name), ints ? file.ints(name) : file.floats(name)));
      }
    }

    Path file() {
      return folder.resolve((String) entry.get("file"));
    }

    Map<String, Object> part(String name) {
      return object(entry.get(name));
    }

    float[] values(String name) {
      return (float[]) tensors.get(name).data();
    }

    void remove(String name) {
      tensors.remove(name);
      part("tensors").remove(name);
    }

    void add(String name, int... values) {
      tensors.put(name, new HostTensor(Shape.of(values.length), values));
    }

    void add(String name, float... values) {
      tensors.put(name, new HostTensor(Shape.of(values.length), values));
    }

    VerifyRun run(String... more) throws IOException {
      Safetensors.write(file(), tensors, Map.of());
      return runAsItIs(more);
    }

    VerifyRun runAsItIs(String... more) throws IOException {
      Files.writeString(folder.resolve("manifest.json"), Json.write(manifest));
      var args = new ArrayList<>(List.of("--suite", folder.toString()));
      args.addAll(List.of(more));
      return VerifyRun.of(args.toArray(String[]::new));
    }

    private static byte[] own(String name) throws IOException {
      try (var in = VerifyCommand.class.getResourceAsStream(OWN + name)) {
        return in.readAllBytes();
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object value) {
    return (Map<String, Object>) value;
  }

  private static void assertPasses(VerifyRun run) {
    assertTrue(run.lines().getFirst().startsWith("PASS  "), run::toString);
    assertEquals("1 passed, 0 failed, 0 skipped", run.last());
    assertEquals(0, run.code());
  }

  private static void assertFails(VerifyRun run, String reason) {
    assertEquals(2, run.lines().size(), run::toString);
    assertTrue(run.lines().getFirst().startsWith("FAIL  "), run::toString);
    assertTrue(run.lines().getFirst().contains(reason), run::toString);
    assertEquals("0 passed, 1 failed, 0 skipped", run.last());
    assertEquals(1, run.code());
  }

  private static void assertSkips(VerifyRun run, String reason) {
    assertEquals(2, run.lines().size(), run::toString);
    assertTrue(run.lines().getFirst().startsWith("SKIP  "), run::toString);
    assertTrue(run.lines().getFirst().contains(reason), run::toString);
    assertEquals("0 passed, 0 failed, 1 skipped", run.last());
    assertEquals(0, run.code());
  }

  private static void assertRefused(int code, String sentence, String... args) {
    var run = VerifyRun.of(args);
    assertEquals(code, run.code(), run::toString);
    assertEquals(1, run.errors().lines().count(), run::toString);
    assertTrue(run.errors().contains(sentence), run::toString);
  }

  @Test
  void theIdMeansNothing() throws IOException {
    var tampered = new Tampered("lstm_varlen");
    tampered.entry.put("id", "another name");
    assertPasses(tampered.run());
    assertPasses(tampered.run("--dtype=float64"));
  }

  @ParameterizedTest
  @CsvSource({
    "lstm_varlen, out.y",
    "lstm_varlen, out.hn",
    "lstm_varlen, out.cn",
    "lstm_varlen, grad.in.x",
    "lstm_varlen, grad.in.c0",
    "lstm_varlen, grad.w.weight_hh_l0",
    "lstm_varlen, grad.w.bias_ih_l0",
    "convlstm_peep_k3, out.cn",
    "convlstm_peep_k3, grad.in.h0",
    "convlstm_peep_k3, grad.w.peep_o_l0",
    "encoder_forecaster_convlstm, out.y",
    "encoder_forecaster_convlstm, grad.w.head.weight",
    "tbptt_lstm_chunk4, grad.w.weight_ih_l0",
    "lstm_l2_bi_dropout_mask, grad.w.layer0.weight_hh_l0_reverse",
    "patch_reshape, out.y",
    "clipping, exp.norminf_1.0.g1",
  })
  void aWrongReferenceFails(String id, String tensor) throws IOException {
    var tampered = new Tampered(id);
    var values = tampered.values(tensor);
    values[values.length - 1] += 0.001f * (1 + Math.abs(values[values.length - 1]));
    assertFails(tampered.run(), tensor + "[" + (values.length - 1) + "]");
  }

  @Test
  void float64IsJudgedMoreStrictly() throws IOException {
    var tampered = new Tampered("lstm_basic");
    tampered.values("grad.in.x")[0] += 2e-5f;
    assertPasses(tampered.run());
    assertFails(tampered.run("--dtype=float64"), "grad.in.x[0]");
  }

  @Test
  void paddingMustBeZero() throws IOException {
    var tampered = new Tampered("lstm_varlen");
    int padded = tampered.values("out.y").length - 1;
    assertEquals(0, tampered.values("out.y")[padded]);
    tampered.values("out.y")[padded] = 1e-4f;
    assertFails(tampered.run(), "out.y[" + padded + "]: expected 9.99999975e-05, got 0.0000");
  }

  @Test
  void aWrongLossFails() throws IOException {
    var tampered = new Tampered("lstm_basic");
    tampered.entry.put("loss", (Double) tampered.entry.get("loss") + 1e-4);
    assertFails(tampered.run(), "loss[0]");
  }

  @ParameterizedTest
  @CsvSource({
    "lstm_basic, param_count",
    "clipping, total_norm_norm2_100",
    "metrics, ssim_gauss11_range1",
    "metrics, mse_predrnn_per_frame_clipped"
  })
  void aWrongNumberFails(String id, String key) throws IOException {
    var tampered = new Tampered(id);
    var expected = tampered.part("expected");
    expected.put(
        key,
        expected.get(key) instanceof List<?>
            ? List.of(1.0, 2.0, 3.0)
            : ((Number) expected.get(key)).doubleValue() * 1.001);
    assertFails(tampered.run(), "expected." + key);
  }

  @ParameterizedTest
  @ValueSource(strings = {"in.x", "w.weight_hh_l0", "out.y", "lossw.hn", "grad.in.x"})
  void notANumberFails(String tensor) throws IOException {
    var tampered = new Tampered("lstm_basic");
    tampered.values(tensor)[3] = Float.NaN;
    assertFails(tampered.run(), tensor + ": expected finite numbers");
  }

  @Test
  void anOverflowFails() throws IOException {
    var tampered = new Tampered("rnn_relu_basic");
    Arrays.fill(tampered.values("w.weight_ih_l0"), 3e38f);
    assertFails(tampered.run(), "NaN");
  }

  @Test
  void aParameterTooManyFails() throws IOException {
    var tampered = new Tampered("lstm_basic");
    tampered.add("w.weight_hr_l0", 1f, 2f);
    tampered.add("grad.w.weight_hr_l0", 1f, 2f);
    assertFails(tampered.run(), "weight_hr_l0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"grad.w.bias_hh_l0", "grad.in.x", "grad.in.h0"})
  void aMissingGradientFails(String tensor) throws IOException {
    var tampered = new Tampered("lstm_basic");
    tampered.remove(tensor);
    assertFails(tampered.run(), tensor);
  }

  @Test
  void aGradientTooManyFails() throws IOException {
    var tampered = new Tampered("lstm_basic");
    tampered.add("grad.in.z", 1f);
    assertFails(tampered.run(), "grad.in.z: this gradient was not computed");
  }

  @Test
  void aMissingParameterFails() throws IOException {
    var tampered = new Tampered("lstm_basic");
    tampered.remove("w.weight_hh_l0");
    assertFails(tampered.run(), "weight_hh_l0");
  }

  @Test
  void aTensorThatIsOnlyInTheManifestFails() throws IOException {
    var tampered = new Tampered("lstm_basic");
    tampered.tensors.remove("lossw.cn");
    assertFails(tampered.run(), "lossw.cn: expected as in the manifest");
  }

  @Test
  void aShapeThatIsNotTheManifestsFails() throws IOException {
    var tampered = new Tampered("lstm_basic");
    tampered.add("out.y", 1f, 2f);
    assertFails(tampered.run(), "out.y: expected shape [7, 3, 6], got [2]");
  }

  @Test
  void aMissingFileFails() throws IOException {
    var tampered = new Tampered("lstm_basic");
    Files.delete(tampered.file());
    assertFails(tampered.runAsItIs(), "lstm_basic.safetensors: no such file");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 100, 3000, -1})
  void aTruncatedFileFails(int length) throws IOException {
    var tampered = new Tampered("lstm_basic");
    byte[] whole = Files.readAllBytes(tampered.file());
    int end = length < 0 ? whole.length + length : length;
    Files.write(tampered.file(), Arrays.copyOf(whole, end));
    assertFails(tampered.runAsItIs(), "lstm_basic.safetensors: ");
  }

  @Test
  void aFileOutsideOfTheSuiteFails() throws IOException {
    var tampered = new Tampered("lstm_basic");
    tampered.entry.put("file", "../lstm_basic.safetensors");
    assertFails(tampered.runAsItIs(), "expected a file of the suite's folder");
  }

  @Test
  void whatIsNotKnownIsSkipped() throws IOException {
    var kind = new Tampered("lstm_basic");
    kind.entry.put("kind", "transformer");
    assertSkips(kind.run(), "kind transformer");
    var key = new Tampered("lstm_basic");
    key.part("config").put("zoneout", 0.1);
    assertSkips(key.run(), "config.zoneout");
    var value = new Tampered("lstm_basic");
    value.part("config").put("activation", "relu");
    assertSkips(value.run(), "activation is relu");
    var loss = new Tampered("lstm_basic");
    loss.entry.put("loss_kind", "hinge");
    assertSkips(loss.run(), "loss_kind hinge");
    var input = new Tampered("lstm_basic");
    input.add("in.mask", 1, 0);
    assertSkips(input.run(), "in.mask");
    var number = new Tampered("lstm_basic");
    number.part("expected").put("perplexity", 2.0);
    assertSkips(number.run(), "expected.perplexity");
    var output = new Tampered("lstm_basic");
    output.add("out.attention", 1f);
    assertSkips(output.run(), "out.attention");
  }

  @Test
  void anOptionThatChangesTheResultIsHeeded() throws IOException {
    for (var option :
        Map.of("forget_bias", 0.5, "cell_clip", 0.1, "batch_first", true, "z", "keep").entrySet()) {
      var tampered = new Tampered("lstm_basic");
      tampered.part("config").put(option.getKey(), option.getValue());
      tampered.part("config").put("cell_clip_mode", "read");
      if (option.getKey().equals("z")) {
        assertPasses(tampered.run());
      } else {
        assertEquals(1, tampered.run().code(), option.getKey());
      }
    }
  }

  @Test
  void filesThatAreNoSuite() throws IOException {
    var missing = folder.resolve("none").toString();
    assertRefused(1, "manifest.json: no such file", "--suite", missing);
    var manifest = folder.resolve("manifest.json");
    for (var text : List.of("", "[]", "{\"cases\": []}", "{\"cases\": [{\"id\": \"a\"}]}")) {
      Files.writeString(manifest, text);
      assertRefused(1, "manifest.json", "--suite", folder.toString());
    }
  }

  @Test
  void aToleranceThatIsMissingFails() throws IOException {
    var tampered = new Tampered("lstm_basic");
    object(tampered.manifest.get("default_tolerance")).remove("f32");
    assertFails(tampered.run(), "f32: expected scaled");
  }

  @Test
  void wrongUse() {
    assertRefused(2, "--dtype: expected float32 or float64, got int8", "--dtype=int8");
    assertRefused(2, "--filter: expected a part of the id", "--filter=no such case");
    assertRefused(2, "--seed", "--seed=1");
    assertRefused(2, "threads", "--threads=-1");
  }

  @Test
  void resultsAreWrittenWholeOrNotAtAll() throws IOException {
    var tampered = new Tampered("lstm_basic");
    var none = folder.resolve("none").resolve("results.json");
    var run = tampered.run("--json", none.toString());
    assertEquals(1, run.code());
    assertTrue(run.errors().contains("no such folder"), run::toString);
    assertFalse(Files.exists(none));
    var file = folder.resolve("results.json");
    tampered.values("out.y")[0] += 1;
    assertEquals(1, tampered.run("--json", file.toString()).code());
    var results = object(Json.read(file));
    assertEquals(1L, results.get("failed"));
    var only = object(((List<?>) results.get("cases")).getFirst());
    assertEquals("out.y", only.get("where"));
    assertTrue((Double) only.get("error") > 0.1, only::toString);
  }

  /** Keras repeats the output before; before the first one stands zero, not the initial state. */
  @Test
  void aKerasLayerWhoseStepsAreAllMaskedPutsOutZero() throws IOException {
    var tampered = new Tampered("keras_lstm");
    tampered.add("in.mask", new int[tampered.values("in.x").length / 5]);
    double loss = 0;
    for (var name : tampered.tensors.keySet()) {
      if (name.equals("out.y") || name.startsWith("grad.")) {
        Arrays.fill(tampered.values(name), 0);
      }
    }
    for (var state : List.of("state0", "state1")) {
      var values = tampered.values("in." + state);
      var weights = tampered.values("lossw." + state);
      System.arraycopy(values, 0, tampered.values("out." + state), 0, values.length);
      System.arraycopy(weights, 0, tampered.values("grad.in." + state), 0, values.length);
      for (int i = 0; i < values.length; i++) {
        loss += (double) values[i] * weights[i];
      }
    }
    tampered.entry.put("loss", loss);
    assertPasses(tampered.run());
  }
}
