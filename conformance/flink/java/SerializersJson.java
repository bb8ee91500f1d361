import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.java.tuple.Tuple;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.types.BooleanValue;
import org.apache.flink.types.ByteValue;
import org.apache.flink.types.CharValue;
import org.apache.flink.types.DoubleValue;
import org.apache.flink.types.Either;
import org.apache.flink.types.FloatValue;
import org.apache.flink.types.IntValue;
import org.apache.flink.types.LongValue;
import org.apache.flink.types.NullValue;
import org.apache.flink.types.Row;
import org.apache.flink.types.ShortValue;
import org.apache.flink.types.StringValue;

/** The JSON form of values, as plain ASCII. */
final class SerializersJson {
    private SerializersJson() {}

    /** For values whose class tells the form. */
    static String of(Object value) throws Exception {
        if (value == null || value instanceof VoidNamespace || value instanceof NullValue) {
            return "null";
        }
        String scalar = scalar(value);
        if (scalar != null) {
            return scalar;
        }
        String time = time(value);
        if (time != null) {
            return time;
        }
        String wrapped = wrapped(value);
        if (wrapped != null) {
            return wrapped;
        }
        String compound = compound(value);
        if (compound != null) {
            return compound;
        }
        throw new IllegalArgumentException("no form for " + value.getClass());
    }

    private static String scalar(Object value) {
        if (value instanceof Boolean || value instanceof Byte || value instanceof Short || value instanceof Integer) {
            return value.toString();
        }
        if (value instanceof Float || value instanceof Double) {
            double number = ((Number) value).doubleValue();
            boolean finite = !Double.isNaN(number) && !Double.isInfinite(number);
            return finite ? value.toString() : text(value.toString());
        }
        if (value instanceof Long || value instanceof BigInteger || value instanceof BigDecimal) {
            return text(value.toString());
        }
        if (value instanceof Character || value instanceof String) {
            return text(value.toString());
        }
        if (value instanceof Enum) {
            return text(((Enum<?>) value).name());
        }
        return value instanceof byte[] ? text(hex((byte[]) value)) : null;
    }

    private static String time(Object value) {
        if (value instanceof java.sql.Timestamp) {
            java.sql.Timestamp timestamp = (java.sql.Timestamp) value;
            return object("millis", number(timestamp.getTime()), "nanos", "" + timestamp.getNanos());
        }
        if (value instanceof java.util.Date) {
            return number(((java.util.Date) value).getTime());
        }
        if (value instanceof Instant) {
            Instant instant = (Instant) value;
            return object("seconds", number(instant.getEpochSecond()), "nanos", "" + instant.getNano());
        }
        if (value instanceof LocalDate) {
            return text(value.toString());
        }
        if (value instanceof LocalTime) {
            return text(clock((LocalTime) value));
        }
        if (value instanceof LocalDateTime) {
            LocalDateTime both = (LocalDateTime) value;
            return text(both.toLocalDate() + "T" + clock(both.toLocalTime()));
        }
        return null;
    }

    private static String clock(LocalTime time) {
        String seconds = String.format("%02d:%02d:%02d", time.getHour(), time.getMinute(), time.getSecond());
        return time.getNano() == 0 ? seconds : seconds + String.format(".%09d", time.getNano());
    }

    /** Flink's own classes around a scalar. */
    private static String wrapped(Object value) {
        if (value instanceof BooleanValue) {
            return scalar(((BooleanValue) value).getValue());
        }
        if (value instanceof ByteValue) {
            return scalar(((ByteValue) value).getValue());
        }
        if (value instanceof ShortValue) {
            return scalar(((ShortValue) value).getValue());
        }
        if (value instanceof IntValue) {
            return scalar(((IntValue) value).getValue());
        }
        if (value instanceof LongValue) {
            return scalar(((LongValue) value).getValue());
        }
        if (value instanceof CharValue) {
            return scalar(((CharValue) value).getValue());
        }
        if (value instanceof FloatValue) {
            return scalar(((FloatValue) value).getValue());
        }
        if (value instanceof DoubleValue) {
            return scalar(((DoubleValue) value).getValue());
        }
        if (value instanceof StringValue || value instanceof StringData) {
            return text(value.toString());
        }
        if (value instanceof DecimalData) {
            return text(((DecimalData) value).toBigDecimal().toString());
        }
        if (value instanceof TimestampData) {
            TimestampData timestamp = (TimestampData) value;
            return object(
                    "millis", number(timestamp.getMillisecond()), "nanos", "" + timestamp.getNanoOfMillisecond());
        }
        return null;
    }

    private static String compound(Object value) throws Exception {
        if (value.getClass().isArray()) {
            List<Object> elements = new ArrayList<>();
            for (int i = 0; i < Array.getLength(value); i++) {
                elements.add(Array.get(value, i));
            }
            return array(elements, SerializersJson::of);
        }
        if (value instanceof Collection) {
            return array((Collection<?>) value, SerializersJson::of);
        }
        if (value instanceof Map) {
            return pairs((Map<?, ?>) value, SerializersJson::of, SerializersJson::of);
        }
        if (value instanceof Tuple) {
            Tuple tuple = (Tuple) value;
            List<Object> fields = new ArrayList<>();
            for (int i = 0; i < tuple.getArity(); i++) {
                fields.add(tuple.getField(i));
            }
            return array(fields, SerializersJson::of);
        }
        if (value instanceof Row) {
            Row row = (Row) value;
            List<Object> fields = new ArrayList<>();
            for (int i = 0; i < row.getArity(); i++) {
                fields.add(row.getField(i));
            }
            return row(row.getKind().shortString(), array(fields, SerializersJson::of));
        }
        if (value instanceof Either) {
            Either<?, ?> either = (Either<?, ?>) value;
            return either.isLeft() ? object("left", of(either.left())) : object("right", of(either.right()));
        }
        if (value instanceof org.apache.flink.streaming.api.windowing.windows.TimeWindow) {
            org.apache.flink.streaming.api.windowing.windows.TimeWindow window =
                    (org.apache.flink.streaming.api.windowing.windows.TimeWindow) value;
            return object("start", number(window.getStart()), "end", number(window.getEnd()));
        }
        return value instanceof SerializersUser.Pojo ? pojo(value, value.getClass()) : null;
    }

    /** The fields by name, those of superclasses included; with the class if it is not the declared one. */
    static String pojo(Object value, Class<?> declared) throws Exception {
        if (value == null) {
            return "null";
        }
        List<Field> fields = new ArrayList<>();
        for (Class<?> in = value.getClass(); in != Object.class; in = in.getSuperclass()) {
            for (Field field : in.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    fields.add(field);
                }
            }
        }
        fields.sort(Comparator.comparing(Field::getName));
        List<String> members = new ArrayList<>();
        if (value.getClass() != declared) {
            members.addAll(List.of("@class", text(value.getClass().getName())));
        }
        for (Field field : fields) {
            Object inside = field.get(value);
            boolean nested = SerializersUser.Pojo.class.isAssignableFrom(field.getType());
            members.addAll(List.of(field.getName(), nested ? pojo(inside, field.getType()) : of(inside)));
        }
        return object(members.toArray(new String[0]));
    }

    static String array(Iterable<?> elements, SerializersCase.Form form) throws Exception {
        List<String> inside = new ArrayList<>();
        for (Object element : elements) {
            inside.add(form.of(element));
        }
        return "[" + String.join(", ", inside) + "]";
    }

    static String pairs(Map<?, ?> map, SerializersCase.Form keys, SerializersCase.Form values) throws Exception {
        return array(
                map.entrySet(),
                entry ->
                        "[" + keys.of(((Map.Entry<?, ?>) entry).getKey()) + ", "
                                + values.of(((Map.Entry<?, ?>) entry).getValue()) + "]");
    }

    static String row(String kind, String fields) {
        return object("kind", text(kind), "fields", fields);
    }

    /** Names and values by turns. */
    static String object(String... members) {
        List<String> inside = new ArrayList<>();
        for (int i = 0; i < members.length; i += 2) {
            inside.add(text(members[i]) + ": " + members[i + 1]);
        }
        return "{" + String.join(", ", inside) + "}";
    }

    static String opaque(byte[] bytes) {
        return object("opaque", text(hex(bytes)));
    }

    /** A number that JSON readers might round. */
    static String number(long number) {
        return text(Long.toString(number));
    }

    /** JSON strings are Unicode: one with an unpaired surrogate has to be given by its units. */
    static String text(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            boolean pair =
                    i + 1 < text.length() && Character.isSurrogatePair(unit, text.charAt(i + 1))
                            || i > 0 && Character.isSurrogatePair(text.charAt(i - 1), unit);
            if (Character.isSurrogate(unit) && !pair) {
                return units(text);
            }
            if (unit == '"' || unit == '\\') {
                json.append('\\').append(unit);
            } else if (unit < 0x20 || unit > 0x7e) {
                json.append(String.format("\\u%04x", (int) unit));
            } else {
                json.append(unit);
            }
        }
        return json.append('"').toString();
    }

    private static String units(String text) {
        StringBuilder hex = new StringBuilder();
        text.chars().forEach(unit -> hex.append(String.format("%04x", unit)));
        return object("utf16", "\"" + hex + "\"");
    }

    static String hex(byte[] bytes) {
        StringBuilder hex = new StringBuilder();
        for (byte one : bytes) {
            hex.append(Character.forDigit(one >> 4 & 0xf, 16)).append(Character.forDigit(one & 0xf, 16));
        }
        return hex.toString();
    }
}
