package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Installations whose libraries load and do not work: copies of the simulator's, some replaced by
 * small ones that the C compiler makes here, each in a process of its own.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class DoctorTest {
  @TempDir Path folder;

  @BeforeEach
  void simulated() throws IOException {
    var simulator = System.getProperty("sluice.simulator", "");
    boolean there = !simulator.isEmpty() && Files.exists(Path.of(simulator, "libcuda.so.1"));
    if (!there) {
      System.out.println("skipped: DoctorTest, no simulated CUDA device in '" + simulator + "'");
    }
    assumeTrue(there);
    try (var libraries = Files.newDirectoryStream(Path.of(simulator), "lib*.so.*")) {
      for (var library : libraries) {
        Files.copy(library, folder.resolve(library.getFileName()));
      }
    }
  }

  @Test
  void aDriverThatDoesNotStartIsToldByItsStatus() throws Exception {
    var remedies =
        Map.of(
            "34", "the toolkit's stub",
            "46", "another process has taken the device",
            "100", "see that nvidia-smi lists one; a container needs --gpus all",
            "802", "systemctl start nvidia-fabricmanager",
            "803", "restart the machine after an update of the driver",
            "804", "the forward compatibility package",
            "999", "modprobe nvidia_uvm",
            "304", "see that nvidia-smi works as this user");
    var statuses = new ArrayList<>(remedies.keySet());
    var lines = reasons(Map.of(), statuses.toArray(String[]::new));
    assertEquals(statuses.size(), lines.size(), lines::toString);
    for (int i = 0; i < lines.size(); i++) {
      assertContains(
          lines.get(i), "the CUDA driver " + file("libcuda.so.1"), remedies.get(statuses.get(i)));
    }
  }

  @Test
  void anOldDriverIsToldWhatToBe() throws Exception {
    assertContains(
        reason(Map.of("SLUICE_SIMULATOR_DRIVER", "11040")),
        file("libcuda.so.1"),
        "for CUDA 11.4, and driver 525 (CUDA 12.0) or newer is needed: update the driver");
  }

  @Test
  void aMachineWithoutDevicesIsToldSo() throws Exception {
    assertContains(
        reason(Map.of("SLUICE_SIMULATOR_DEVICES", "0", "CUDA_VISIBLE_DEVICES", "7")),
        file("libcuda.so.1"),
        "shows no device, with CUDA_VISIBLE_DEVICES=7",
        "unset CUDA_VISIBLE_DEVICES");
  }

  @Test
  void aDeviceThatIsTooOldIsNamed() throws Exception {
    assertContains(
        reason(Map.of("SLUICE_SIMULATOR_CAPABILITY", "70")),
        "device 0 is Sluice simulator",
        "compute capability 7.0",
        "7.5 (Turing) or newer is needed");
  }

  @Test
  void aSoundInstallationGivesNoReason() throws Exception {
    assertEquals("", reason(Map.of()));
  }

  @Test
  void aCudnnOfCuda13NeedsANewerDriverOrTheOtherPackage() throws Exception {
    cudnn("-DCUDA=13000");
    assertContains(
        reason(Map.of("SLUICE_SIMULATOR_DRIVER", "12040")),
        "cuDNN " + file("libcudnn.so.9"),
        "built for CUDA 13",
        "is for CUDA 12.4: install driver 580 or newer, or pip install nvidia-cudnn-cu12");
  }

  @Test
  void aCudnnOfCuda13NeedsItsCublas() throws Exception {
    cudnn("-DCUDA=13000");
    assertContains(
        reason(Map.of()),
        file("libcublas.so.12"),
        "cuDNN is built for CUDA 13 and needs its cuBLAS",
        "pip install nvidia-cublas, the one for CUDA 13");
  }

  @Test
  void anOldCudnnUnderTheNameOfTheNewIsRefused() throws Exception {
    cudnn("-DVERSION=8907");
    assertContains(
        reason(Map.of()),
        file("libcudnn.so.9"),
        "is version 8.9.7, and 9 is needed: pip install nvidia-cudnn-cu13");
  }

  @Test
  void partsOfDifferentVersionsAreNamed() throws Exception {
    cudnn("-DOPS=1001");
    assertContains(
        reason(Map.of()),
        file("libcudnn.so.9"),
        "libcudnn_ops (status 1001)",
        "pip install --force-reinstall nvidia-cudnn-cu12");
  }

  @Test
  void aLibraryThatNeedsOneThatIsMissingSaysWhich() throws Exception {
    compile("int gone(void) { return 0; }", "libgone.so.1", "-Wl,-soname,libgone.so.1");
    cudnn("-Wl,--no-as-needed", folder.resolve("libgone.so.1").toString());
    Files.delete(folder.resolve("libgone.so.1"));
    assertContains(
        reason(Map.of()),
        file("libcudnn.so.9"),
        "libgone.so.1: cannot open shared object file",
        "install the system's package that has the library named here");
  }

  @Test
  void aPartThatIsCutShortDoesNotEndTheProcess() throws Exception {
    var part = folder.resolve("libcudnn_ops.so.9");
    Files.write(part, Arrays.copyOf(Files.readAllBytes(part), 5000));
    assertContains(
        reason(Map.of()),
        file("libcudnn.so.9"),
        "libcudnn_ops.so.9 is cut short, after 5000 of",
        "pip install --force-reinstall nvidia-cudnn-cu12");
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private static void assertContains(String paragraph, String... said) {
    for (var text : said) {
      assertTrue(paragraph.contains(text), () -> "expected " + text + " in: " + paragraph);
    }
  }

  /** Puts a cuDNN that only tells its versions in the place of the simulator's. */
  private void cudnn(String... options) throws Exception {
    compile(
        """
        #ifndef CUDA
        #define CUDA 12090
        #endif
        #ifndef VERSION
        #define VERSION 91900
        #endif
        #ifndef OPS
        #define OPS 0
        #endif
        unsigned long cudnnGetVersion(void) { return VERSION; }
        unsigned long cudnnGetCudartVersion(void) { return CUDA; }
        int cudnnGraphVersionCheck(void) { return 0; }
        int cudnnOpsVersionCheck(void) { return OPS; }
        int cudnnCnnVersionCheck(void) { return 0; }
        int cudnnAdvVersionCheck(void) { return 0; }
        int cudnnBackendExecute(void) { return 1; }
        int cudnnRNNForward(void) { return 1; }
        const char *cudnnGetErrorString(int status) { return "status 1001"; }
        """,
        "libcudnn.so.9",
        options);
  }

  private void compile(String source, String library, String... options) throws Exception {
    var command = new ArrayList<>(List.of("gcc", "-shared", "-fPIC", "-x", "c", "-"));
    command.addAll(List.of("-x", "none", "-o", file(library)));
    command.addAll(List.of(options));
    Process gcc;
    try {
      gcc = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      System.out.println("skipped: a test of DoctorTest, since no gcc makes its library: " + e);
      assumeTrue(false);
      return;
    }
    try (var in = gcc.getOutputStream()) {
      in.write(source.getBytes(StandardCharsets.UTF_8));
    }
    var said = new String(gcc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, gcc.waitFor(), said);
  }

  /** Of a process of its own: the only line it prints. */
  private String reason(Map<String, String> environment) throws Exception {
    var lines = reasons(environment);
    assertEquals(1, lines.size(), lines::toString);
    return lines.getFirst();
  }

  private List<String> reasons(Map<String, String> environment, String... statuses)
      throws Exception {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.add(
        System.getProperty("jdk.module.path", "")
            + ":"
            + System.getProperty("java.class.path")
            + ":"
            + folderOf(DoctorTest.class));
    command.add("-Dsluice.libraries=" + folder);
    command.add(DoctorProcess.class.getName());
    command.addAll(List.of(statuses));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("SLUICE_"));
    builder.environment().remove("CUDA_VISIBLE_DEVICES");
    builder.environment().putAll(environment);
    var process = builder.start();
    process.getOutputStream().close();
    var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said.lines().toList();
  }

  private static Path folderOf(Class<?> type) throws Exception {
    var source = type.getProtectionDomain().getCodeSource();
    // Tests that are patched into the module have the module's source; the folder lies beside it.
    var classes = Path.of(source.getLocation().toURI());
    var tests = classes.resolveSibling("test-classes");
    return Files.isDirectory(tests) ? tests : classes;
  }
}
