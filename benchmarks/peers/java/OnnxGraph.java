package dev.sluice.peers;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A model in the ONNX format, opset 17: as much of onnx.proto as recurrent cells need. */
final class OnnxGraph {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;

  private final Message graph = new Message();
  private int names;

  /** Adds an operator with one output; its name. An attribute is a name and an int or ints. */
  String node(String operator, List<String> inputs, Object... attributes) {
    return nodes(operator, inputs, 1, attributes).getFirst();
  }

  /** Adds an operator; the names of its outputs. */
  List<String> nodes(String operator, List<String> inputs, int outputs, Object... attributes) {
    var node = new Message();
    inputs.forEach(input -> node.text(1, input));
    var made = new ArrayList<String>();
    for (int i = 0; i < outputs; i++) {
      made.add("v" + names++);
      node.text(2, made.getLast());
    }
    node.text(4, operator);
    for (int i = 0; i < attributes.length; i += 2) {
      node.message(5, attribute((String) attributes[i], attributes[i + 1]));
    }
    graph.message(1, node);
    return made;
  }

  private static Message attribute(String name, Object value) {
    var attribute = new Message().text(1, name);
    return switch (value) {
      case Integer i -> attribute.number(3, i).number(20, 2);
      case String s -> attribute.text(4, s).number(20, 3);
      case int[] ints -> {
        for (int i : ints) {
          attribute.number(8, i);
        }
        yield attribute.number(20, 7);
      }
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** Adds numbers that stay; their name. */
  String constant(float[] values, int... dims) {
    var bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return tensor(FLOAT, bytes.array(), dims);
  }

  /** Adds a list of integers that stay; its name. */
  String ints(long... values) {
    var bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return tensor(INT64, bytes.array(), values.length);
  }

  private String tensor(int type, byte[] bytes, int... dims) {
    var name = "v" + names++;
    var tensor = new Message();
    for (int d : dims) {
      tensor.number(1, d);
    }
    graph.message(5, tensor.number(2, type).text(8, name).bytes(9, bytes));
    return name;
  }

  /** The model's file, with its one input and output. */
  byte[] model(String input, int[] inputShape, String output, int[] outputShape) {
    graph.text(2, "cells");
    graph.message(11, value(input, inputShape)).message(12, value(output, outputShape));
    var opset = new Message().text(1, "").number(2, 17);
    return new Message().number(1, 8).message(7, graph).message(8, opset).array();
  }

  private static Message value(String name, int[] shape) {
    var dims = new Message();
    for (int d : shape) {
      dims.message(1, new Message().number(1, d));
    }
    var tensor = new Message().number(1, FLOAT).message(2, dims);
    return new Message().text(1, name).message(2, new Message().message(1, tensor));
  }

  /** A protobuf message; fields by number. */
  private static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private void varint(long value) {
      while ((value & ~0x7fL) != 0) {
        out.write((int) (value & 0x7f | 0x80));
        value >>>= 7;
      }
      out.write((int) value);
    }

    Message number(int field, long value) {
      varint(field << 3);
      varint(value);
      return this;
    }

    Message bytes(int field, byte[] value) {
      varint(field << 3 | 2);
      varint(value.length);
      out.writeBytes(value);
      return this;
    }

    Message text(int field, String value) {
      return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return bytes(field, value.array());
    }

    byte[] array() {
      return out.toByteArray();
    }
  }
}
