package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.spi.Engine;
import dev.sluice.spi.EngineReport;
import dev.sluice.weights.Json;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says what this machine has, which engines open, and why the others do not. */
@Command(
    name = "info",
    mixinStandardHelpOptions = true,
    header = "Says what runs on this machine, and why the rest does not.",
    description =
        "Lists the machine, each engine with its versions and threads, and every library file that"
            + " was looked at with the reason why it was taken or refused.",
    footer = {
      "",
      "A library is looked for in this order: system property sluice.library.NAME, environment",
      "variable SLUICE_LIBRARY_NAME, the bundled jar, the folders of SLUICE_SITE_PACKAGES, the"
          + " system.",
      "",
      "Examples:",
      "  ./sluice info",
      "  ./sluice info --json > machine.json"
    })
final class InfoCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object and nothing else.")
  boolean json;

  InfoCommand() {}

  @Override
  public Integer call() {
    var reports = Device.engines().stream().map(Engine::report).toList();
    var out = spec.commandLine().getOut();
    if (json) {
      out.print(Json.writePretty(json(reports)));
      return 0;
    }
    print(out, "", Machine.facts());
    reports.forEach(report -> print(out, report));
    return 0;
  }

  private static void print(PrintWriter out, EngineReport report) {
    out.println(
        "\nengine %s: %s"
            .formatted(
                report.engine(), report.opens() ? "opens" : "does not open: " + report.reason()));
    print(out, "  ", report.facts());
    for (var candidate : report.candidates()) {
      out.println(
          "  %-8s %s (%s)%n           %s"
              .formatted(
                  candidate.library(),
                  candidate.refused().isEmpty() ? "taken" : "refused: " + candidate.refused(),
                  candidate.source(),
                  candidate.path()));
    }
  }

  private static void print(PrintWriter out, String indent, Map<String, ?> facts) {
    facts.forEach(
        (name, value) -> {
          var text =
              value instanceof Collection<?> list
                  ? list.stream().map(Object::toString).collect(Collectors.joining(" "))
                  : value;
          out.println("%s%-17s %s".formatted(indent, name, text));
        });
  }

  private static Map<String, Object> json(List<EngineReport> reports) {
    var all = new LinkedHashMap<String, Object>();
    Machine.facts().forEach((name, value) -> all.put(name.replace(' ', '_'), value));
    all.put("engines", reports.stream().map(InfoCommand::json).toList());
    return all;
  }

  private static Map<String, Object> json(EngineReport report) {
    var map = new LinkedHashMap<String, Object>();
    map.put("name", report.engine());
    map.put("opens", report.opens());
    map.put("reason", report.reason());
    map.put("facts", report.facts());
    map.put("candidates", report.candidates().stream().map(InfoCommand::json).toList());
    return map;
  }

  private static Map<String, Object> json(EngineReport.Candidate candidate) {
    var map = new LinkedHashMap<String, Object>();
    map.put("library", candidate.library());
    map.put("source", candidate.source());
    map.put("path", candidate.path());
    map.put("taken", candidate.refused().isEmpty());
    map.put("refused", candidate.refused());
    return map;
  }
}
