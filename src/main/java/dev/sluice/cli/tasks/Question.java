package dev.sluice.cli.tasks;

import dev.sluice.Device;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/**
 * What predict was asked; what was not said is null.
 *
 * @param model the folder of a trained model
 * @param config the content of its config.json
 * @param input a file
 * @param column of the file
 * @param out where to write
 * @param ahead how far to look
 * @param index of the first example
 * @param texts typed by the user; may be empty
 * @param device opens the device to run on
 * @param answer where to print
 */
public record Question(
    Path model,
    Fields config,
    Path input,
    String column,
    Path out,
    Integer ahead,
    Long index,
    List<String> texts,
    Supplier<Device> device,
    PrintWriter answer) {

  /** {@return the settings that the model was trained with} */
  public Fields settings() {
    return config.object(ModelFolder.TRAINING);
  }

  /**
   * {@return the folder to write to, made if need be: --out, or {@code predicted} in the model's}
   */
  Path folder() {
    var folder = out == null ? model.resolve("predicted") : out;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw FileFailure.of(folder, "cannot be made", e);
    }
    return folder;
  }
}
