package dev.sluice.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.EngineUnavailableException;
import dev.sluice.bindings.gomp.Gomp_h;
import dev.sluice.bindings.onednn.Dnnl_h;
import dev.sluice.bindings.onednn.dnnl_version_t;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
  @Test
  void loadsTheBundledOneDnnOnceAndCallsIt() {
    NativeLibraries.Found found = NativeLibraries.load(NativeLibrary.ONEDNN);
    assertSame(found, NativeLibraries.load(NativeLibrary.ONEDNN));
    var version = dnnl_version_t.reinterpret(Dnnl_h.dnnl_version(), Arena.global(), null);
    assertEquals(Dnnl_h.DNNL_VERSION_MAJOR(), dnnl_version_t.major(version));
    assertEquals(Dnnl_h.DNNL_VERSION_MINOR(), dnnl_version_t.minor(version));
    NativeLibraries.Candidate chosen = NativeLibraries.candidates(NativeLibrary.ONEDNN).getLast();
    assertTrue(chosen.chosen());
    assertEquals(found.source(), chosen.source());
  }

  @Test
  void theOpenMpRuntimeIsTheOneThatLiesBesideOneDnn() throws Exception {
    NativeLibraries.Found found = NativeLibraries.load(NativeLibrary.ONEDNN);
    int before = Gomp_h.omp_get_max_threads();
    Gomp_h.omp_set_num_threads(before + 1);
    assertEquals(before + 1, Gomp_h.omp_get_max_threads());
    Gomp_h.omp_set_num_threads(before);
    List<String> mapped =
        Files.readAllLines(Path.of("/proc/self/maps")).stream()
            .filter(line -> line.contains("/libgomp"))
            .map(line -> line.substring(line.indexOf('/')))
            .distinct()
            .toList();
    assertEquals(List.of(found.file().resolveSibling("libgomp.so.1").toString()), mapped);
  }

  @Test
  void aFileThatIsNoLibraryIsSaidWithItsReason(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("libnccl.so.2"), "no library");
    System.setProperty("sluice.library.nccl", file.toString());
    try {
      String message =
          assertThrows(
                  EngineUnavailableException.class, () -> NativeLibraries.load(NativeLibrary.NCCL))
              .getMessage();
      assertTrue(message.startsWith("no usable file for NCCL:\n  " + file), message);
      assertTrue(message.contains("not an ELF file"), message);
      List<NativeLibraries.Candidate> tried = NativeLibraries.candidates(NativeLibrary.NCCL);
      assertEquals(1, tried.size());
      assertTrue(tried.getFirst().refused().startsWith("not an ELF file"));
    } finally {
      System.clearProperty("sluice.library.nccl");
    }
  }
}
