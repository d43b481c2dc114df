package dev.sluice.cli.tasks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** The files of a trained model. */
public final class ModelFolder {
  /** What is needed to build the network and to use it. */
  public static final String CONFIG = "config.json";

  /** The parameters, by PyTorch's names. */
  public static final String WEIGHTS = "model.safetensors";

  /** The member of config.json that holds the settings of the training. */
  public static final String TRAINING = "training";

  /** The seeds of several runs in folders below. */
  public static final String SEEDS = "seeds.json";

  private ModelFolder() {}

  /**
   * {@return the content of config.json}
   *
   * @param folder of a model
   */
  public static Fields config(Path folder) {
    if (Files.exists(folder.resolve(SEEDS)) && Files.notExists(folder.resolve(CONFIG))) {
      throw new IllegalArgumentException(
          "%s: expected one model, but there are runs of several seeds; name one of them: %s"
              .formatted(folder, seeds(folder)));
    }
    return Fields.read(folder.resolve(CONFIG));
  }

  /**
   * {@return the folder of one seed's run}
   *
   * @param folder of several seeds
   * @param seed one of them
   */
  public static Path ofSeed(Path folder, long seed) {
    return folder.resolve("seed-" + seed);
  }

  private static String seeds(Path folder) {
    return Fields.read(folder.resolve(SEEDS)).longs("seeds").stream()
        .map(seed -> ofSeed(folder, seed).toString())
        .collect(Collectors.joining(", "));
  }
}
