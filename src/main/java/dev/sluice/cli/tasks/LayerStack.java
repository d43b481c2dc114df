package dev.sluice.cli.tasks;

import dev.sluice.DeviceArena;
import dev.sluice.data.Nearest;
import dev.sluice.nn.Activation;
import dev.sluice.nn.Block;
import dev.sluice.nn.RecurrentBlock;
import dev.sluice.nn.Sequential;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Layers as one types them: {@code embedding:2800,32 lstm:32 dense:256,relu dense:1,sigmoid}.
 *
 * @param words one a layer, {@code input:T,C} or {@code input:C} first where it is no embedding
 */
public record LayerStack(List<String> words) {
  private static final List<String> LAYERS =
      List.of(
          "input",
          "embedding",
          "rnn",
          "lstm",
          "gru",
          "gru-before",
          "dense",
          "dropout",
          "flatten",
          "each");
  private static final List<String> OPTIONS = List.of("sequences", "bidirectional", "two-biases");
  private static final int MOST = 1 << 24;

  /** Copies the list. */
  public LayerStack {
    words = List.copyOf(words);
  }

  /** One word, taken apart. */
  private record Word(String text, String layer, List<String> values) {
    static Word of(String text) {
      int colon = text.indexOf(':');
      String layer = colon < 0 ? text : text.substring(0, colon);
      var values =
          colon < 0 ? List.<String>of() : List.of(text.substring(colon + 1).split(",", -1));
      if (!LAYERS.contains(layer)) {
        throw new IllegalArgumentException(
            "layer " + text + ": " + Nearest.expected(layer, LAYERS));
      }
      return new Word(text, layer, values);
    }

    IllegalArgumentException wrong(String expected) {
      return new IllegalArgumentException("layer " + text + ": expected " + expected);
    }

    int size(int index, String form) {
      return (int) number(index, form, Integer::parseInt, 1, MOST);
    }

    double number(
        int index, String form, ToDoubleFunction<String> parse, double least, double most) {
      try {
        double number = parse.applyAsDouble(index < values.size() ? values.get(index) : "");
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException e) {
        // The sentence below says it all.
      }
      throw wrong(form);
    }

    void require(int most, String form) {
      if (values.size() > most) {
        throw wrong(form);
      }
    }
  }

  /**
   * {@return the model}
   *
   * @param arena where its parameters live
   */
  public Sequential build(DeviceArena arena) {
    var input = new ArrayList<Long>();
    var blocks = new ArrayList<Block>();
    for (int i = 0; i < words.size(); i++) {
      var word = Word.of(words.get(i));
      if (!word.layer.equals("input")) {
        blocks.add(block(word));
      } else if (i == 0) {
        input.addAll(input(word));
      } else {
        throw word.wrong("it to be the first");
      }
    }
    if (blocks.isEmpty()) {
      throw new IllegalArgumentException("expected a layer behind " + String.join(" ", words));
    }
    var first = Word.of(words.getFirst());
    if (input.isEmpty() && !first.layer.equals("embedding")) {
      throw first.wrong("input:C, input:T,C or embedding:V,C before it");
    }
    var builder = Sequential.of(blocks.toArray(Block[]::new));
    if (!input.isEmpty()) {
      builder = builder.input(input.stream().mapToLong(Long::longValue).toArray());
    }
    return builder.build(Weights.random(1), arena);
  }

  private static List<Long> input(Word word) {
    String form = "input:C, input:T,C or input:any,C, sizes of 1 to 2^24";
    word.require(2, form);
    if (word.values.size() == 1) {
      return List.of((long) word.size(0, form));
    }
    boolean any = !word.values.isEmpty() && word.values.getFirst().equals("any");
    return List.of(any ? Sequential.ANY : word.size(0, form), (long) word.size(1, form));
  }

  private static Block block(Word word) {
    return switch (word.layer) {
      case "embedding" -> embedding(word);
      case "dense" -> dense(word);
      case "dropout" -> dropout(word);
      case "flatten" -> flatten(word);
      case "each" -> Block.timeDistributed(block(Word.of(String.join(",", word.values))));
      default -> recurrent(word);
    };
  }

  private static Block embedding(Word word) {
    String form = "embedding:V,C, words and numbers for each, 1 to 2^24";
    word.require(2, form);
    return Block.embedding(word.size(0, form), word.size(1, form));
  }

  private static Block dense(Word word) {
    var names = Arrays.stream(Activation.values()).map(LayerStack::lower).toList();
    String form = "dense:K or dense:K,NAME, K of 1 to 2^24, NAME of " + String.join(", ", names);
    word.require(2, form);
    int units = word.size(0, form);
    if (word.values.size() == 1) {
      return Block.dense(units);
    }
    int activation = names.indexOf(word.values.get(1));
    if (activation < 0) {
      throw word.wrong(form);
    }
    return Block.dense(units, Activation.values()[activation]);
  }

  private static String lower(Activation activation) {
    return activation.name().toLowerCase(Locale.ROOT);
  }

  private static Block dropout(Word word) {
    String form = "dropout:P, a share of 0 to 0.99";
    word.require(1, form);
    return Block.dropout(word.number(0, form, Double::parseDouble, 0, 0.99));
  }

  private static Block flatten(Word word) {
    word.require(0, "flatten, nothing behind it");
    return Block.flatten();
  }

  private static Block recurrent(Word word) {
    String form =
        "%s:H, H of 1 to 2^24, and any of %s".formatted(word.layer, String.join(", ", OPTIONS));
    int units = word.size(0, form);
    RecurrentBlock block =
        switch (word.layer) {
          case "rnn" -> Block.simpleRnn(units);
          case "lstm" -> Block.lstm(units);
          case "gru" -> Block.gru(units);
          default -> Block.gruResetBefore(units);
        };
    for (String option : word.values.subList(1, word.values.size())) {
      block =
          switch (option) {
            case "sequences" -> block.sequences();
            case "bidirectional" -> block.bidirectional();
            case "two-biases" -> block.with(builder -> builder.kerasBiases(false));
            default -> throw word.wrong(form);
          };
    }
    return block;
  }
}
