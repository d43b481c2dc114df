package dev.sluice.cli.bench;

import dev.sluice.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** What ran: versions of the library, its engine's libraries and Java. */
final class Versions {
  private Versions() {}

  /** The library's version, from the module or from Maven's notes in the jar. */
  static String sluice() {
    var module = Device.class.getModule().getDescriptor();
    return Optional.ofNullable(module)
        .flatMap(m -> m.rawVersion())
        .or(Versions::ofJar)
        .orElse("(development)");
  }

  private static Optional<String> ofJar() {
    var notes = "/META-INF/maven/dev.sluice/sluice/pom.properties";
    try (var in = Device.class.getResourceAsStream(notes)) {
      var properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      return Optional.ofNullable(properties.getProperty("version"));
    } catch (IOException e) {
      throw new UncheckedIOException(notes, e);
    }
  }

  /** What an engine says of itself: versions, instruction set, threads. */
  static Map<String, String> engine(String name) {
    return Device.engines().stream()
        .filter(engine -> engine.name().equals(name))
        .findFirst()
        .map(engine -> engine.report().facts())
        .orElse(Map.of());
  }
}
