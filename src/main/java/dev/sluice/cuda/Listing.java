package dev.sluice.cuda;

import java.util.List;

/** Tasks one behind the other. */
record Listing(List<Task> tasks) implements Task {
  @Override
  public void enqueue() {
    tasks.forEach(Task::enqueue);
  }

  @Override
  public Task mark() {
    return new Listing(tasks.stream().map(Task::mark).toList());
  }
}
