package dev.sluice.bindings;

import static dev.sluice.bindings.NativeLibrary.CUBLAS;
import static dev.sluice.bindings.NativeLibrary.CUDA;
import static dev.sluice.bindings.NativeLibrary.CUDNN;
import static dev.sluice.bindings.NativeLibrary.ONEDNN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Kinds of broken installation, made of small files: each is refused before anything is loaded, in
 * one paragraph that names the file and what mends it.
 */
class BrokenInstallationTest {
  private static final Host BARE = new Host(false, false, false, "");
  private static final String PIP = "pip install nvidia-cudnn-cu12 nvidia-cublas-cu12";
  private static final String REPAIR = PIP.replace("install", "install --force-reinstall");

  @TempDir Path folder;
  private final Map<String, String> properties = new HashMap<>();
  private final Map<String, String> variables = new HashMap<>();
  private Host host = BARE;

  /** Breaks the machine of a test. */
  private interface Breaking {
    void of(BrokenInstallationTest machine) throws IOException;
  }

  /** What is broken, for which library; what the paragraph must contain, $ for the folder. */
  private record Kind(NativeLibrary library, Breaking breaking, String... said) {}

  private static Named<Kind> kind(
      String name, NativeLibrary library, Breaking breaking, String... said) {
    return Named.of(name, new Kind(library, breaking, said));
  }

  static Stream<Named<Kind>> kinds() {
    var kinds = new ArrayList<Named<Kind>>();
    drivers(kinds);
    damages(kinds);
    parts(kinds);
    wishes(kinds);
    return kinds.stream();
  }

  private static void drivers(List<Named<Kind>> kinds) {
    kinds.add(kind("no GPU", CUDA, m -> {}, "no libcuda.so.1 in $/system", "no NVIDIA GPU", "525"));
    kinds.add(
        kind(
            "a GPU and no driver",
            CUDA,
            m -> m.host = new Host(false, false, true, ""),
            "no libcuda.so.1 in $/system",
            "install NVIDIA's driver 525 or newer"));
    kinds.add(
        kind(
            "a container without the GPU",
            CUDA,
            m -> m.host = new Host(true, false, true, "550.54"),
            "no libcuda.so.1 in $/system",
            "start it with --gpus all"));
    kinds.add(
        kind(
            "the kernel module without its library",
            CUDA,
            m -> m.host = new Host(false, false, true, "550.54"),
            "no libcuda.so.1 in $/system",
            "driver 550.54 runs",
            "libnvidia-compute"));
    kinds.add(
        kind(
            "WSL without the driver of Windows",
            CUDA,
            m -> m.host = new Host(false, true, false, ""),
            "no libcuda.so.1 in $/system",
            "on Windows"));
    kinds.add(
        kind(
            "the driver without its link",
            CUDA,
            m -> m.sound(CUDA, "system/libcuda.so.550.54"),
            "$/system/libcuda.so.1",
            "libcuda.so.550.54 lies there",
            "sudo ldconfig"));
    kinds.add(
        kind(
            "a driver before CUDA 11.4",
            CUDA,
            m ->
                m.file(
                    "system/libcuda.so.1",
                    TinyLibrary.bytes(List.of("cuInit", "cuDriverGetVersion"))),
            "$/system/libcuda.so.1",
            "without the function cuGraphInstantiateWithFlags",
            "driver 525 or newer"));
  }

  private static void damages(List<Named<Kind>> kinds) {
    kinds.add(damaged("an empty file", b -> new byte[0], "an empty file"));
    kinds.add(damaged("a text", b -> "GROUP(x)".getBytes(), "not an ELF file (it begins with"));
    kinds.add(damaged("two bytes", b -> new byte[] {0x7f, 'E'}, "not an ELF file"));
    kinds.add(damaged("cut in its header", b -> Arrays.copyOf(b, 40), "cut short, after 40 bytes"));
    kinds.add(damaged("cut after its header", b -> Arrays.copyOf(b, 64), "cut short, after 64 of"));
    kinds.add(damaged("cut at its end", b -> Arrays.copyOf(b, b.length - 1), "cut short, after"));
    kinds.add(damaged("headers astray", b -> put(b, TinyLibrary.PROGRAMS + 7, 0x80), "nowhere"));
    kinds.add(damaged("an object file", b -> put(b, TinyLibrary.TYPE, 1), "no shared library"));
    kinds.add(architecture("for ARM", b -> put(b, TinyLibrary.MACHINE, 183), "machine 183"));
    kinds.add(architecture("for 32 bits", b -> put(b, TinyLibrary.CLASS, 1), "32 bits"));
    kinds.add(
        kind(
            "a folder in its place",
            CUDA,
            m -> Files.createDirectories(m.folder.resolve("system/libcuda.so.1")),
            "$/system/libcuda.so.1",
            "not a file: remove what lies there, and install NVIDIA's driver"));
    kinds.add(
        kind(
            "a link to nothing",
            CUDA,
            m -> m.link("system/libcuda.so.1", "libcuda.so.470.1"),
            "$/system/libcuda.so.1",
            "a link to libcuda.so.470.1, which does not exist: install NVIDIA's driver again"));
    kinds.add(
        kind(
            "an empty file that an image carries",
            CUDA,
            m -> {
              m.host = new Host(true, false, true, "");
              m.file("system/libcuda.so.1", new byte[0]);
            },
            "$/system/libcuda.so.1",
            "an empty file: start the container anew with --gpus all"));
  }

  private interface Damage {
    byte[] of(byte[] sound);
  }

  private static Named<Kind> damaged(String name, Damage damage, String said) {
    return kind(
        "cuDNN: " + name,
        CUDNN,
        m -> m.damage("system/libcudnn.so.9", damage),
        "$/system/libcudnn.so.9",
        said,
        REPAIR);
  }

  private static Named<Kind> architecture(String name, Damage damage, String said) {
    return kind(
        "cuBLAS: " + name,
        CUBLAS,
        m -> {
          m.sound(CUBLAS, "system/libcublas.so.12");
          m.file("system/libcublas.so.12", damage.of(TinyLibrary.bytes(CUBLAS.functions())));
        },
        "$/system/libcublas.so.12",
        said,
        "name or install the one for x86-64; pip install nvidia-cublas-cu12");
  }

  private static void parts(List<Named<Kind>> kinds) {
    kinds.add(kind("no cuDNN", CUDNN, m -> {}, "no libcudnn.so.9 in $/system", PIP));
    kinds.add(
        kind(
            "cuDNN 8",
            CUDNN,
            m -> m.file("system/libcudnn.so.8", new byte[1]),
            "$/system/libcudnn.so.9",
            "libcudnn.so.8 lies there, of another version",
            PIP));
    for (String part : CUDNN.binaries().getFirst().companions()) {
      kinds.add(
          kind(
              "no " + part,
              CUDNN,
              m -> {
                m.sound(CUDNN, "system/libcudnn.so.9");
                Files.delete(m.folder.resolve("system/" + part));
              },
              "beside $/system/libcudnn.so.9 there is no " + part,
              REPAIR));
      kinds.add(
          kind(
              part + " cut short",
              CUDNN,
              m -> {
                m.sound(CUDNN, "system/libcudnn.so.9");
                m.file("system/" + part, Arrays.copyOf(TinyLibrary.bytes(List.of()), 90));
              },
              "$/system/libcudnn.so.9",
              part + " is cut short, after 90 of",
              REPAIR));
    }
    kinds.add(
        kind(
            "another library under cuDNN's name",
            CUDNN,
            m -> m.damage("system/libcudnn.so.9", b -> TinyLibrary.bytes(List.of("cudnnCreate"))),
            "$/system/libcudnn.so.9",
            "without the function cudnnGetVersion, cudnnBackendExecute, cudnnRNNForward",
            PIP));
    kinds.add(
        kind(
            "no cuBLAS",
            CUBLAS,
            m -> {},
            "no libcublas.so.13 or libcublas.so.12 in $/system",
            "pip install nvidia-cublas-cu12"));
    kinds.add(
        kind(
            "no cuBLASLt",
            CUBLAS,
            m -> {
              m.sound(CUBLAS, "system/libcublas.so.12");
              Files.delete(m.folder.resolve("system/libcublasLt.so.12"));
            },
            "beside $/system/libcublas.so.12 there is no libcublasLt.so.12",
            "pip install --force-reinstall nvidia-cublas-cu12"));
    kinds.add(
        kind(
            "cuBLAS 11",
            CUBLAS,
            m -> m.file("system/libcublas.so.11", new byte[1]),
            "$/system/libcublas.so.1",
            "libcublas.so.11 lies there, of another version",
            "pip install nvidia-cublas-cu12"));
    kinds.add(
        kind(
            "no jar of oneDNN",
            ONEDNN,
            m -> m.properties.put("sluice.library.onednn", m.folder + "/gone/libdnnl.so.3"),
            "sluice.library.onednn names $/gone/libdnnl.so.3",
            "name the file where it is"));
    kinds.add(
        kind(
            "oneDNN without its OpenMP",
            ONEDNN,
            m -> {
              m.sound(ONEDNN, "mine/libdnnl.so.3");
              Files.delete(m.folder.resolve("mine/libgomp.so.1"));
              m.properties.put("sluice.library.onednn", m.folder + "/mine/libdnnl.so.3");
            },
            "beside $/mine/libdnnl.so.3 there is no libgomp.so.1",
            "dnnl:3.11"));
  }

  private static void wishes(List<Named<Kind>> kinds) {
    kinds.add(
        kind(
            "a wish that is a relative path",
            CUDNN,
            m -> m.variables.put("SLUICE_LIBRARY_CUDNN", "lib/libcudnn.so.9"),
            "variable SLUICE_LIBRARY_CUDNN names lib/libcudnn.so.9, not an absolute path",
            "name it by its absolute path"));
    kinds.add(
        kind(
            "a wish that points nowhere, beside a sound library",
            CUDNN,
            m -> {
              m.sound(CUDNN, "system/libcudnn.so.9");
              m.properties.put("sluice.library.cudnn", m.folder + "/gone/libcudnn.so.9");
            },
            "property sluice.library.cudnn names $/gone/libcudnn.so.9, no such file",
            "name the file where it is; or leave it unset"));
    kinds.add(
        kind(
            "a wish that names the folder",
            CUDA,
            m ->
                m.variables.put(
                    "SLUICE_LIBRARY_CUDA",
                    Files.createDirectories(m.folder.resolve("lib")).toString()),
            "SLUICE_LIBRARY_CUDA names $/lib, not a file: name the file and not its folder"));
    kinds.add(
        kind(
            "a wish that is no path",
            CUDA,
            m -> m.properties.put("sluice.library.cuda", "/lib\0cuda"),
            "sluice.library.cuda names",
            "name it by its absolute path"));
    kinds.add(
        kind(
            "SLUICE_LIBRARIES of nonsense",
            CUDA,
            m -> m.variables.put("SLUICE_LIBRARIES", "yes"),
            "yes/libcuda.so.1 (sluice.libraries)",
            "is a list of folders, by absolute paths"));
    kinds.add(
        kind(
            "SLUICE_LIBRARIES names a folder that is not there",
            CUDNN,
            m -> m.variables.put("SLUICE_LIBRARIES", m.folder + "/gone"),
            "no libcudnn.so.9 in $/gone, $/system",
            PIP));
    kinds.add(
        kind(
            "SLUICE_SITE_PACKAGES is relative",
            CUDNN,
            m -> m.variables.put("SLUICE_SITE_PACKAGES", "venv"),
            "venv/nvidia/cudnn/lib/libcudnn.so.9 (site-packages)",
            "SLUICE_SITE_PACKAGES is a list of folders, by absolute paths"));
    kinds.add(
        kind(
            "two of them, both damaged",
            CUDNN,
            m -> {
              m.variables.put("SLUICE_LIBRARIES", m.folder + "/mine");
              m.damage("mine/libcudnn.so.9", b -> new byte[0]);
              m.damage("system/libcudnn.so.9", b -> new byte[0]);
            },
            "$/mine/libcudnn.so.9 (sluice.libraries) will not do: an empty file",
            REPAIR));
  }

  private static byte[] put(byte[] file, int at, int value) {
    file[at] = (byte) value;
    return file;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void isToldInOneParagraph(Kind kind) throws IOException {
    kind.breaking().of(this);
    var tried = search(kind.library());
    assertFalse(tried.getLast().chosen(), tried::toString);
    String paragraph = Diagnosis.of(kind.library(), tried, host);
    assertEquals(1, paragraph.lines().count(), paragraph);
    for (String said : kind.said()) {
      assertTrue(paragraph.contains(said.replace("$", folder.toString())), paragraph);
    }
  }

  @Test
  void whatIsUnreadableIsSaid() throws IOException {
    Path file = sound(CUDA, "system/libcuda.so.1");
    Files.setPosixFilePermissions(file, java.util.Set.of());
    if (Files.isReadable(file)) {
      System.out.println("skipped: an unreadable library, since this user may read everything");
      return;
    }
    assertTrue(
        Diagnosis.of(CUDA, search(CUDA), host)
            .endsWith("no permission to read it: let this user read it, chmod a+r " + file));
  }

  @Test
  void aDamagedFileIsPassedOverForASoundOne() throws IOException {
    variables.put("SLUICE_LIBRARIES", folder + "/mine");
    damage("mine/libcudnn.so.9", b -> Arrays.copyOf(b, 100));
    Path sound = sound(CUDNN, "system/libcudnn.so.9");
    var tried = search(CUDNN);
    assertEquals(2, tried.size());
    assertTrue(tried.getFirst().refused().startsWith("cut short"), tried::toString);
    assertEquals(sound.toString(), tried.getLast().file());
    assertTrue(tried.getLast().chosen(), tried::toString);
  }

  @Test
  void theMachineSaysWhatItHas() throws IOException {
    assertEquals(BARE, Host.of(folder, Map.of()));
    file("run/.containerenv", new byte[0]);
    file("dev/dxg", new byte[0]);
    file("sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n".getBytes());
    file("sys/bus/pci/devices/0000:01:00.0/class", "0x030200\n".getBytes());
    file(
        "proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.129.06  Thu May 12\n".getBytes());
    assertEquals(new Host(true, true, true, "470.129.06"), Host.of(folder, Map.of()));
    file(
        "proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release\n".getBytes());
    assertEquals("580.65.06", Host.of(folder, Map.of()).module());
  }

  private List<NativeLibraries.Candidate> search(NativeLibrary library) {
    properties.put("os.name", "Linux");
    properties.put("os.arch", "amd64");
    properties.put("user.home", folder.resolve("home").toString());
    return new LibrarySearch(properties::get, variables::get, List.of(folder.resolve("system")))
        .candidates(library, (asked, located) -> SharedObject.defect(asked, located.file()));
  }

  private Path sound(NativeLibrary library, String name) throws IOException {
    return TinyLibrary.write(library, folder.resolve(name));
  }

  private void damage(String name, Damage damage) throws IOException {
    file(name, damage.of(Files.readAllBytes(sound(CUDNN, name))));
  }

  private Path file(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, content);
  }

  private void link(String name, String to) throws IOException {
    Path link = folder.resolve(name);
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, Path.of(to));
  }
}
