import static dev.sluice.bindings.nvrtc.Nvrtc_h.*;

import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * {@code Kernels ROOT CACHE [--check]}: compiles ROOT/native/kernels to PTX through the bindings,
 * assembles that for every architecture, and writes, or with {@code --check} compares, native/ptx
 * and docs/kernels.md. Ends with 1 on any difference and on any spilled register. {@code
 * native/compile} runs it.
 */
class Kernels {
  private static final String VIRTUAL = "compute_75";

  /** The newest architectures are unknown to the assembler that belongs to the compiler. */
  private static final Map<String, List<String>> ARCHITECTURES =
      new TreeMap<>(
          Map.of(
              "cuda-12.0/nvidia/cuda_nvcc/bin/ptxas",
              List.of("sm_75", "sm_80", "sm_86", "sm_89", "sm_90"),
              "cuda-13.0/nvidia/cu13/bin/ptxas",
              List.of("sm_100", "sm_120")));

  private static final Pattern FUNCTION =
      Pattern.compile(
          "Compiling entry function '(\\w+)' for '(\\w+)'.*?"
              + "(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads.*?"
              + "Used (\\d+) registers([^\\n]*)",
          Pattern.DOTALL);
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

  private final Path root;
  private final Path cache;
  private final boolean check;
  private final List<String> faults = new ArrayList<>();

  private Kernels(Path root, Path cache, boolean check) {
    this.root = root;
    this.cache = cache;
    this.check = check;
  }

  /** What the assembler says of one kernel for one architecture. */
  private record Usage(int registers, int shared) {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    var kernels =
        new Kernels(
            Path.of(arguments[0]),
            Path.of(arguments[1]),
            arguments.length > 2 && arguments[2].equals("--check"));
    NativeLibraries.load(NativeLibrary.NVRTC);
    kernels.run();
    kernels.faults.forEach(System.err::println);
    System.exit(kernels.faults.isEmpty() ? 0 : 1);
  }

  private void run() throws IOException, InterruptedException {
    var usage = new TreeMap<String, Map<String, Usage>>();
    var modules = sources();
    for (Path source : modules) {
      String name = source.getFileName().toString().replace(".cu", ".ptx");
      String ptx = compile(source);
      settle(root.resolve("native/ptx").resolve(name), ptx);
      assemble(name, ptx, usage);
    }
    settle(root.resolve("docs/kernels.md"), table(usage));
    refuseStrangers(modules);
    System.out.println(
        "%d kernels in %d modules %s"
            .formatted(usage.size(), modules.size(), check ? "compared" : "compiled"));
  }

  private List<Path> sources() throws IOException {
    try (Stream<Path> files = Files.list(root.resolve("native/kernels"))) {
      return files.filter(file -> file.toString().endsWith(".cu")).sorted().toList();
    }
  }

  /** PTX that no source gives is a leftover, and would be shipped. */
  private void refuseStrangers(List<Path> sources) throws IOException {
    var names = sources.stream().map(s -> s.getFileName().toString().replace(".cu", "")).toList();
    try (Stream<Path> files = Files.list(root.resolve("native/ptx"))) {
      files
          .filter(file -> !names.contains(file.getFileName().toString().replace(".ptx", "")))
          .forEach(file -> faults.add(file + ": no kernel file gives this"));
    }
  }

  private String compile(Path source) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(ValueLayout.ADDRESS);
      require(
          "nvrtcCreateProgram",
          nvrtcCreateProgram(
              out,
              arena.allocateFrom(Files.readString(source)),
              arena.allocateFrom(source.getFileName().toString()),
              0,
              MemorySegment.NULL,
              MemorySegment.NULL));
      var program = out.get(ValueLayout.ADDRESS, 0);
      String[] options = {
        "--gpu-architecture=" + VIRTUAL,
        "--std=c++17",
        "--include-path=" + source.getParent(),
        "--include-path=" + cache.resolve("cuda-12.0/nvidia/cuda_runtime/include")
      };
      var pointers = arena.allocate(ValueLayout.ADDRESS, options.length);
      for (int i = 0; i < options.length; i++) {
        pointers.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(options[i]));
      }
      int code = nvrtcCompileProgram(program, options.length, pointers);
      String log = log(arena, program);
      if (!log.isBlank()) {
        System.err.println(log);
      }
      require("nvrtcCompileProgram(" + source.getFileName() + ")", code);
      return ptx(arena, program, out);
    }
  }

  private static String log(Arena arena, MemorySegment program) {
    var size = arena.allocate(ValueLayout.JAVA_LONG);
    require("nvrtcGetProgramLogSize", nvrtcGetProgramLogSize(program, size));
    var log = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0));
    require("nvrtcGetProgramLog", nvrtcGetProgramLog(program, log));
    return log.getString(0);
  }

  private static String ptx(Arena arena, MemorySegment program, MemorySegment out) {
    var size = arena.allocate(ValueLayout.JAVA_LONG);
    require("nvrtcGetPTXSize", nvrtcGetPTXSize(program, size));
    var ptx = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0));
    require("nvrtcGetPTX", nvrtcGetPTX(program, ptx));
    require("nvrtcDestroyProgram", nvrtcDestroyProgram(out));
    return ptx.getString(0).strip() + "\n";
  }

  private static void require(String call, int code) {
    if (code != NVRTC_SUCCESS()) {
      throw new IllegalStateException(
          "%s returned %s (%d)".formatted(call, nvrtcGetErrorString(code).getString(0), code));
    }
  }

  private void assemble(String name, String ptx, Map<String, Map<String, Usage>> usage)
      throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("kernels");
    Path input = Files.writeString(folder.resolve(name), ptx);
    for (var assembler : ARCHITECTURES.entrySet()) {
      for (String architecture : assembler.getValue()) {
        read(name, assemble(assembler.getKey(), architecture, input), architecture, usage);
      }
    }
    Files.delete(input);
    Files.delete(folder);
  }

  private String assemble(String assembler, String architecture, Path input)
      throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(
                cache.resolve(assembler).toString(),
                "-v",
                "-arch=" + architecture,
                input.toString(),
                "-o",
                "/dev/null")
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      faults.add(input.getFileName() + " for " + architecture + ": " + said.strip());
    }
    return said;
  }

  private void read(
      String name, String said, String architecture, Map<String, Map<String, Usage>> usage) {
    var function = FUNCTION.matcher(said);
    while (function.find()) {
      String kernel = function.group(1);
      for (int group = 3; group <= 5; group++) {
        if (!function.group(group).equals("0")) {
          faults.add(
              "%s: %s for %s: expected no stack and no spills, got %s bytes"
                  .formatted(name, kernel, architecture, function.group(group)));
        }
      }
      var shared = SHARED.matcher(function.group(7));
      usage
          .computeIfAbsent(name.replace(".ptx", "") + " | " + kernel, k -> new TreeMap<>())
          .put(
              architecture,
              new Usage(
                  Integer.parseInt(function.group(6)),
                  shared.find() ? Integer.parseInt(shared.group(1)) : 0));
    }
  }

  private static String table(Map<String, Map<String, Usage>> usage) {
    var all = ARCHITECTURES.values().stream().flatMap(List::stream).toList();
    var text =
        new StringBuilder(
            """
            # Kernels: registers and shared memory

            Written by `native/compile`, which fails where a kernel spills a register. Registers a thread of each
            architecture, then bytes of static shared memory a block (of 256 threads, always).

            | module | kernel |\
            """);
    all.forEach(architecture -> text.append(' ').append(architecture).append(" |"));
    text.append(" shared |\n|").append(" --- |".repeat(all.size() + 3)).append('\n');
    usage.forEach(
        (kernel, on) -> {
          text.append("| ").append(kernel).append(" |");
          all.forEach(a -> text.append(' ').append(on.get(a).registers).append(" |"));
          int shared = on.values().stream().mapToInt(Usage::shared).max().orElse(0);
          text.append(' ').append(shared).append(" |\n");
        });
    return text.toString();
  }

  private void settle(Path file, String text) throws IOException {
    if (check) {
      if (!Files.exists(file) || !Files.readString(file).equals(text)) {
        faults.add(root.relativize(file) + ": differs from what native/compile gives");
      }
      return;
    }
    Files.createDirectories(file.getParent());
    Path fresh = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), text);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
