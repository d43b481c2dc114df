package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MethodTypeEntry;
import java.lang.classfile.constantpool.NameAndTypeEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Who may import whom: the table of ARCHITECTURE.md, held against the compiled classes. */
class ArrowsTest {
  /** For each package those it may import; one that does not stand here may not exist. */
  private static final Map<String, Set<String>> MAY_IMPORT =
      Map.of(
          "core", Set.of("spi"),
          "spi", Set.of("core"),
          "weights", Set.of("core"),
          "data", Set.of("core"),
          "nn", Set.of("core", "spi", "weights"),
          "train", Set.of("core", "spi", "nn", "weights"),
          "cli", Set.of("core", "spi", "nn", "weights", "train", "data"),
          "bindings", Set.of("core"),
          "cpu", Set.of("core", "spi", "bindings"),
          "cuda", Set.of("core", "spi", "bindings"));

  private static final Pattern CLASS = Pattern.compile("dev/sluice/(?:(\\w+)/)?[\\w/$]+");

  @Test
  void everyImportIsAllowed() throws Exception {
    Map<String, Set<String>> forbidden = new TreeMap<>();
    int seen = 0;
    for (Path file : classFiles()) {
      ClassModel model = ClassFile.of().parse(file);
      String from = model.thisClass().asInternalName();
      imports(model)
          .filter(to -> !mayImport(packageOf(from), packageOf(to)))
          .forEach(to -> forbidden.computeIfAbsent(from, _ -> new TreeSet<>()).add(to));
      seen++;
    }
    assertEquals(Map.of(), forbidden);
    assertTrue(seen > 20, "classes seen: " + seen);
  }

  @Test
  void enginesAndUnknownPackagesAreRefused() {
    assertTrue(mayImport("cpu", "bindings"));
    assertFalse(mayImport("cuda", "cpu"));
    assertFalse(mayImport("cli", "cpu"));
    assertFalse(mayImport("nn", "bindings"));
    assertFalse(mayImport("elsewhere", "elsewhere"));
    assertEquals("core", packageOf("dev/sluice/Shape"));
    assertEquals("bindings", packageOf("dev/sluice/bindings/onednn/Dnnl_h$shared"));
  }

  private static boolean mayImport(String from, String to) {
    Set<String> allowed = MAY_IMPORT.get(from);
    return allowed != null && (from.equals(to) || allowed.contains(to));
  }

  private static List<Path> classFiles() throws Exception {
    Path root = Path.of(Shape.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (Stream<Path> walk = Files.walk(root.resolve("dev"))) {
      return walk.filter(file -> file.toString().endsWith(".class")).toList();
    }
  }

  /** Every class of this project that the constant pool or a member's type names. */
  private static Stream<String> imports(ClassModel model) {
    Stream<String> pool =
        StreamSupport.stream(model.constantPool().spliterator(), false).flatMap(ArrowsTest::names);
    Stream<String> members =
        Stream.concat(
            model.fields().stream().map(field -> field.fieldType().stringValue()),
            model.methods().stream().map(method -> method.methodType().stringValue()));
    return Stream.concat(pool, members)
        .flatMap(type -> CLASS.matcher(type).results().map(MatchResult::group));
  }

  private static Stream<String> names(PoolEntry entry) {
    return switch (entry) {
      case ClassEntry type -> Stream.of(type.asInternalName());
      case NameAndTypeEntry member -> Stream.of(member.type().stringValue());
      case MethodTypeEntry type -> Stream.of(type.descriptor().stringValue());
      default -> Stream.empty();
    };
  }

  /** The package's first name below {@code dev.sluice}, or {@code core} for that package itself. */
  private static String packageOf(String internalName) {
    Matcher name = CLASS.matcher(internalName);
    assertTrue(name.lookingAt(), internalName);
    return name.group(1) == null ? "core" : name.group(1);
  }
}
