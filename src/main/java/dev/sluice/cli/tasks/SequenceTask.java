package dev.sluice.cli.tasks;

import dev.sluice.DeviceArena;
import java.nio.file.Path;
import java.util.List;

/** A task for recurrent layers, one on the other. */
abstract class SequenceTask implements Task {
  private final String name;
  private final List<String> headline;

  SequenceTask(String name, List<String> headline) {
    this.name = name;
    this.headline = headline;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final List<String> models() {
    return SequenceStack.CELLS;
  }

  @Override
  public final List<String> headline() {
    return headline;
  }

  @Override
  public final String summary(Path folder, DeviceArena arena) {
    return SequenceStack.load(folder, ModelFolder.config(folder), arena).summary();
  }
}
