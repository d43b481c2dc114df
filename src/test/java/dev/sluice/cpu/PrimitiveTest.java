package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.MathMode;
import dev.sluice.NativeException;
import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;
import dev.sluice.spi.ConvSpec;
import org.junit.jupiter.api.Test;

class PrimitiveTest {
  /** oneDNN has nothing but its reference for frames that go from one layout into the other. */
  @Test
  void refusesTheReferenceImplementation() {
    NativeLibraries.load(NativeLibrary.ONEDNN);
    var engine = OneDnnEngine.open(MathMode.EXACT);
    var spec = new ConvSpec(DType.FLOAT32, 1, 4, 4, 17, 16, 3, 3, false);
    try (var mixed = new ConvPrimitives(engine, spec, Layout.CHANNELS_LAST, Layout.BLOCKS_OF_16)) {
      var e = assertThrows(NativeException.class, () -> mixed.forward(false, false, false, null));
      assertEquals(Primitive.UNIMPLEMENTED, e.code());
      assertEquals("dnnl_unimplemented", e.status());
      assertTrue(e.getMessage().contains("only the implementation ref"), e.getMessage());
      assertTrue(e.getMessage().contains(spec.toString()), e.getMessage());
    }
    try (var plain = new ConvPrimitives(engine, spec, Layout.CHANNELS_LAST, Layout.CHANNELS_LAST)) {
      var chosen = plain.forward(false, false, false, null).implementation();
      assertFalse(chosen.isEmpty() || chosen.startsWith("ref"), chosen);
    }
    engine.close();
  }
}
