package dev.sluice.cli.tasks;

import dev.sluice.DeviceArena;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Pass;
import dev.sluice.train.Adam;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a network learns, whatever it learns.
 *
 * @param optimiser {@code adam} or {@code adamw}
 * @param rate the highest learning rate
 * @param schedule {@code cosine} or {@code constant}
 * @param warmUp steps
 * @param clip the norm of all gradients together, 0 for no limit
 * @param seed of weights and of the order of training examples
 * @param batch examples a step
 * @param validate the share of the training examples that is held out, 0 for none
 * @param patience validations without a better one after which the run ends, 0 for no end
 * @param recompute steps of a sequence that are computed again at once on the way back, {@code
 *     sqrt} for the root of their number, 0 to keep all
 */
public record Recipe(
    String optimiser,
    double rate,
    String schedule,
    int warmUp,
    double clip,
    long seed,
    int batch,
    double validate,
    int patience,
    String recompute) {

  Recipe(
      String optimiser,
      double rate,
      String schedule,
      int warmUp,
      double clip,
      long seed,
      int batch,
      double validate,
      int patience) {
    this(optimiser, rate, schedule, warmUp, clip, seed, batch, validate, patience, "0");
  }

  /** Checks each. */
  public Recipe {
    boolean known = schedule.equals("cosine") || schedule.equals("constant");
    require(known, "--schedule", "cosine or constant", schedule);
    boolean adam = optimiser.equals("adam") || optimiser.equals("adamw");
    require(adam, "--optimiser", "adam or adamw", optimiser);
    require(rate > 0 && rate <= 1, "--rate", "a rate above 0 and up to 1", rate);
    require(clip >= 0 && clip < 1e30, "--clip", "a norm, or 0 for no limit", clip);
    require(warmUp >= 0, "--warm-up", "0 or more steps", warmUp);
    require(batch >= 1, "--batch", "1 or more sequences", batch);
    require(
        validate >= 0 && validate <= 0.9, "--validate", "a share of 0 to 0.9, 0.1 say", validate);
    require(patience >= 0, "--patience", "0 or more validations", patience);
    require(
        patience == 0 || validate > 0,
        "--patience",
        "--validate with it, as it counts validations",
        patience);
    segment(recompute);
  }

  /**
   * {@return how many steps {@link Pass#recomputing} does again at once}
   *
   * @param recompute {@code sqrt} or 0 or more
   */
  public static int segment(String recompute) {
    boolean number = recompute.matches("\\d{1,9}");
    require(
        number || recompute.equals("sqrt"), "--recompute", "sqrt or 0 or more steps", recompute);
    return number ? Integer.parseInt(recompute) : Pass.SQRT_OF_STEPS;
  }

  /**
   * Refuses a setting.
   *
   * @param met whether all is well
   * @param option its name
   * @param expected what should have come
   * @param got what came
   */
  public static void require(boolean met, String option, String expected, Object got) {
    if (!met) {
      throw new IllegalArgumentException(option + ": expected " + expected + ", got " + got);
    }
  }

  /**
   * {@return the recipe in settings}
   *
   * @param f settings with all of {@link #toMap}
   */
  public static Recipe of(Fields f) {
    return new Recipe(
        f.text("optimiser"),
        f.number("rate"),
        f.text("schedule"),
        f.small("warm_up"),
        f.number("clip"),
        f.whole("seed"),
        f.small("batch"),
        f.number("validate"),
        f.small("patience"),
        f.members().containsKey("recompute") ? f.members().get("recompute").toString() : "0");
  }

  /** {@return the settings by name} */
  public Map<String, Object> toMap() {
    var map = new LinkedHashMap<String, Object>();
    map.put("optimiser", optimiser);
    map.put("rate", rate);
    map.put("schedule", schedule);
    map.put("warm_up", (long) warmUp);
    map.put("clip", clip);
    map.put("seed", seed);
    map.put("batch", (long) batch);
    map.put("validate", validate);
    map.put("patience", (long) patience);
    map.put("recompute", recompute);
    return map;
  }

  /**
   * {@return a trainer before its first step}
   *
   * @param model to be trained
   * @param steps of the whole run
   * @param arena for the optimiser's state
   */
  public Trainer trainer(Layer model, long steps, DeviceArena arena) {
    var options = optimiser.equals("adamw") ? Adam.Options.ADAM_W : Adam.Options.DEFAULT;
    var adam = new Adam(model.parameters(), rate, options, arena);
    double norm = clip == 0 ? Double.POSITIVE_INFINITY : clip;
    return new Trainer(arena.device(), model, adam, rates(steps), norm, segment(recompute));
  }

  private Schedule rates(long steps) {
    var rates = schedule.equals("cosine") ? Schedule.cosine(rate, steps) : Schedule.constant(rate);
    return rates.warmUp(warmUp);
  }
}
