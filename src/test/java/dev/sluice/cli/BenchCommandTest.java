package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.weights.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BenchCommandTest {
  private static final List<String> SMALL =
      List.of("--steps=3", "--batch=2", "--input=2", "--hidden=4");

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int bench(String... more) {
    var args = new ArrayList<>(List.of("bench"));
    args.addAll(SMALL);
    args.addAll(List.of(more));
    return Main.run(new PrintWriter(out), new PrintWriter(err), args.toArray(String[]::new));
  }

  private void refused(String sentence, String... more) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    assertEquals(2, bench(more), err::toString);
    assertEquals("", out.toString());
    assertEquals(1, err.toString().lines().count(), err::toString);
    assertTrue(err.toString().contains(sentence), err::toString);
  }

  /** Names may be added here, never removed or renamed: programs read them. */
  @Test
  void jsonHasItsKeysAndNothingElseIsPrinted() {
    assertEquals(
        0,
        bench("--cell=convlstm", "--mode=train", "--rounds=2", "--json", "--seed=5"),
        err::toString);
    var report = (Map<?, ?>) Json.parse(out.toString().strip());
    assertEquals(
        Set.of(
            ("cell mode steps batch input hidden layers bidirectional lengths peephole layer_norm"
                 + " reset recompute height width kernel dtype seed warmup rounds min_ms median_ms"
                 + " p90_ms p99_ms p999_ms gflop gflops peak_gflops peak_fraction peak_bytes"
                 + " activation_bytes heap_bytes engine math algorithm layout threads versions")
                .split(" ")),
        report.keySet());
    assertEquals("convlstm", report.get("cell"));
    assertEquals("train", report.get("mode"));
    assertEquals(2L, report.get("rounds"));
    assertEquals(3L, report.get("kernel"));
    assertEquals("float32", report.get("dtype"));
    assertEquals(5L, report.get("seed"));
    assertEquals("exact", report.get("math"));
    assertTrue(report.get("algorithm").toString().startsWith("conv_lstm: "), report::toString);
    assertTrue(report.get("layout").toString().startsWith("conv_lstm: "), report::toString);
    assertTrue((Long) report.get("peak_bytes") >= (Long) report.get("activation_bytes"));
    assertTrue(((Map<?, ?>) report.get("versions")).keySet().containsAll(Set.of("sluice", "java")));
  }

  @Test
  void whatIsComputedAgainIsNotHeld() {
    var held = new ArrayList<Long>();
    for (var recompute : List.of("0", "sqrt", "1")) {
      out.getBuffer().setLength(0);
      var args =
          "bench --cell=convgru --mode=train --steps=16 --batch=2 --input=2 --hidden=4 --rounds=1"
              + " --json --recompute="
              + recompute;
      int code = Main.run(new PrintWriter(out), new PrintWriter(err), args.split(" "));
      assertEquals(0, code, err::toString);
      var report = (Map<?, ?>) Json.parse(out.toString().strip());
      assertEquals(recompute, report.get("recompute"));
      held.add((Long) report.get("activation_bytes"));
    }
    assertTrue(held.get(1) < held.get(0) && held.get(2) < held.get(1), held::toString);
  }

  @Test
  void linesForPeople() {
    var args = "--cell=lstm --mode=forward --layers=2 --bidirectional --lengths=random --peephole";
    assertEquals(0, bench((args + " --warmup=0 --rounds=2").split(" ")), err::toString);
    assertTrue(out.toString().startsWith("lstm forward: T 3, N 2, C 2, H 4, L 2"), out::toString);
    assertTrue(out.toString().contains("over 2 rounds"), out::toString);
  }

  @Test
  void aSessionIsReportedAsAPassIs() {
    var args = "--cell=gru --mode=session --layers=2 --warmup=1 --rounds=3 --json".split(" ");
    assertEquals(0, bench(args), err::toString);
    var report = (Map<?, ?>) Json.parse(out.toString().strip());
    assertEquals("session", report.get("mode"));
    assertEquals(3L, report.get("rounds"));
    assertTrue((Long) report.get("peak_bytes") > (Long) report.get("activation_bytes"));
  }

  @Test
  void aSuiteLeavesOutWhatWouldTakeTooLong() {
    var args = "bench --suite=deepbench --most=1e-3 --warmup=0 --rounds=1 --threads=1 --json";
    int code = Main.run(new PrintWriter(out), new PrintWriter(err), args.split(" "));
    assertEquals(0, code, err::toString);
    var report = (Map<?, ?>) Json.parse(out.toString().strip());
    assertEquals("deepbench", report.get("suite"));
    var results = (List<?>) report.get("results");
    assertEquals(53, results.size() + ((List<?>) report.get("left_out")).size());
    assertTrue(results.size() <= 1, "only 0.3 GFLOP can be done in a millisecond or so");
  }

  @Test
  void wrongUseGetsOneSentence() {
    refused("--cell: not together with --suite", "--cell=lstm", "--suite=cells");
    refused("--layers: expected 1 or more, got 0", "--cell=lstm", "--mode=train", "--layers=0");
    refused("--warmup: expected 0 or more, got -1", "--cell=lstm", "--mode=train", "--warmup=-1");
    refused("--rounds: expected 1 or more, got 0", "--cell=lstm", "--mode=train", "--rounds=0");
    refused("--kernel: not an option of cell lstm", "--cell=lstm", "--mode=train", "--kernel=3");
    refused("expected odd sizes", "--cell=convlstm", "--mode=forward", "--kernel=4");
    refused("got cell", "--cell=convlstm", "--mode=forward", "--engine=cell");
    refused("--recompute: expected --mode train", "--cell=gru", "--mode=forward", "--recompute=1");
    refused("got half", "--cell=gru", "--mode=train", "--recompute=half");
    refused("--lengths: not with", "--cell=gru", "--mode=session", "--lengths=random");
    refused("--bidirectional: not with", "--cell=lstm", "--mode=session", "--bidirectional");
    refused("--dtype: not with", "--cell=rnn", "--mode=session", "--dtype=float64");
    refused("--recompute: expected", "--cell=gru", "--mode=session", "--recompute=sqrt");
    refused("--cell", "--cell=transformer", "--mode=forward");
    refused("--mode", "--cell=lstm");
    refused("got int32", "--cell=lstm", "--mode=train", "--dtype=int32");
  }
}
