import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * {@code Simulator.java SOURCES BUILD}: builds the simulator of CUDA for tests with CMake and runs
 * its own checks; what stands is built once. Its libraries are then in BUILD/lib. Where CMake or a
 * C++ compiler is missing it prints one line and leaves no libraries, and the tests that need them
 * are skipped. Maven runs this source as it stands, under the project's JDK.
 */
class Simulator {
  public static void main(String[] arguments) throws IOException, InterruptedException {
    String sources = arguments[0];
    Path build = Path.of(arguments[1]);
    String missing = missing();
    if (missing != null) {
      System.out.println("The CUDA simulator and its tests are skipped: no " + missing + " here.");
      Files.deleteIfExists(build.resolve("lib/libcuda.so.1"));
      return;
    }
    Files.createDirectories(build);
    String jobs = Integer.toString(Runtime.getRuntime().availableProcessors());
    run(build, "configure", "cmake", "-S", sources, "-B", build.toString());
    run(build, "build", "cmake", "--build", build.toString(), "--parallel", jobs);
    run(build, "check", "ctest", "--test-dir", build.toString(), "--output-on-failure");
  }

  private static String missing() {
    if (!System.getProperty("os.arch").equals("amd64")) return "x86-64 processor";
    if (!System.getProperty("os.name").equals("Linux")) return "Linux";
    if (!onPath("cmake")) return "CMake";
    String chosen = System.getenv("CXX");
    if (chosen != null && !chosen.isBlank()) return null;
    return Stream.of("c++", "g++", "clang++").anyMatch(Simulator::onPath) ? null : "C++ compiler";
  }

  private static boolean onPath(String program) {
    return Stream.of(System.getenv("PATH").split(":"))
        .filter(folder -> !folder.isEmpty())
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  /** Its output goes to a file, and to the console only if it fails. */
  private static void run(Path build, String step, String... command)
      throws IOException, InterruptedException {
    Path log = build.resolve(step + ".log");
    var process = new ProcessBuilder(command);
    process.redirectErrorStream(true).redirectOutput(log.toFile());
    // A build that was told how to run (MAKEFLAGS of a caller) could wait for a caller that isn't.
    process.environment().remove("MAKEFLAGS");
    int status = process.start().waitFor();
    if (status == 0) return;
    System.err.write(Files.readAllBytes(log));
    System.err.println("The CUDA simulator's " + step + " failed: " + String.join(" ", command));
    System.exit(1);
  }
}
