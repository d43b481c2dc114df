package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.EngineUnavailableException;
import dev.sluice.SluiceException;
import dev.sluice.spi.Engine;
import dev.sluice.spi.EngineReport;
import dev.sluice.weights.Json;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Opens every engine, and says of one that does not open what is wrong and what mends it. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    header = "Opens each engine; where one does not open, says why, and what mends it.",
    description =
        "For each engine: whether it opens, in one paragraph what is wrong with which file and the"
            + " shortest way to mend it, the versions that were found, and every file that was"
            + " looked at.",
    footer = {
      "",
      "Exit codes: 0 an engine works (with --engine: that one), 1 none does.",
      "",
      "Examples:",
      "  ./sluice doctor",
      "  ./sluice doctor --engine cuda --json > cuda.json"
    })
final class DoctorCommand implements Callable<Integer> {
  private static final int WIDTH = 96;

  @Spec CommandSpec spec;

  @Option(names = "--engine", paramLabel = "NAME", description = "Look at this engine alone.")
  String engine;

  @Option(names = "--json", description = "Print one JSON object and nothing else.")
  boolean json;

  DoctorCommand() {}

  /** What was found, and the paragraph on why the engine does not work; empty where it does. */
  private record Finding(EngineReport report, String diagnosis) {
    static Finding of(Engine engine) {
      var report = engine.report();
      return new Finding(report, report.opens() ? tried(engine.name()) : report.reason());
    }

    private static String tried(String name) {
      try (var _ = Device.open(name)) {
        return "";
      } catch (EngineUnavailableException e) {
        return e.diagnosis();
      } catch (SluiceException e) {
        return e.getMessage();
      }
    }

    boolean works() {
      return diagnosis.isEmpty();
    }
  }

  @Override
  public Integer call() {
    var findings = engines().stream().map(Finding::of).toList();
    var out = spec.commandLine().getOut();
    if (json) {
      out.print(Json.writePretty(json(findings)));
    } else {
      findings.forEach(finding -> print(out, finding));
      out.println(verdict(findings));
    }
    return findings.stream().anyMatch(Finding::works) ? 0 : 1;
  }

  private List<Engine> engines() {
    var all = Device.engines();
    var wanted = all.stream().filter(e -> engine == null || engine.equals(e.name())).toList();
    if (wanted.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--engine: expected one of %s, got %s"
              .formatted(all.stream().map(Engine::name).toList(), engine));
    }
    return wanted;
  }

  private static String verdict(List<Finding> findings) {
    return findings.stream()
        .filter(Finding::works)
        .findFirst()
        .map(first -> "Runs go to engine " + first.report().engine() + ".")
        .orElse("None of these engines works here.");
  }

  private static void print(PrintWriter out, Finding finding) {
    var report = finding.report();
    out.println("engine %s: %s".formatted(report.engine(), finding.works() ? "works" : "no"));
    wrap(out, finding.diagnosis());
    report.facts().forEach((name, value) -> out.println("  %-17s %s".formatted(name, value)));
    if (!report.candidates().isEmpty()) {
      out.println("  looked at");
    }
    for (var file : report.candidates()) {
      out.println(
          "    %s (%s, %s): %s"
              .formatted(
                  file.path(),
                  file.library(),
                  file.source(),
                  file.refused().isEmpty() ? "taken" : file.refused()));
    }
    out.println();
  }

  private static void wrap(PrintWriter out, String paragraph) {
    var line = new StringBuilder();
    for (var word : paragraph.isEmpty() ? new String[0] : paragraph.split("\\s+")) {
      if (line.length() > 0 && line.length() + 1 + word.length() > WIDTH) {
        out.println("  " + line);
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    if (!line.isEmpty()) {
      out.println("  " + line);
    }
  }

  private static Map<String, Object> json(List<Finding> findings) {
    var all = new LinkedHashMap<String, Object>();
    all.put("works", findings.stream().anyMatch(Finding::works));
    all.put("engines", findings.stream().map(DoctorCommand::json).toList());
    return all;
  }

  private static Map<String, Object> json(Finding finding) {
    var map = new LinkedHashMap<String, Object>();
    map.put("name", finding.report().engine());
    map.put("works", finding.works());
    map.put("diagnosis", finding.diagnosis());
    map.put("facts", finding.report().facts());
    map.put("looked_at", finding.report().candidates().stream().map(DoctorCommand::json).toList());
    return map;
  }

  private static Map<String, Object> json(EngineReport.Candidate file) {
    var map = new LinkedHashMap<String, Object>();
    map.put("library", file.library());
    map.put("source", file.source());
    map.put("path", file.path());
    map.put("taken", file.refused().isEmpty());
    map.put("refused", file.refused());
    return map;
  }
}
