package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

import dev.sluice.NativeException;
import dev.sluice.bindings.onednn.dnnl_exec_arg_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A oneDNN primitive: immutable and good for all threads; what an execution changes (memory
 * objects, scratchpad) is each stream's own. An implementation that oneDNN calls {@code ref} is
 * refused: it is up to fourteen times too slow. So is one of sgemm, whose products a signal must
 * not interrupt: {@link OneDnn#sgemm} says why.
 */
final class Primitive implements AutoCloseable {
  /** The code of the {@link NativeException} that refuses. */
  static final int UNIMPLEMENTED = 3;

  /** The arguments of a {@link #matmul}. */
  static final int[] PRODUCT = {DNNL_ARG_SRC(), DNNL_ARG_WEIGHTS(), DNNL_ARG_DST()};

  private static final List<String> REFUSED = List.of("ref", "gemm", "x64:gemm");

  private final OneDnnEngine engine;
  private final MemorySegment description;
  private final MemorySegment primitive;
  private final String implementation;
  private final Map<Integer, Primitive> conversions = new HashMap<>();
  private volatile boolean closed;

  /**
   * @param description a primitive descriptor, owned from here on
   * @param given descriptors of arguments as callers have them, by id: what the primitive wants
   *     otherwise is converted before each run
   */
  Primitive(
      OneDnnEngine engine,
      MemorySegment description,
      String what,
      Map<Integer, MemorySegment> given) {
    this.engine = engine;
    this.description = description;
    try {
      this.implementation = implementation(description);
      if (REFUSED.stream().anyMatch(implementation::startsWith)) {
        throw new NativeException(
            what, UNIMPLEMENTED, "dnnl_unimplemented", "only the implementation " + implementation);
      }
      given.forEach(this::convert);
      this.primitive =
          OneDnn.create("dnnl_primitive_create", out -> dnnl_primitive_create(out, description));
    } catch (RuntimeException e) {
      conversions.values().forEach(Primitive::close);
      OneDnn.destroy(description, d -> dnnl_primitive_desc_destroy(d));
      throw e;
    }
  }

  private void convert(int argument, MemorySegment given) {
    var wanted = dnnl_primitive_desc_query_md(description, dnnl_query_exec_arg_md(), argument);
    if (dnnl_memory_desc_get_size(wanted) > 0 && dnnl_memory_desc_equal(wanted, given) == 0) {
      conversions.put(argument, reorder(engine, given, wanted));
    }
  }

  private static String implementation(MemorySegment description) {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocate(ValueLayout.ADDRESS);
      OneDnn.check(
          dnnl_primitive_desc_query(description, dnnl_query_impl_info_str(), 0, text),
          "dnnl_primitive_desc_query");
      return text.get(ValueLayout.ADDRESS, 0).reinterpret(256).getString(0);
    }
  }

  /** What is made, or null where oneDNN has no implementation worth having. */
  static Primitive orNull(Supplier<Primitive> make) {
    try {
      return make.get();
    } catch (NativeException e) {
      requireUnimplemented(e);
      return null;
    }
  }

  /** Goes on only where oneDNN has no implementation worth having. */
  static void requireUnimplemented(NativeException e) {
    if (e.code() != UNIMPLEMENTED) {
      throw e;
    }
  }

  MemorySegment description() {
    return description;
  }

  /** What oneDNN calls the implementation it chose. */
  String implementation() {
    return implementation;
  }

  /** The memory descriptor that belongs to an argument; lives as long as this. */
  MemorySegment descriptor(int query) {
    return OneDnn.part(
        "dnnl_primitive_desc_query_md", dnnl_primitive_desc_query_md(description, query, 0));
  }

  long bytes(int query) {
    return dnnl_memory_desc_get_size(descriptor(query));
  }

  private MemorySegment descriptorOf(int argument) {
    return OneDnn.part(
        "dnnl_primitive_desc_query_md",
        dnnl_primitive_desc_query_md(description, dnnl_query_exec_arg_md(), argument));
  }

  /** The memory objects of one stream, bound to new addresses for each execution. */
  static final class Execution implements AutoCloseable {
    private final Primitive primitive;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment arguments;
    private final MemorySegment[] memories;
    private final Execution[] conversions;
    private final long[] convertedBytes;
    private final long scratchBytes;

    Execution(Primitive primitive, int... ids) {
      this.primitive = primitive;
      this.memories = new MemorySegment[ids.length + 1];
      this.conversions = new Execution[ids.length];
      this.convertedBytes = new long[ids.length];
      this.arguments = dnnl_exec_arg_t.allocateArray(ids.length + 1, arena);
      try {
        this.scratchBytes = primitive.bytes(dnnl_query_scratchpad_md());
        bind(ids);
      } catch (RuntimeException e) {
        close();
        throw e;
      }
    }

    private void bind(int[] ids) {
      for (int i = 0; i <= ids.length; i++) {
        int id = i < ids.length ? ids[i] : DNNL_ARG_SCRATCHPAD();
        var descriptor =
            i < ids.length
                ? primitive.descriptorOf(id)
                : primitive.descriptor(dnnl_query_scratchpad_md());
        memories[i] =
            OneDnn.create(
                "dnnl_memory_create",
                out ->
                    dnnl_memory_create(
                        out, descriptor, primitive.engine.handle(), MemorySegment.NULL));
        var argument = dnnl_exec_arg_t.asSlice(arguments, i);
        dnnl_exec_arg_t.arg(argument, id);
        dnnl_exec_arg_t.memory(argument, memories[i]);
        var conversion = primitive.conversions.get(id);
        if (conversion != null) {
          conversions[i] = new Execution(conversion, DNNL_ARG_FROM(), DNNL_ARG_TO());
          convertedBytes[i] = Blocks.aligned(dnnl_memory_desc_get_size(descriptor));
        }
      }
    }

    /** Lets an argument, given by its place among the ids, lie at an address from now on. */
    void bind(int argument, long address) {
      if (argument < conversions.length && conversions[argument] != null) {
        conversions[argument].bind(0, address);
      } else {
        place(argument, address);
      }
    }

    private void place(int argument, long address) {
      OneDnn.check(
          dnnl_memory_set_data_handle(memories[argument], MemorySegment.ofAddress(address)),
          "dnnl_memory_set_data_handle");
    }

    /** Runs on what was bound. */
    void run(CpuStream stream) {
      convert(stream);
      place(memories.length - 1, stream.primitiveScratch(scratchBytes).address());
      OneDnn.check(
          dnnl_primitive_execute(primitive.primitive, stream.handle(), memories.length, arguments),
          "dnnl_primitive_execute");
    }

    private void convert(CpuStream stream) {
      long bytes = 0;
      for (long each : convertedBytes) {
        bytes += each;
      }
      long at = stream.conversionScratch(bytes).address();
      for (int i = 0; i < conversions.length; i++) {
        if (conversions[i] != null) {
          conversions[i].place(1, at);
          conversions[i].run(stream);
          place(i, at);
          at += convertedBytes[i];
        }
      }
    }

    @Override
    public void close() {
      for (var conversion : conversions) {
        if (conversion != null) {
          conversion.close();
        }
      }
      for (var memory : memories) {
        OneDnn.destroy(memory, m -> dnnl_memory_destroy(m));
      }
      arena.close();
    }
  }

  /**
   * A matrix product.
   *
   * @param add whether to what stands there
   * @param given as in the constructor
   */
  static Primitive matmul(
      OneDnnEngine engine,
      MemorySegment from,
      MemorySegment weights,
      MemorySegment to,
      boolean add,
      Map<Integer, MemorySegment> given) {
    var call = "dnnl_matmul_primitive_desc_create";
    try (var descriptors = new Descriptors()) {
      var attributes = descriptors.attributes(add);
      var made =
          OneDnn.create(
              call,
              out ->
                  dnnl_matmul_primitive_desc_create(
                      out, engine.handle(), from, weights, MemorySegment.NULL, to, attributes));
      return new Primitive(engine, made, call, given);
    }
  }

  /** A conversion between two layouts. */
  static Primitive reorder(OneDnnEngine engine, MemorySegment from, MemorySegment to) {
    var call = "dnnl_reorder_primitive_desc_create";
    try (var descriptors = new Descriptors()) {
      var attributes = descriptors.attributes(false);
      var made =
          OneDnn.create(
              call,
              out ->
                  dnnl_reorder_primitive_desc_create(
                      out, from, engine.handle(), to, engine.handle(), attributes));
      return new Primitive(engine, made, call, Map.of());
    }
  }

  boolean closed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    conversions.values().forEach(Primitive::close);
    OneDnn.destroy(primitive, p -> dnnl_primitive_destroy(p));
    OneDnn.destroy(description, d -> dnnl_primitive_desc_destroy(d));
  }
}
