package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.NativeException;
import dev.sluice.OutOfDeviceMemoryException;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Work that comes again, and what becomes of it where a graph cannot be had. */
@Simulated
class GraphsTest {
  private static final int REFUSED = 900;

  private Device cuda;
  private DeviceArena arena;
  private Stream stream;
  private Tensor x;

  @BeforeEach
  void open() {
    cuda = Simulator.open();
    arena = cuda.arena();
    stream = cuda.takeStream();
    x = arena.tensor(Shape.of(3), new float[] {1, 2, 3});
    // Loads the kernels.
    scale(1);
    Simulator.clear();
  }

  @AfterEach
  void close() {
    if (cuda != null) {
      cuda.giveBack(stream);
      arena.close();
      cuda.close();
      assertEquals("", Simulator.report());
      assertEquals("", Simulator.ledger());
    }
  }

  private void scale(double factor) {
    cuda.backend().kernel("scale").run(stream, new double[] {factor}, x);
  }

  /** Times 8, in three launches. */
  private void work() {
    stream.together(
        () -> {
          scale(2);
          scale(0.5);
          scale(8);
        });
  }

  private void times(int power) {
    float factor = (float) Math.pow(8, power);
    assertArrayEquals(new float[] {factor, 2 * factor, 3 * factor}, x.floats());
  }

  @Test
  void theSecondTimeIsCapturedAndTheThirdReplayed() {
    work();
    assertEquals(3, Simulator.calls("cuLaunchKernel"));
    assertEquals(0, Simulator.calls("cuStreamBeginCapture_v2"));
    work();
    assertEquals(1, Simulator.calls("cuStreamBeginCapture_v2"));
    Simulator.clear();
    work();
    assertEquals(1, Simulator.calls("cuGraphLaunch"));
    assertEquals(0, Simulator.calls("cuLaunchKernel"));
    times(3);
  }

  @Test
  void otherNumbersAreOtherWork() {
    for (double factor : new double[] {2, 4, 0.5, 0.25}) {
      stream.together(
          () -> {
            scale(factor);
            scale(1);
            scale(1);
          });
    }
    assertEquals(0, Simulator.calls("cuGraphLaunch"));
    times(0);
  }

  @ParameterizedTest
  @CsvSource({
    "cuStreamBeginCapture_v2, 1, 900",
    "cuLaunchKernel, 2, 906",
    "cuLaunchKernel, 1, 801",
    "cuStreamEndCapture, 1, 901",
    "cuStreamEndCapture, 1, 908",
    "cuGraphInstantiateWithFlags, 1, 801"
  })
  void aRefusedCaptureRunsAsItIsAndIsNotTriedAgain(String call, int at, int status) {
    work();
    long injected = Simulator.injected();
    Simulator.inject(call, at, status);
    work();
    assertEquals(injected + 1, Simulator.injected());
    long tried = Simulator.calls("cuStreamBeginCapture_v2");
    work();
    assertEquals(tried, Simulator.calls("cuStreamBeginCapture_v2"));
    assertEquals(0, Simulator.calls("cuGraphLaunch"));
    times(3);
  }

  /** cuDNN and cuBLAS only say that something failed; the driver knows that it was the capture. */
  @Test
  void aCaptureThatALibrarySpoiledIsRefused() {
    work();
    Simulator.inject("cuLaunchKernel", 2, 1);
    Simulator.inject("cuStreamEndCapture", 1, 901);
    work();
    work();
    assertEquals(0, Simulator.calls("cuGraphLaunch"));
    times(3);
  }

  /** As without a capture; and the next time is captured. */
  @Test
  void whatFailsInACaptureForItselfFails() {
    work();
    Simulator.inject("cuLaunchKernel", 2, 1);
    assertThrows(NativeException.class, this::work);
    Simulator.inject("cuGraphInstantiateWithFlags", 1, 2);
    assertThrows(OutOfDeviceMemoryException.class, this::work);
    times(1);
    work();
    work();
    assertEquals(2, Simulator.calls("cuGraphLaunch"));
    times(3);
  }

  /** The same failure without a capture is the caller's. */
  @Test
  void whatFailsPlainlyFails() {
    work();
    Simulator.inject("cuStreamBeginCapture_v2", 1, REFUSED);
    Simulator.inject("cuLaunchKernel", 1, 2);
    assertThrows(OutOfDeviceMemoryException.class, this::work);
    work();
    times(2);
  }

  @Test
  void whatIsKeptBackIsThereForWhoeverLooks() {
    stream.together(
        () -> {
          scale(8);
          scale(1);
          times(1);
          scale(8);
        });
    times(2);
  }

  /** The work of a call that fails is done as far as it came. */
  @Test
  void anExceptionWithinLeavesNothingBehind() {
    assertThrows(
        IllegalStateException.class,
        () ->
            stream.together(
                () -> {
                  scale(8);
                  throw new IllegalStateException("in the middle");
                }));
    times(1);
    work();
    times(2);
  }

  /** It parks in the middle of a capture, after which another thread may carry it. */
  @Test
  void aVirtualThreadMayCapture() throws InterruptedException {
    cuda.giveBack(stream);
    var failure = new AtomicReference<Throwable>();
    var thread =
        Thread.ofVirtual()
            .uncaughtExceptionHandler((t, e) -> failure.set(e))
            .start(
                () -> {
                  var own = (CudaStream) cuda.takeStream();
                  for (int i = 0; i < 3; i++) {
                    own.repeat(
                        "eight",
                        () -> {
                          for (double factor : new double[] {2, 0.5, 8}) {
                            cuda.backend().kernel("scale").run(own, new double[] {factor}, x);
                            park();
                          }
                        });
                  }
                  own.synchronize();
                  cuda.giveBack(own);
                });
    thread.join();
    stream = cuda.takeStream();
    assertNull(failure.get());
    assertEquals(2, Simulator.calls("cuGraphLaunch"));
    times(3);
  }

  private static void park() {
    try {
      Thread.sleep(2);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
