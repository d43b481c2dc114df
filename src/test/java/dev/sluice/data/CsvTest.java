package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {
  @TempDir Path folder;

  @Test
  void readsQuotesCommasAndLineEndsInsideOfQuotes() throws IOException {
    Csv csv = read("\ufeffa,\"b \"\"x\"\"\",c\r\n1,\"2,\n\n3\",\"\"\r\n4,5,\"6\"\r\n");
    assertEquals(List.of("a", "b \"x\"", "c"), csv.header());
    assertEquals(List.of(List.of("1", "2,\n\n3", ""), List.of("4", "5", "6")), csv.records());
    assertArrayEquals(new int[] {2, 5}, csv.lines());
  }

  @Test
  void readsNumbersAndGaps() throws IOException {
    Csv csv = read("t, value \n1, 2.5\n\n2,\n3,NaN\n4,-1e3\n5,NA");
    double gap = Double.NaN;
    assertArrayEquals(new double[] {2.5, gap, gap, -1000, gap}, csv.numbers("value"));
    assertArrayEquals(new double[] {1, gap, 3}, read("x\n1\n\n3\n").numbers("x"));
  }

  @Test
  void refusesWhatIsNoTable() throws IOException {
    Refusals.file("at least one record, got no record", () -> read(""));
    Refusals.file("got no record", () -> read("a,b\n"));
    Refusals.file(
        "line 3: expected 2 fields like the header, got 3", () -> read("a,b\n1,2\n1,2,3"));
    Refusals.file("line 2: expected a closing quote", () -> read("a\n\"1\n2\n"));
  }

  @Test
  void namesTheNearestColumnsAndTheWrongLine() throws IOException {
    Csv csv = read("time,level,temp\n1,2,x\n3,inf,5\n");
    Refusals.file(
        "column: expected one of level, time, temp, got levle", () -> csv.numbers("levle"));
    Refusals.file("line 2: expected a number in column temp, got x", () -> csv.numbers("temp"));
    Refusals.file(
        "column: expected one column a, got several", () -> read("a,b, a\n1,2,3\n").index("a"));
    Refusals.file("line 3: expected a number in column level, got inf", () -> csv.numbers("level"));
  }

  @Test
  void refusesMixedEncodingsByLine() throws IOException {
    Path latin = folder.resolve("latin");
    Files.writeString(latin, "a\n1\nn\u00e9\n", Charset.forName("ISO-8859-1"));
    Refusals.file("line 3: expected UTF-8 text, got the byte e9", () -> Csv.read(latin));
    Path wide = folder.resolve("wide");
    Files.writeString(wide, "\ufeffa\n1\n", StandardCharsets.UTF_16BE);
    Refusals.file("line 1: expected UTF-8 text, got the byte fe", () -> Csv.read(wide));
  }

  private Csv read(String text) throws IOException {
    return Csv.read(Files.writeString(folder.resolve("x.csv"), text));
  }
}
