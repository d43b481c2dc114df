package dev.sluice.bindings;

import dev.sluice.bindings.NativeLibraries.Candidate;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Why no file will do for a library, and the shortest way to mend that: one paragraph. */
final class Diagnosis {
  private static final String NONE = "no such file";

  private final NativeLibrary library;
  private final List<Candidate> tried;
  private final Host host;

  private Diagnosis(NativeLibrary library, List<Candidate> tried, Host host) {
    this.library = library;
    this.tried = tried;
    this.host = host;
  }

  /** The paragraph; none of the candidates is chosen. */
  static String of(NativeLibrary library, List<Candidate> tried, Host host) {
    return new Diagnosis(library, tried, host).paragraph();
  }

  private String paragraph() {
    Candidate last = tried.getLast();
    if (isWish(last)) {
      return "%s: %s names %s, %s: %s; or leave it unset, and the usual places are looked at"
          .formatted(
              library.title(),
              last.source(),
              last.file(),
              last.refused(),
              last.refused().equals(NONE) ? "name the file where it is" : remedy(last));
    }
    // A file that is there and will not do tells more than all that are not there.
    Optional<Candidate> there = tried.stream().filter(c -> !c.refused().equals(NONE)).findFirst();
    return there
        .map(
            file ->
                "%s: %s (%s) will not do: %s: %s"
                    .formatted(
                        library.title(), file.file(), file.source(), file.refused(), remedy(file)))
        .orElseGet(this::absent);
  }

  private String absent() {
    String names =
        library.binaries().stream()
            .map(NativeLibrary.Binary::file)
            .collect(Collectors.joining(" or "));
    String folders =
        tried.stream()
            .map(candidate -> Path.of(candidate.file()).getParent().toString())
            .distinct()
            .collect(Collectors.joining(", "));
    return "%s: there is no %s in %s: %s".formatted(library.title(), names, folders, install(""));
  }

  private boolean isWish(Candidate candidate) {
    return candidate.source().endsWith(library.property())
        || candidate.source().endsWith(library.variable());
  }

  private String remedy(Candidate candidate) {
    String refused = candidate.refused();
    if (refused.startsWith("not an absolute path") || refused.startsWith("not a path")) {
      return candidate.source().equals("sluice.libraries")
          ? "sluice.libraries or SLUICE_LIBRARIES is a list of folders, by absolute paths, with a"
              + " colon between them"
          : candidate.source().equals("site-packages")
              ? "SLUICE_SITE_PACKAGES is a list of folders, by absolute paths, with a colon"
                  + " between them"
              : "name it by its absolute path";
    }
    if (refused.startsWith("no permission")) {
      return "let this user read it, chmod a+r " + candidate.file();
    }
    if (refused.startsWith("not a file")) {
      return isWish(candidate)
          ? "name the file and not its folder"
          : "remove what lies there, and " + install(candidate.file());
    }
    if (refused.contains("another architecture")) {
      return "name or install the one for x86-64; " + install(candidate.file());
    }
    if (refused.contains("cannot open shared object file")) {
      return "install the system's package that has the library named here";
    }
    if (refused.contains("GLIBC")) {
      return "this Linux is older than the one that the library was built for: take a newer Linux"
          + " or container, or an older release of the library";
    }
    if (library == NativeLibrary.CUDA && refused.contains("lies there")) {
      return "sudo ldconfig makes the missing link; if it does not, install NVIDIA's driver again";
    }
    if (damaged(refused)) {
      return again(candidate.file());
    }
    return install(refused.startsWith(NONE) ? "" : candidate.file());
  }

  private static boolean damaged(String refused) {
    return List.of("a link to", "an empty file", "cut short", "ELF", "there is no", "is not a file")
        .stream()
        .anyMatch(refused::contains);
  }

  /** How the library is installed once more over a damaged one. */
  private String again(String file) {
    return switch (library) {
      case CUDA ->
          host.container()
              ? "start the container anew with --gpus all; an image must not carry its own driver"
              : "install NVIDIA's driver again";
      case ONEDNN -> install(file);
      default -> install(file).replace("pip install", "pip install --force-reinstall");
    };
  }

  /** How a machine gets the library. */
  private String install(String file) {
    boolean cuda13 =
        tried("built for CUDA 13") || file.contains(".so.13") && !tried("built for CUDA 12");
    return switch (library) {
      case CUDA ->
          tried.stream().allMatch(c -> c.refused().equals(NONE))
              ? host.driver()
              : "install NVIDIA's driver 525 or newer";
      case CUDNN ->
          "pip install nvidia-cudnn-cu12 nvidia-cublas-cu12 in the Python environment that is"
              + " active, or name its site-packages folder by SLUICE_SITE_PACKAGES";
      case CUBLAS ->
          cuda13
              ? "pip install nvidia-cublas, the one for CUDA 13"
              : "pip install nvidia-cublas-cu12";
      case NVRTC -> cuda13 ? "pip install nvidia-cuda-nvrtc" : "pip install nvidia-cuda-nvrtc-cu12";
      case NCCL -> "pip install nvidia-nccl-cu12";
      case ONEDNN ->
          "put the jar org.bytedeco:dnnl:3.11-1.5.13:linux-x86_64 on the class path, and name a"
              + " folder that can be written, and whose files may be run, by -Dsluice.cache";
    };
  }

  private boolean tried(String refused) {
    return tried.stream().anyMatch(candidate -> candidate.refused().contains(refused));
  }
}
