package dev.sluice.cuda;

/**
 * Something that a stream is given. Equal to another that does the same to the same addresses, by
 * which work that comes again is known.
 */
interface Task {
  /** Hands it to the device. */
  void enqueue();

  /** {@return an equal one that holds on to nothing} */
  default Task mark() {
    return this;
  }
}
