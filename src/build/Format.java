import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@code Format.java --check|--fix REPORT FOLDER...}: holds the sources to google-java-format and
 * names those that are not in a file REPORT, absent if all are. Maven runs this source as it
 * stands, under the project's JDK: the formatter parses with the compiler of the JVM it runs in,
 * and Maven's own may be older than the language of the sources.
 */
class Format {
  public static void main(String[] arguments) throws IOException {
    boolean fix = arguments[0].equals("--fix");
    Path report = Path.of(arguments[1]);
    var formatter = new Formatter();
    List<String> wrong = new ArrayList<>();
    for (Path file : sources(List.of(arguments).subList(2, arguments.length))) {
      String source = Files.readString(file);
      try {
        String formatted = formatter.formatSourceAndFixImports(source);
        if (source.equals(formatted)) continue;
        if (fix) Files.writeString(file, formatted);
        else wrong.add(file.toString());
      } catch (FormatterException e) {
        wrong.add(file + " (" + e.getMessage() + ")");
      }
    }
    Files.deleteIfExists(report);
    if (wrong.isEmpty()) return;
    wrong.forEach(System.err::println);
    Files.write(report, wrong);
  }

  private static List<Path> sources(List<String> folders) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String folder : folders) {
      if (!Files.isDirectory(Path.of(folder))) continue;
      try (Stream<Path> walk = Files.walk(Path.of(folder))) {
        walk.filter(file -> file.toString().endsWith(".java")).sorted().forEach(files::add);
      }
    }
    return files;
  }
}
