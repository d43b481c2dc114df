package dev.sluice.cli.verify;

import dev.sluice.nn.Patch;
import java.util.Arrays;
import java.util.Set;

/** Frames cut into patches, and put together again. */
final class PatchRunner implements CaseRunner {
  /** [B, T, C, H, W] in the case, [B, T, H, W, C] in the library. */
  private static final Axes CHANNELS_LAST = new Axes(0, 1, 3, 4, 2);

  @Override
  public boolean knows(String key) {
    return Set.of("B", "T", "C", "H", "W", "patch", "layout", "note").contains(key);
  }

  @Override
  public void run(Trip trip) {
    trip.config().require("layout", "BTCHW");
    var patch = new Patch(trip.config().integer("patch"));
    var frames = trip.constant("in.x", CHANNELS_LAST);
    var patches = patch.split(trip.pass(), frames);
    trip.output("y", CHANNELS_LAST, patches);
    double[] joined = patch.join(trip.pass(), patches).doubles();
    if (!Arrays.equals(joined, frames.doubles())) {
      trip.judge().failure("patches put together again are not the frames");
    }
  }
}
