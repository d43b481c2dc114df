package dev.sluice.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command line. It exits with 0 for success, 2 for wrong use, 1 for every other failure. */
@Command(
    name = "sluice",
    synopsisSubcommandLabel = "COMMAND",
    description = "Recurrent networks in Java: train one, let it predict, check it, measure it.",
    versionProvider = Main.Version.class,
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  ./sluice train                                trains on moving digits, about three"
          + " minutes",
      "  ./sluice predict --model out/moving-digits    draws what the model foresees",
      "  ./sluice verify                               checks every cell against PyTorch's numbers",
      "  ./sluice info                                 what runs on this machine, and why not",
      "  ./sluice train --help                         every option of a command",
      "",
      "Exit codes: 0 success, 1 failure, 2 wrong use, 130 ended by Ctrl-C."
    })
public final class Main implements Runnable {
  /** What the library logs is a line on its own, without time and place. */
  private static final String LOG_FORMAT = "java.util.logging.SimpleFormatter.format";

  /** In the order of the help. */
  private static final Map<String, Class<?>> COMMANDS = commands();

  @Spec CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of a failure.")
  boolean debug;

  Main() {}

  /**
   * Runs a command and ends the JVM.
   *
   * @param args as typed
   */
  public static void main(String[] args) {
    // Some languages have digits of their own, which no file that is written here may hold.
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    if (System.getProperty(LOG_FORMAT) == null) {
      System.setProperty(LOG_FORMAT, "%5$s%n");
    }
    var charset = Charset.forName(System.getProperty("stdout.encoding", "UTF-8"));
    var standard = new Standard();
    var out = new PrintWriter(standard, true, charset);
    var err = new PrintWriter(System.err, true, charset);
    int code = run(out, err, args);
    if (code == 0 && out.checkError() && !standard.ended()) {
      err.println("sluice: standard output: cannot be written: " + standard.failure.getMessage());
      code = 1;
    }
    System.exit(code);
  }

  /** Standard output. A PrintWriter goes on when it cannot write, and keeps no reason. */
  private static final class Standard extends FileOutputStream {
    private IOException failure;

    Standard() {
      super(FileDescriptor.out);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      try {
        super.write(bytes, from, count);
      } catch (IOException e) {
        failure = e;
        throw e;
      }
    }

    /** Whether whoever reads has enough, as head does. */
    boolean ended() {
      return "Broken pipe".equals(failure.getMessage());
    }
  }

  /** Runs a command; its exit code. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    var main = new Main();
    var line = new CommandLine(main);
    addCommands(line, args);
    line.setOut(out).setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(false).setUsageHelpWidth(100);
    line.setParameterExceptionHandler((e, typed) -> Failure.of(e).print(err, main.debug));
    line.setExecutionExceptionHandler(
        (e, command, parsed) -> Failure.of(command, e).print(err, main.debug));
    try {
      return line.execute(args);
    } catch (OutOfMemoryError | StackOverflowError | LinkageError e) {
      return Failure.of(line, e).print(err, main.debug);
    } finally {
      out.flush();
      err.flush();
    }
  }

  private static Map<String, Class<?>> commands() {
    return Stream.of(
            TrainCommand.class,
            PredictCommand.class,
            SummaryCommand.class,
            InfoCommand.class,
            DoctorCommand.class,
            VerifyCommand.class,
            BenchCommand.class,
            ExperimentCommand.class,
            HelloCommand.class,
            SoakCommand.class,
            BundleCommand.class,
            SideCommand.class)
        .collect(
            Collectors.toMap(
                command -> command.getAnnotation(Command.class).name(),
                command -> command,
                (one, other) -> one,
                LinkedHashMap::new));
  }

  /** Reading the options of all commands takes longer than a short command: one is enough. */
  private static void addCommands(CommandLine line, String... args) {
    var asked = args.length == 0 ? null : COMMANDS.get(args[0]);
    (asked == null ? COMMANDS.values() : List.of(asked)).forEach(line::addSubcommand);
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "expected a command: "
            + spec.subcommands().values().stream()
                .map(CommandLine::getCommandSpec)
                .filter(command -> !command.usageMessage().hidden())
                .map(CommandSpec::name)
                .collect(Collectors.joining(", "))
            + "; ./sluice --help says what they do");
  }

  /** Says which Sluice and which Java this is. */
  static final class Version implements IVersionProvider {
    static String number() {
      var module = Main.class.getModule().getDescriptor();
      return module == null ? "(development)" : module.rawVersion().orElse("(development)");
    }

    @Override
    public String[] getVersion() {
      return new String[] {
        "sluice " + number(),
        String.format(
            Locale.ROOT,
            "Java %s, %s %s",
            Runtime.version(),
            System.getProperty("os.name"),
            System.getProperty("os.arch"))
      };
    }
  }
}
