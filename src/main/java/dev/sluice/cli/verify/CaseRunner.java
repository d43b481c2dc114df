package dev.sluice.cli.verify;

/** Runs the cases of one kind. */
interface CaseRunner {
  /**
   * {@return whether this runner heeds a key of a case's config, or knows it as a mere description}
   * A case with any other key is skipped, since it may ask for another function.
   */
  boolean knows(String key);

  /**
   * Runs a case and hands every output, gradient and number to the trip.
   *
   * @throws NotSupported if the case asks for something that the library does not have
   */
  void run(Trip trip);
}
