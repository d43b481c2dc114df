package dev.sluice.cli.verify;

import dev.sluice.train.ReverseSampling;
import dev.sluice.train.ScheduledSampling;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Schedules of scheduled sampling at the iterations of {@code in.iterations}. Their numbers stand
 * in the config's sentences, as {@code k=4000}.
 */
final class SchedulesRunner implements CaseRunner {
  private static final String NUMBER = "(\\d[\\d_.]*(?:e[+-]?\\d+)?)";

  @Override
  public boolean knows(String key) {
    return Set.of(
            "iterations", "linear", "exponential", "inverse_sigmoid", "predrnn", "rss", "note")
        .contains(key);
  }

  @Override
  public void run(Trip trip) {
    var config = trip.config();
    for (var name : trip.subject().names("exp.")) {
      var schedule = schedule(name, config);
      if (schedule == null) {
        trip.judge().gap(name + ": no schedule of that name");
      } else {
        var iterations = trip.subject().ints("in.iterations");
        var got = Arrays.stream(iterations).mapToDouble(schedule::probability).toArray();
        trip.judge().output(name, got);
      }
    }
  }

  private static ScheduledSampling schedule(String name, Config config) {
    return switch (name) {
      case "exp.linear" ->
          ScheduledSampling.linear(
              number(config, "linear", "k0="),
              number(config, "linear", " c="),
              number(config, "linear", "e_min="));
      case "exp.exponential" -> ScheduledSampling.exponential(number(config, "exponential", "k="));
      case "exp.inverse_sigmoid" ->
          ScheduledSampling.inverseSigmoid(number(config, "inverse_sigmoid", "k="));
      case "exp.predrnn_eta" ->
          ScheduledSampling.predRnn(
              number(config, "predrnn", "decremented by "),
              (long) number(config, "predrnn", "itr < "));
      case "exp.rss_r_eta" -> reverse(config)::given;
      case "exp.rss_eta" -> reverse(config)::forecast;
      default -> null;
    };
  }

  private static ReverseSampling reverse(Config config) {
    return new ReverseSampling(
        (long) number(config, "rss", "step1="),
        (long) number(config, "rss", "step2="),
        number(config, "rss", "alpha="));
  }

  private static double number(Config config, String key, String before) {
    var sentence = config.text(key, "");
    var matcher = Pattern.compile(Pattern.quote(before) + NUMBER).matcher(sentence);
    if (!matcher.find()) {
      throw new NotSupported(
          "config." + key + ": expected a number after \"" + before + "\", got " + sentence);
    }
    return Double.parseDouble(matcher.group(1));
  }
}
