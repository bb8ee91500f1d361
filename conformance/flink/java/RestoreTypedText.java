import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.java.tuple.Tuple;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.types.Either;
import org.apache.flink.types.Row;

/** How values print: by their content alone, the same as in reference/examples/write_typed.rs. */
final class RestoreTypedText {
    private RestoreTypedText() {}

    /** The type is needed within SQL rows only. */
    static String of(Object value, LogicalType sql) {
        if (value instanceof RowData) {
            RowData row = (RowData) value;
            List<String> fields = new ArrayList<>();
            for (int i = 0; i < row.getArity(); i++) {
                LogicalType type = sql.getChildren().get(i);
                fields.add(of(RowData.createFieldGetter(type, i).getFieldOrNull(row), type));
            }
            return row.getRowKind().shortString() + "(" + String.join(", ", fields) + ")";
        }
        if (value instanceof ArrayData) {
            return elements((ArrayData) value, sql.getChildren().get(0)).toString();
        }
        if (value instanceof MapData) {
            // The counts of a multiset are no child of its type.
            List<LogicalType> types = sql.getChildren();
            List<String> keys = elements(((MapData) value).keyArray(), types.get(0));
            List<String> values =
                    elements(((MapData) value).valueArray(), types.size() > 1 ? types.get(1) : new IntType(false));
            List<String> entries = new ArrayList<>();
            for (int i = 0; i < keys.size(); i++) {
                entries.add(keys.get(i) + "=" + values.get(i));
            }
            return entries.stream().sorted().collect(Collectors.joining(", ", "{", "}"));
        }
        return of(value);
    }

    private static List<String> elements(ArrayData array, LogicalType type) {
        List<String> elements = new ArrayList<>();
        ArrayData.ElementGetter getter = ArrayData.createElementGetter(type);
        for (int i = 0; i < array.size(); i++) {
            elements.add(of(getter.getElementOrNull(array, i), type));
        }
        return elements;
    }

    static String of(Object value) {
        if (value == null || value instanceof Boolean || value instanceof Enum) {
            return String.valueOf(value);
        }
        if (value instanceof Float) {
            return "f" + Integer.toHexString(Float.floatToRawIntBits((Float) value));
        }
        if (value instanceof Double) {
            return "d" + Long.toHexString(Double.doubleToRawLongBits((Double) value));
        }
        if (value instanceof BigDecimal) {
            return ((BigDecimal) value).unscaledValue() + ":" + ((BigDecimal) value).scale();
        }
        if (value instanceof Number) {
            return value.toString();
        }
        if (value instanceof String || value instanceof StringData) {
            return "\"" + value + "\"";
        }
        if (value instanceof DecimalData) {
            return of(((DecimalData) value).toBigDecimal());
        }
        if (value instanceof TimestampData) {
            return ((TimestampData) value).getMillisecond() + "+" + ((TimestampData) value).getNanoOfMillisecond();
        }
        String time = time(value);
        return time == null ? composite(value) : time;
    }

    private static String time(Object value) {
        if (value instanceof Instant) {
            return ((Instant) value).getEpochSecond() + "+" + ((Instant) value).getNano();
        }
        if (value instanceof LocalDate) {
            LocalDate date = (LocalDate) value;
            return date.getYear() + "-" + date.getMonthValue() + "-" + date.getDayOfMonth();
        }
        if (value instanceof LocalTime) {
            LocalTime time = (LocalTime) value;
            return time.getHour() + ":" + time.getMinute() + ":" + time.getSecond() + "." + time.getNano();
        }
        if (value instanceof LocalDateTime) {
            return of(((LocalDateTime) value).toLocalDate()) + "T" + of(((LocalDateTime) value).toLocalTime());
        }
        return null;
    }

    private static String composite(Object value) {
        if (value instanceof Tuple) {
            Tuple tuple = (Tuple) value;
            return fields(tuple.getArity(), tuple::getField);
        }
        if (value instanceof Row) {
            Row row = (Row) value;
            return row.getKind().shortString() + fields(row.getArity(), row::getField);
        }
        if (value instanceof Either) {
            Either<?, ?> either = (Either<?, ?>) value;
            return either.isLeft() ? "Left(" + of(either.left()) + ")" : "Right(" + of(either.right()) + ")";
        }
        if (value instanceof List) {
            return ((List<?>) value).stream().map(RestoreTypedText::of).collect(Collectors.toList()).toString();
        }
        if (value instanceof Map) {
            Stream<String> entries =
                    ((Map<?, ?>) value).entrySet().stream().map(e -> of(e.getKey()) + "=" + of(e.getValue()));
            return entries.sorted().collect(Collectors.joining(", ", "{", "}"));
        }
        if (value.getClass().isArray()) {
            List<String> elements = new ArrayList<>();
            for (int i = 0; i < Array.getLength(value); i++) {
                elements.add(of(Array.get(value, i)));
            }
            return elements.toString();
        }
        return pojo(value);
    }

    private interface Fields {
        Object get(int i);
    }

    private static String fields(int arity, Fields fields) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < arity; i++) {
            texts.add(of(fields.get(i)));
        }
        return "(" + String.join(", ", texts) + ")";
    }

    private static String pojo(Object value) {
        Map<String, String> fields = new TreeMap<>();
        for (Field field : value.getClass().getFields()) {
            try {
                fields.put(field.getName(), of(field.get(value)));
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
        }
        return value.getClass().getSimpleName() + fields;
    }
}
