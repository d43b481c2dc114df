package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.FormatException;
import dev.sluice.Shape;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyTest {
  private static final String TWO = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

  @TempDir Path folder;

  @Test
  void writesWhatItReads() throws IOException {
    for (Shape shape :
        new Shape[] {Shape.of(), Shape.of(3), Shape.of(2, 0, 5), Shape.of(2, 3, 4)}) {
      var values = new float[(int) shape.elements()];
      Arrays.setAll(new double[values.length], i -> values[i] = (float) Math.sin(i) * 1e10f);
      Path file = Files.write(folder.resolve("a.npy"), Npy.bytes(new NpyArray(shape, values)));
      NpyArray back = Npy.read(file);
      assertEquals(shape, back.shape());
      assertArrayEquals(values, back.values());
    }
  }

  @Test
  void writesTheBytesThatNumPyWrites() {
    byte[] file = Npy.bytes(new NpyArray(Shape.of(2), new float[] {1, -2}));
    String head = new String(file, 10, 118, StandardCharsets.ISO_8859_1);
    assertEquals(128 + 8, file.length);
    assertArrayEquals(
        new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0}, Arrays.copyOf(file, 10));
    assertEquals(TWO + " ".repeat(117 - TWO.length()) + "\n", head);
    assertArrayEquals(
        new byte[] {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, (byte) 0xc0},
        Arrays.copyOfRange(file, 128, 136));
  }

  @ParameterizedTest
  @CsvSource({
    "<f4, 0000803f000000c0, 1, -2",
    "<f8, 000000000000f03f00000000000000c0, 1, -2",
    "|u1, 01fe, 1, 254",
    "<i2, 0100feff, 1, -2",
    "<i4, 01000000feffffff, 1, -2",
    "<i8, 0100000000000000feffffffffffffff, 1, -2"
  })
  void readsEachType(String descr, String hex, float first, float second) {
    byte[] data = java.util.HexFormat.of().parseHex(hex);
    assertArrayEquals(
        new float[] {first, second}, read(npy(1, TWO.replace("<f4", descr), data)).values());
  }

  @Test
  void readsEachVersionPlainAndPacked() throws IOException {
    for (int version = 1; version <= 3; version++) {
      byte[] file = npy(version, TWO, new byte[8]);
      assertEquals(Shape.of(2), read(file).shape());
      assertEquals(Shape.of(2), read(gzip(file)).shape());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<f4\"}",
        "  {'descr':'<f4','fortran_order':False,'shape':(2)}\n",
        "{'fortran_order': False, 'descr': '<f4', 'shape': ( 2 , ) , }"
      })
  void readsHeadersOfOtherWriters(String header) {
    assertEquals(Shape.of(2), read(npy(1, header, new byte[8])).shape());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }; got >f4",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }; got |O",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }; got [('a'",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }; Fortran order",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }; header",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2 2), }; shape that fits",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (,), }; shape that fits",
        "{'descr': '<f4', 'fortran_order': False, 'shape': '2', }; a .npy shape like",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }; that fits",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }; 2^63-1",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,), }; 2 GiB",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (600000000,), }; under 2 GiB",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (500000000,), }; got 8",
        "{'descr': '<f4', 'fortran_order': False, }; expected a .npy header with",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}; header with",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}; header with",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,) ; header with",
        "[]; header with"
      })
  void refusesWhatItCannotRead(String header, String part) {
    assertRefused(npy(1, header, new byte[8]), part);
  }

  @Test
  void refusesThirtyThreeAxes() {
    assertRefused(npy(1, TWO.replace("(2,)", "(" + "1,".repeat(33) + ")"), new byte[4]), "32 axes");
  }

  @Test
  void refusesTruncatedAndOverlongFiles() throws IOException {
    byte[] whole = npy(1, TWO, new byte[8]);
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThrows(FormatException.class, () -> read(part), "length " + length);
    }
    assertRefused(Arrays.copyOf(whole, whole.length - 1), "expected 8 bytes for [2], got 7");
    assertRefused(Arrays.copyOf(whole, whole.length + 1), "got more");
    byte[] packed = gzip(whole);
    assertRefused(Arrays.copyOf(packed, packed.length - 12), "end early");
    packed[14] ^= 0x55;
    packed[15] ^= 0x55;
    assertThrows(FormatException.class, () -> read(packed));
  }

  @Test
  void refusesForeignFilesAndVersions() {
    assertRefused("PK\3\4....".getBytes(StandardCharsets.ISO_8859_1), "starts with 93 NUMPY");
    assertRefused(npy(4, TWO, new byte[8]), "version 1.0, 2.0 or 3.0, got 4.0");
    byte[] huge = npy(2, TWO, new byte[8]);
    ByteBuffer.wrap(huge).order(ByteOrder.LITTLE_ENDIAN).putInt(8, -1);
    assertRefused(huge, "at most 10000 bytes, got 4294967295");
  }

  @Test
  void aMissingFileIsAnIoError() {
    assertThrows(UncheckedIOException.class, () -> Npy.read(folder.resolve("none.npy")));
  }

  @Test
  void anArrayHasOneValueAnElement() {
    assertThrows(IllegalArgumentException.class, () -> new NpyArray(Shape.of(2, 3), new float[5]));
  }

  private static void assertRefused(byte[] file, String part) {
    String message = assertThrows(FormatException.class, () -> read(file)).getMessage();
    assertTrue(message.startsWith("x.npy: expected") && message.contains(part), message);
    assertTrue(message.length() < 300, message);
  }

  @Test
  void namesTheFolderThatStandsForAFile(@TempDir Path folder) {
    var e = assertThrows(FormatException.class, () -> Npy.read(folder));
    assertEquals(folder + ": expected a .npy file, got a folder", e.getMessage());
  }

  private static NpyArray read(byte[] file) {
    return Npy.read(new ByteArrayInputStream(file), "x.npy");
  }

  private static byte[] npy(int version, String header, byte[] data) {
    int width = version == 1 ? 2 : 4;
    var out = ByteBuffer.allocate(8 + width + header.length() + data.length);
    out.order(ByteOrder.LITTLE_ENDIAN);
    out.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
    if (version == 1) {
      out.putShort((short) header.length());
    } else {
      out.putInt(header.length());
    }
    return out.put(header.getBytes(StandardCharsets.ISO_8859_1)).put(data).array();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }
}
