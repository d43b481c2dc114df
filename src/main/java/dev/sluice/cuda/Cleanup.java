package dev.sluice.cuda;

/**
 * Ends several things, each whatever becomes of the others, and throws what the first one threw.
 */
final class Cleanup {
  private RuntimeException first;

  void run(Runnable end) {
    try {
      end.run();
    } catch (RuntimeException e) {
      if (first == null) {
        first = e;
      } else {
        first.addSuppressed(e);
      }
    }
  }

  void done() {
    if (first != null) {
      throw first;
    }
  }
}
