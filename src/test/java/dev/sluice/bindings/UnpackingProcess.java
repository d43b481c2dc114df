package dev.sluice.bindings;

import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A process that unpacks into one cache after the other while others do the same. */
final class UnpackingProcess {
  private UnpackingProcess() {}

  /** Says when it is ready, starts when its input ends, and says when all was intact. */
  public static void main(String[] args) throws Exception {
    Path jar = Path.of(URI.create(args[0]));
    byte[] expected = Files.readAllBytes(jar.resolve("lib/libfake.so"));
    var piece = new BundledNatives.Piece("libfake.so", Integer.parseInt(args[2]), args[1]);
    System.out.print('>');
    System.out.flush();
    System.in.read();
    for (int i = 0; i < 20; i++) {
      Path cache = Path.of(args[3], "round" + i);
      var bundle = new BundledNatives(new FolderLoader(jar), "lib", List.of(piece), cache);
      if (!Arrays.equals(expected, Files.readAllBytes(bundle.unpack()))) {
        throw new AssertionError("not intact in " + cache);
      }
    }
    System.out.print("intact in 20 caches");
  }

  /** Finds resources in a folder. */
  static class FolderLoader extends ClassLoader {
    private final Path root;

    FolderLoader(Path root) {
      super(null);
      this.root = root;
    }

    @Override
    protected URL findResource(String name) {
      try {
        Path file = root.resolve(name);
        return Files.exists(file) ? file.toUri().toURL() : null;
      } catch (MalformedURLException e) {
        throw new AssertionError(e);
      }
    }
  }
}
