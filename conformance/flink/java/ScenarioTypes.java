import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.flink.api.common.typeinfo.BasicTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple;
import org.apache.flink.api.java.typeutils.EitherTypeInfo;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.types.Either;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;

/** The types of scenarios, {@code tuple<string,list<long>>}: their serializers, and their values as JSON and in Java. */
final class ScenarioTypes {
    /** Heads of all types, without what is in angle brackets. */
    static final List<String> COMPOSITES = List.of("tuple", "list", "map", "row", "either");

    private static final Map<String, Type> SCALARS = new LinkedHashMap<>();

    static {
        scalar("boolean", Types.BOOLEAN, JsonNode::asBoolean, ScenarioJson.NODES::booleanNode);
        scalar("byte", Types.BYTE, node -> (byte) node.asInt(), n -> ScenarioJson.NODES.numberNode((int) n));
        scalar("short", Types.SHORT, node -> (short) node.asInt(), n -> ScenarioJson.NODES.numberNode((int) n));
        scalar("int", Types.INT, JsonNode::asInt, n -> ScenarioJson.NODES.numberNode((int) n));
        scalar("long", Types.LONG, node -> Long.parseLong(node.asText()), ScenarioTypes::text);
        scalar("float", Types.FLOAT, node -> Float.parseFloat(node.asText()), ScenarioJson::number);
        scalar("double", Types.DOUBLE, node -> Double.parseDouble(node.asText()), ScenarioJson::number);
        scalar("char", Types.CHAR, node -> ScenarioJson.string(node).charAt(0), c -> ScenarioJson.string(c.toString()));
        scalar("string", Types.STRING, ScenarioJson::string, ScenarioJson::string);
        TypeInformation<byte[]> bytes = bytesInfo();
        scalar("bytes", bytes, ScenarioJson::bytes, ScenarioJson::bytes);
        scalar("big-integer", Types.BIG_INT, node -> new BigInteger(node.asText()), ScenarioTypes::text);
        scalar("big-decimal", Types.BIG_DEC, node -> new BigDecimal(node.asText()), ScenarioTypes::text);
        scalar("instant", Types.INSTANT, ScenarioTypes::instant, ScenarioTypes::instant);
        scalar("local-date", Types.LOCAL_DATE, node -> LocalDate.parse(node.asText()), ScenarioTypes::text);
        scalar("local-time", Types.LOCAL_TIME, node -> LocalTime.parse(node.asText()), time -> text(time(time)));
        scalar("local-date-time", Types.LOCAL_DATE_TIME, node -> LocalDateTime.parse(node.asText()),
                both -> text(both.toLocalDate() + "T" + time(both.toLocalTime())));
        scalar("time-window", new WindowInfo(), ScenarioTypes::window, ScenarioTypes::window);
    }

    private ScenarioTypes() {}

    static Iterable<String> scalars() {
        return SCALARS.keySet();
    }

    /** A type: how Flink serializes it, and its values as JSON. A null is null in both. */
    static final class Type {
        final TypeInformation<Object> info;
        private final Function<JsonNode, Object> read;
        private final Function<Object, JsonNode> write;

        @SuppressWarnings("unchecked")
        Type(TypeInformation<?> info, Function<JsonNode, Object> read, Function<Object, JsonNode> write) {
            this.info = (TypeInformation<Object>) info;
            this.read = read;
            this.write = write;
        }

        Object read(JsonNode node) {
            return node == null || node.isNull() ? null : read.apply(node);
        }

        JsonNode write(Object value) {
            return value == null ? ScenarioJson.NODES.nullNode() : write.apply(value);
        }

        /** A new one, with the defaults of a job. */
        @SuppressWarnings("unchecked")
        TypeSerializer<Object> serializer() throws Exception {
            return (TypeSerializer<Object>) SerializersUser.serializer(info, SerializersUser.config());
        }
    }

    /** Throws for what is no type. */
    static Type parse(String text) {
        int open = text.indexOf('<');
        if (open < 0) {
            Type scalar = SCALARS.get(text);
            if (scalar == null) {
                throw new IllegalArgumentException("no type " + text);
            }
            return scalar;
        }
        List<Type> parts = new ArrayList<>();
        int depth = 0;
        int start = open + 1;
        for (int i = start; i < text.length(); i++) {
            char c = text.charAt(i);
            depth += c == '<' ? 1 : 0;
            if (depth == 0 && (c == ',' || c == '>')) {
                parts.add(parse(text.substring(start, i).trim()));
                start = i + 1;
            }
            depth -= c == '>' ? 1 : 0;
        }
        return composite(text.substring(0, open), parts);
    }

    private static Type composite(String head, List<Type> parts) {
        TypeInformation<?>[] infos = parts.stream().map(part -> part.info).toArray(TypeInformation[]::new);
        switch (head) {
            case "tuple":
                return new Type(Types.TUPLE(infos), node -> tuple(parts, node), value -> tuple(parts, (Tuple) value));
            case "list":
                return new Type(Types.LIST(infos[0]), node -> list(parts.get(0), node),
                        value -> list(parts.get(0), (Iterable<?>) value));
            case "map":
                return new Type(Types.MAP(infos[0], infos[1]), node -> map(parts, node), value -> map(parts, (Map<?, ?>) value));
            case "row":
                return new Type(Types.ROW(infos), node -> row(parts, node), value -> row(parts, (Row) value));
            case "either":
                return new Type(new EitherTypeInfo<>(infos[0], infos[1]), node -> either(parts, node),
                        value -> either(parts, (Either<?, ?>) value));
            default:
                throw new IllegalArgumentException("no type " + head);
        }
    }

    /** Elements as of state: an iterable, in its order. */
    static JsonNode list(Type element, Iterable<?> value) {
        List<JsonNode> elements = new ArrayList<>();
        value.forEach(one -> elements.add(element.write(one)));
        return ScenarioJson.array(elements);
    }

    private static List<Object> list(Type element, JsonNode node) {
        List<Object> elements = new ArrayList<>();
        node.forEach(one -> elements.add(element.read(one)));
        return elements;
    }

    private static Tuple tuple(List<Type> parts, JsonNode node) {
        Tuple tuple = Tuple.newInstance(parts.size());
        for (int i = 0; i < parts.size(); i++) {
            tuple.setField(parts.get(i).read(node.get(i)), i);
        }
        return tuple;
    }

    private static JsonNode tuple(List<Type> parts, Tuple value) {
        List<JsonNode> fields = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            fields.add(parts.get(i).write(value.getField(i)));
        }
        return ScenarioJson.array(fields);
    }

    private static Map<Object, Object> map(List<Type> parts, JsonNode node) {
        Map<Object, Object> map = new LinkedHashMap<>();
        node.forEach(entry -> map.put(parts.get(0).read(entry.get(0)), parts.get(1).read(entry.get(1))));
        return map;
    }

    private static JsonNode map(List<Type> parts, Map<?, ?> value) {
        List<JsonNode> entries = new ArrayList<>();
        value.forEach((key, mapped) ->
                entries.add(ScenarioJson.array(List.of(parts.get(0).write(key), parts.get(1).write(mapped)))));
        return ScenarioJson.array(entries);
    }

    private static Row row(List<Type> parts, JsonNode node) {
        Row row = new Row(parts.size());
        for (RowKind kind : RowKind.values()) {
            if (kind.shortString().equals(ScenarioJson.member(node, "kind").asText())) {
                row.setKind(kind);
            }
        }
        for (int i = 0; i < parts.size(); i++) {
            row.setField(i, parts.get(i).read(ScenarioJson.member(node, "fields").get(i)));
        }
        return row;
    }

    private static JsonNode row(List<Type> parts, Row value) {
        ObjectNode row = ScenarioJson.NODES.objectNode();
        List<JsonNode> fields = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            fields.add(parts.get(i).write(value.getField(i)));
        }
        row.put("kind", value.getKind().shortString());
        row.set("fields", ScenarioJson.array(fields));
        return row;
    }

    private static Either<?, ?> either(List<Type> parts, JsonNode node) {
        return node.has("left")
                ? Either.Left(parts.get(0).read(node.get("left")))
                : Either.Right(parts.get(1).read(ScenarioJson.member(node, "right")));
    }

    private static JsonNode either(List<Type> parts, Either<?, ?> value) {
        ObjectNode either = ScenarioJson.NODES.objectNode();
        either.set(value.isLeft() ? "left" : "right",
                value.isLeft() ? parts.get(0).write(value.left()) : parts.get(1).write(value.right()));
        return either;
    }

    @SuppressWarnings("unchecked")
    private static TypeInformation<byte[]> bytesInfo() {
        return (TypeInformation<byte[]>) Types.PRIMITIVE_ARRAY(Types.BYTE);
    }

    private static JsonNode text(Object value) {
        return ScenarioJson.NODES.textNode(value.toString());
    }

    /** With seconds, and with nine digits of nanoseconds or none. */
    private static String time(LocalTime time) {
        String nanos = time.getNano() == 0 ? "" : String.format(".%09d", time.getNano());
        return String.format("%02d:%02d:%02d", time.getHour(), time.getMinute(), time.getSecond()) + nanos;
    }

    private static Instant instant(JsonNode node) {
        long seconds = Long.parseLong(ScenarioJson.member(node, "seconds").asText());
        return Instant.ofEpochSecond(seconds, ScenarioJson.member(node, "nanos").asLong());
    }

    private static JsonNode instant(Instant instant) {
        ObjectNode node = ScenarioJson.NODES.objectNode();
        return node.put("seconds", String.valueOf(instant.getEpochSecond())).put("nanos", instant.getNano());
    }

    private static TimeWindow window(JsonNode node) {
        return new TimeWindow(Long.parseLong(ScenarioJson.member(node, "start").asText()),
                Long.parseLong(ScenarioJson.member(node, "end").asText()));
    }

    private static JsonNode window(TimeWindow window) {
        ObjectNode node = ScenarioJson.NODES.objectNode();
        return node.put("start", String.valueOf(window.getStart())).put("end", String.valueOf(window.getEnd()));
    }

    @SuppressWarnings("unchecked")
    private static <T> void scalar(
            String name, TypeInformation<T> info, Function<JsonNode, T> read, Function<T, ? extends JsonNode> write) {
        SCALARS.put(name, new Type(info, read::apply, value -> write.apply((T) value)));
    }

    /** Flink has a serializer of windows, but no type information. */
    private static final class WindowInfo extends BasicTypeInfo<TimeWindow> {
        private static final long serialVersionUID = 1;

        WindowInfo() {
            super(TimeWindow.class, new Class<?>[0], new TimeWindow.Serializer(), null);
        }
    }
}
