package dev.sluice.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.bindings.NativeLibraries.Candidate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibrarySearchTest {
  private static final LibrarySearch.Opening OPEN = (library, file) -> "";
  private static final LibrarySearch.Opening REFUSE = (library, file) -> "tried and left";

  @TempDir Path folder;
  private final Map<String, String> properties = new HashMap<>();
  private final Map<String, String> variables = new HashMap<>();

  @BeforeEach
  void linux() {
    properties.put("os.name", "Linux");
    properties.put("os.arch", "amd64");
    properties.put("user.home", folder.resolve("home").toString());
  }

  @Test
  void bundledJarComesBeforeSitePackagesAndSystem() throws IOException {
    file("system/libdnnl.so.3");
    file("system/libgomp.so.1");
    List<Candidate> candidates = search("system").candidates(NativeLibrary.ONEDNN, REFUSE);
    assertEquals(List.of("bundled jar", "system"), sources(candidates));
    assertEquals("tried and left", candidates.getFirst().refused());
    assertEquals("tried and left", candidates.getLast().refused());
  }

  @Test
  void bytesAreKnownOfTheBundledFileAlone() throws IOException {
    file("system/libdnnl.so.3");
    file("system/libgomp.so.1");
    var verified = new ArrayList<Boolean>();
    search("system")
        .candidates(
            NativeLibrary.ONEDNN,
            (library, located) -> {
              verified.add(located.verified());
              return "left";
            });
    assertEquals(List.of(true, false), verified);
  }

  @Test
  void sitePackagesComeBeforeSystemInTheirOwnOrder() throws IOException {
    file("b/nvidia/nccl/lib/libnccl.so.2");
    file("system/libnccl.so.2");
    properties.put("sluice.sitepackages", folder.resolve("a") + ":" + folder.resolve("b"));
    List<Candidate> candidates = search("system").candidates(NativeLibrary.NCCL, REFUSE);
    assertEquals(List.of("site-packages", "site-packages", "system"), sources(candidates));
    assertEquals("no such file", candidates.get(0).refused());
    assertEquals(
        folder.resolve("b/nvidia/nccl/lib/libnccl.so.2").toString(), candidates.get(1).file());
  }

  @Test
  void namedFoldersComeBeforeSitePackages() throws IOException {
    file("b/nvidia/nccl/lib/libnccl.so.2");
    properties.put("sluice.sitepackages", folder.resolve("b").toString());
    variables.put("SLUICE_LIBRARIES", folder.resolve("mine").toString());
    assertEquals(
        List.of("sluice.libraries", "site-packages"),
        sources(search("system").candidates(NativeLibrary.NCCL, OPEN)));
    file("mine/libnccl.so.2");
    assertEquals(
        List.of("sluice.libraries"),
        sources(search("system").candidates(NativeLibrary.NCCL, OPEN)));
  }

  @Test
  void thePackagesOfThePythonAroundThisProcessAreFound() throws IOException {
    file("venv/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9");
    variables.put("VIRTUAL_ENV", folder.resolve("venv").toString());
    assertEquals(
        folder
            .resolve("venv/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9")
            .toString(),
        first(NativeLibrary.CUDNN).file());
    variables.put("SLUICE_SITE_PACKAGES", folder.resolve("mine").toString());
    assertEquals(
        folder.resolve("mine/nvidia/cudnn/lib/libcudnn.so.9").toString(),
        first(NativeLibrary.CUDNN).file());
  }

  @Test
  void theSearchEndsAtTheFirstFileThatOpens() throws IOException {
    file("one/libnccl.so.2");
    file("two/libnccl.so.2");
    List<Candidate> candidates = search("none", "one", "two").candidates(NativeLibrary.NCCL, OPEN);
    assertEquals(2, candidates.size());
    assertFalse(candidates.get(0).chosen());
    assertTrue(candidates.get(1).chosen());
    assertEquals(folder.resolve("one/libnccl.so.2").toString(), candidates.get(1).file());
  }

  @Test
  void propertyComesBeforeVariable() throws IOException {
    properties.put("sluice.library.nccl", file("mine/libnccl.so.2").toString());
    variables.put("SLUICE_LIBRARY_NCCL", file("other/libnccl.so.2").toString());
    file("system/libnccl.so.2");
    List<Candidate> candidates = search("system").candidates(NativeLibrary.NCCL, OPEN);
    String mine = folder.resolve("mine/libnccl.so.2").toString();
    assertEquals(
        List.of(new Candidate("system property sluice.library.nccl", mine, "")), candidates);
  }

  @Test
  void aFileThatTheUserNamedIsNeverReplacedByAnother() throws IOException {
    variables.put("SLUICE_LIBRARY_NCCL", folder.resolve("gone/libnccl.so.2").toString());
    file("system/libnccl.so.2");
    List<Candidate> candidates = search("system").candidates(NativeLibrary.NCCL, OPEN);
    assertEquals(List.of("environment variable SLUICE_LIBRARY_NCCL"), sources(candidates));
    assertEquals("no such file", candidates.getFirst().refused());
  }

  @Test
  void emptyPropertyAndVariableCountAsUnset() throws IOException {
    properties.put("sluice.library.nccl", "");
    variables.put("SLUICE_LIBRARY_NCCL", "");
    variables.put("SLUICE_SITE_PACKAGES", "");
    file("system/libnccl.so.2");
    List<Candidate> candidates = search("system").candidates(NativeLibrary.NCCL, OPEN);
    assertEquals(List.of("system"), sources(candidates));
    assertTrue(candidates.getLast().chosen());
  }

  @Test
  void relativePathsAreRefusedWhereverTheyComeFrom() {
    properties.put("sluice.library.cuda", "libcuda.so.1");
    variables.put("SLUICE_SITE_PACKAGES", "venv/site-packages");
    properties.put("sluice.cache", "cache");
    assertEquals("not an absolute path", first(NativeLibrary.CUDA).refused());
    assertEquals("not an absolute path", first(NativeLibrary.NCCL).refused());
    assertEquals("not an absolute path", first(NativeLibrary.ONEDNN).refused());
  }

  @Test
  void aPathThatIsNoneIsRefused() {
    properties.put("sluice.library.cuda", "/lib\0cuda");
    assertTrue(first(NativeLibrary.CUDA).refused().startsWith("not a path"));
  }

  @Test
  void aFolderIsRefused() throws IOException {
    properties.put("sluice.library.cuda", Files.createDirectory(folder.resolve("d")).toString());
    assertEquals("not a file", first(NativeLibrary.CUDA).refused());
  }

  @Test
  void missingCompanionsAreNamed() throws IOException {
    List<String> companions = NativeLibrary.CUDNN.binaries().getFirst().companions();
    for (String companion : companions) {
      file("lib/" + companion);
    }
    Path library = file("lib/libcudnn.so.9");
    properties.put("sluice.library.cudnn", library.toString());
    assertTrue(first(NativeLibrary.CUDNN).chosen());

    for (String companion : companions) {
      Files.delete(library.resolveSibling(companion));
      String refused = first(NativeLibrary.CUDNN).refused();
      assertEquals("beside %s there is no %s".formatted(library.toRealPath(), companion), refused);
      file("lib/" + companion);
    }
  }

  @Test
  void companionsLieBesideTheRealFileAndNotBesideALink() throws IOException {
    Path real = file("real/libdnnl.so.3.11");
    file("real/libgomp.so.1");
    Path link = Files.createDirectory(folder.resolve("links")).resolve("libdnnl.so.3");
    Files.createSymbolicLink(link, real);
    properties.put("sluice.library.onednn", link.toString());
    assertTrue(first(NativeLibrary.ONEDNN).chosen());
    Files.move(real.resolveSibling("libgomp.so.1"), link.resolveSibling("libgomp.so.1"));
    assertTrue(first(NativeLibrary.ONEDNN).refused().endsWith("there is no libgomp.so.1"));
  }

  @Test
  void theCompanionHasTheVersionOfItsLibrary() throws IOException {
    properties.put("sluice.library.cublas", file("lib/libcublas.so.12.9.1").toString());
    file("lib/libcublasLt.so.13");
    assertTrue(first(NativeLibrary.CUBLAS).refused().endsWith("there is no libcublasLt.so.12"));
    file("lib/libcublasLt.so.12");
    assertTrue(first(NativeLibrary.CUBLAS).chosen());
  }

  @Test
  void anotherPlatformIsRefusedInOneSentence() {
    properties.put("os.arch", "aarch64");
    List<Candidate> candidates = search("system").candidates(NativeLibrary.ONEDNN, OPEN);
    assertEquals(1, candidates.size());
    assertEquals(
        "the natives are for Linux on amd64, and this is Linux aarch64",
        candidates.getFirst().refused());
  }

  @Test
  void theCacheIsWhereTheUserSaysOrInTheUsersOwnCache() {
    String end = "/natives/a8948803c5718bac/libdnnl.so.3";
    assertEquals(folder + "/home/.cache/sluice" + end, first(NativeLibrary.ONEDNN).file());
    variables.put("XDG_CACHE_HOME", "relative-does-not-count");
    assertEquals(folder + "/home/.cache/sluice" + end, first(NativeLibrary.ONEDNN).file());
    variables.put("XDG_CACHE_HOME", folder + "/xdg");
    assertEquals(folder + "/xdg/sluice" + end, first(NativeLibrary.ONEDNN).file());
    properties.put("sluice.cache", folder + "/mine");
    assertEquals(folder + "/mine" + end, first(NativeLibrary.ONEDNN).file());
  }

  @Test
  void theMessageNamesEveryCandidateItsReasonAndTheWayOut() {
    List<Candidate> tried = search("one", "two").candidates(NativeLibrary.CUDA, OPEN);
    String message = NativeLibraries.unavailable(NativeLibrary.CUDA, tried);
    assertEquals(
        """
        no usable file for the CUDA driver:
          %1$s/one/libcuda.so.1 (system): no such file
          %1$s/two/libcuda.so.1 (system): no such file
        it comes with NVIDIA's driver, 525 or newer, and with nothing else: install that, or start the \
        container with the NVIDIA container toolkit (--gpus all)
        name one by -Dsluice.library.cuda=/absolute/path or by SLUICE_LIBRARY_CUDA in the environment\
        """
            .formatted(folder),
        message);
  }

  private Candidate first(NativeLibrary library) {
    return search("system").candidates(library, OPEN).getFirst();
  }

  private LibrarySearch search(String... systemFolders) {
    return new LibrarySearch(
        properties::get,
        variables::get,
        List.of(systemFolders).stream().map(folder::resolve).toList());
  }

  private static List<String> sources(List<Candidate> candidates) {
    return candidates.stream().map(Candidate::source).toList();
  }

  private Path file(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, name);
  }
}
