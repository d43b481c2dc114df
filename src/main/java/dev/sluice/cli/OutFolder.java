package dev.sluice.cli;

import dev.sluice.cli.RunFolder.Content;
import java.io.PrintWriter;
import java.nio.file.Path;

/**
 * Where a run is to write.
 *
 * @param asked for, or null
 * @param overwrite whether a run that is there may be replaced
 */
record OutFolder(Path asked, boolean overwrite) {
  /**
   * The folder that was asked for, or the first that is not taken.
   *
   * @param name of the run
   * @param out where to say what stands in the way
   */
  Path free(String name, PrintWriter out) {
    var usual = Path.of("out", name);
    if (asked != null || overwrite) {
      var path = asked == null ? usual : asked;
      require(path);
      return path;
    }
    var path = usual;
    for (int n = 2; RunFolder.content(path) != Content.NOTHING; n++) {
      if (RunFolder.content(path) == Content.STOPPED) {
        out.println(
            "%s holds a run that was stopped: ./sluice train --resume %s goes on"
                .formatted(path, path));
      }
      path = usual.resolveSibling(name + "-" + n);
    }
    return path;
  }

  /** Refuses a folder that holds a run, unless that may be replaced. */
  void require(Path path) {
    var content = RunFolder.content(path);
    if (content == Content.NOTHING || overwrite) {
      return;
    }
    boolean stopped = content == Content.STOPPED;
    throw new IllegalArgumentException(
        "%s holds a %s run; %s--overwrite replaces it, another --out keeps it"
            .formatted(
                path,
                stopped ? "stopped" : "finished",
                stopped ? "--resume " + path + " goes on with it, " : ""));
  }
}
