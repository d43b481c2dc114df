package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {
  private Device device;
  private DeviceArena arena;

  @BeforeEach
  void open() {
    device = Device.open("cpu");
    arena = device.arena("the test's");
  }

  @AfterEach
  void close() {
    arena.close();
    device.close();
  }

  private static String refusal(Executable call) {
    return assertThrows(IllegalArgumentException.class, call).getMessage();
  }

  private Tensor counting() {
    return arena.tensor(Shape.of(3, 2), new float[] {0, 1, 2, 3, 4, 5});
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64", "FLOAT16"})
  void valuesComeBack(DType type) {
    var values = new float[] {0, -0.0f, 1.5f, -2.25f, 65504, Float.NaN, Float.NEGATIVE_INFINITY};
    var tensor = arena.empty(type, Shape.of(7)).set(values);
    assertArrayEquals(values, tensor.floats());
    var wide = new double[] {0, -0.0, 1.5, -2.25, 65504, Double.NaN, Double.NEGATIVE_INFINITY};
    assertArrayEquals(wide, tensor.doubles());
    assertArrayEquals(wide, arena.empty(type, Shape.of(7)).set(wide).doubles());
  }

  @Test
  void valuesRoundToTheType() {
    double third = 1.0 / 3;
    var wide = arena.empty(DType.FLOAT64, Shape.of(1)).set(new double[] {third});
    assertEquals(third, wide.doubles()[0]);
    assertEquals((float) third, wide.floats()[0]);
    var half = arena.empty(DType.FLOAT16, Shape.of(2)).set((float) third, 1e6f);
    assertArrayEquals(new float[] {0.33325195f, Float.POSITIVE_INFINITY}, half.floats());
  }

  @Test
  void integersComeBack() {
    var values = new int[] {0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE};
    assertArrayEquals(values, arena.empty(DType.INT32, Shape.of(4)).set(values).ints());
  }

  @ParameterizedTest
  @EnumSource
  void zerosAreZero(DType type) {
    arena.empty(type, Shape.of(1000)).memory().fill((byte) 0x55);
    var zeros = arena.zeros(type, Shape.of(1000));
    assertEquals(-1, zeros.memory().mismatch(MemorySegment.ofArray(new byte[1000 * type.bytes()])));
  }

  @Test
  void readsIntoThePlaceGiven() {
    var into = new float[] {9, 9, 9, 9, 9};
    counting().read(into, 1, 3);
    assertArrayEquals(new float[] {9, 0, 1, 2, 9}, into);
    assertThrows(IndexOutOfBoundsException.class, () -> counting().read(into, 3, 3));
    assertThrows(IndexOutOfBoundsException.class, () -> counting().read(new float[9], 0, 7));
  }

  @Test
  void refusesWrongCounts() {
    var tensor = counting();
    assertEquals(
        "set: expected 6 values for [3, 2], got 5", refusal(() -> tensor.set(new float[5])));
    assertEquals(
        "set: expected 6 values for [3, 2], got 7", refusal(() -> tensor.set(new double[7])));
    assertEquals("set: expected 6 values for [3, 2], got 0", refusal(tensor::set));
    var tokens = arena.empty(DType.INT32, Shape.of(2));
    assertEquals("set: expected 2 values for [2], got 3", refusal(() -> tokens.set(new int[3])));
    assertEquals(
        "set: expected 4 values for [2, 2], got 3",
        refusal(() -> arena.tensor(Shape.of(2, 2), new float[3])));
    assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, tensor.floats());
  }

  @Test
  void refusesWrongTypes() {
    var tokens = arena.empty(DType.INT32, Shape.of(2));
    String floating = "expected a tensor of FLOAT32, FLOAT64 or FLOAT16, got INT32 [2]";
    assertEquals("set(float...): " + floating, refusal(() -> tokens.set(1, 2f)));
    assertEquals("set(float...): " + floating, refusal(() -> tokens.set(new double[2])));
    assertEquals("floats(): " + floating, refusal(tokens::floats));
    assertEquals("floats(): " + floating, refusal(tokens::doubles));
    assertEquals(
        "set(int[]): expected a tensor of INT32, got FLOAT32 [3, 2]",
        refusal(() -> counting().set(new int[6])));
    assertEquals(
        "ints(): expected a tensor of INT32, got FLOAT32 [3, 2]", refusal(counting()::ints));
  }

  @Test
  void viewsShareTheMemory() {
    var whole = counting();
    assertArrayEquals(new float[] {2, 3, 4, 5}, whole.slice(1, 3).floats());
    assertEquals(Shape.of(2, 2), whole.slice(1, 3).shape());
    assertEquals(Shape.of(0, 2), whole.slice(3, 3).shape());
    assertArrayEquals(new float[0], whole.slice(1, 1).floats());
    assertEquals(Shape.of(2), whole.at(1).shape());
    assertArrayEquals(new float[] {3}, whole.at(1).at(1).floats());
    whole.at(2).reshape(Shape.of(2, 1)).slice(1, 2).set(7);
    assertArrayEquals(new float[] {0, 1, 2, 3, 4, 7}, whole.floats());
    assertSame(whole, whole.at(2).reshape(Shape.of(2, 1)).base());
    assertSame(whole, whole.base());
  }

  @Test
  void refusesViewsThatReachOut() {
    var whole = counting();
    assertThrows(IndexOutOfBoundsException.class, () -> whole.slice(2, 4));
    assertThrows(IndexOutOfBoundsException.class, () -> whole.slice(2, 1));
    assertThrows(IndexOutOfBoundsException.class, () -> whole.slice(-1, 1));
    assertThrows(IndexOutOfBoundsException.class, () -> whole.at(3));
    assertThrows(IndexOutOfBoundsException.class, () -> whole.at(-1));
    assertThrows(IllegalArgumentException.class, () -> whole.at(0).at(0).slice(0, 1));
    assertEquals(
        "reshape: expected 6 elements as in [3, 2], got [4]",
        refusal(() -> whole.reshape(Shape.of(4))));
  }

  @Test
  void theSameViewOfAnotherTensor() {
    var whole = counting();
    var other = arena.tensor(Shape.of(6), new float[] {10, 11, 12, 13, 14, 15});
    assertSame(other, whole.viewOf(other));
    assertArrayEquals(new float[] {12, 13}, whole.at(1).viewOf(other).floats());
    var wide = arena.zeros(DType.FLOAT64, Shape.of(3, 2)).set(other.doubles());
    assertArrayEquals(new double[] {14, 15}, whole.at(2).viewOf(wide).doubles());
    assertArrayEquals(new float[] {4, 5}, wide.at(2).viewOf(whole).floats(), "from wide to narrow");
    assertArrayEquals(new float[] {14}, whole.slice(1, 3).at(1).slice(0, 1).viewOf(other).floats());
    assertEquals(
        "viewOf: expected a tensor of 6 elements as in [3, 2], got [5]",
        refusal(() -> whole.at(0).viewOf(arena.tensor(5))));
  }

  @Test
  void emptyTensorsAreFine() {
    var empty = arena.tensor(0, 4);
    assertEquals(0, empty.bytes());
    assertEquals(0, empty.set().floats().length);
    assertEquals(0, empty.doubles().length);
    assertEquals(0, arena.empty(DType.INT32, Shape.of(0)).set(new int[0]).ints().length);
  }

  @Test
  void aScalarHasOneElement() {
    var scalar = arena.tensor(Shape.of(), new float[] {4});
    assertArrayEquals(new float[] {4}, scalar.floats());
    assertEquals("FLOAT32 []", scalar.toString());
  }

  @Test
  void endsWithItsArena() {
    var tensor = counting();
    var view = tensor.at(1);
    arena.close();
    for (Executable use :
        new Executable[] {
          tensor::floats,
          tensor::doubles,
          tensor::memory,
          view::floats,
          () -> view.set(1, 2),
          () -> tensor.set(new double[6])
        }) {
      var e = assertThrows(IllegalStateException.class, use);
      assertEquals(
          "tensor of the test's: expected an open arena, but it is closed", e.getMessage());
    }
    assertTrue(tensor.toString().contains("[3, 2]"), "what it was can still be asked");
  }
}
