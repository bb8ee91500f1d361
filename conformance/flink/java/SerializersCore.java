import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.BigDecSerializer;
import org.apache.flink.api.common.typeutils.base.BigIntSerializer;
import org.apache.flink.api.common.typeutils.base.BooleanSerializer;
import org.apache.flink.api.common.typeutils.base.ByteSerializer;
import org.apache.flink.api.common.typeutils.base.CharSerializer;
import org.apache.flink.api.common.typeutils.base.DateSerializer;
import org.apache.flink.api.common.typeutils.base.DoubleSerializer;
import org.apache.flink.api.common.typeutils.base.EnumSerializer;
import org.apache.flink.api.common.typeutils.base.FloatSerializer;
import org.apache.flink.api.common.typeutils.base.GenericArraySerializer;
import org.apache.flink.api.common.typeutils.base.InstantSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.LocalDateSerializer;
import org.apache.flink.api.common.typeutils.base.LocalDateTimeSerializer;
import org.apache.flink.api.common.typeutils.base.LocalTimeSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.api.common.typeutils.base.ShortSerializer;
import org.apache.flink.api.common.typeutils.base.SqlDateSerializer;
import org.apache.flink.api.common.typeutils.base.SqlTimeSerializer;
import org.apache.flink.api.common.typeutils.base.SqlTimestampSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.common.typeutils.base.VoidSerializer;
import org.apache.flink.api.common.typeutils.base.array.BooleanPrimitiveArraySerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.api.common.typeutils.base.array.CharPrimitiveArraySerializer;
import org.apache.flink.api.common.typeutils.base.array.DoublePrimitiveArraySerializer;
import org.apache.flink.api.common.typeutils.base.array.FloatPrimitiveArraySerializer;
import org.apache.flink.api.common.typeutils.base.array.IntPrimitiveArraySerializer;
import org.apache.flink.api.common.typeutils.base.array.LongPrimitiveArraySerializer;
import org.apache.flink.api.common.typeutils.base.array.ShortPrimitiveArraySerializer;
import org.apache.flink.api.common.typeutils.base.array.StringArraySerializer;
import org.apache.flink.api.java.tuple.Tuple;
import org.apache.flink.api.java.tuple.Tuple0;
import org.apache.flink.api.java.tuple.Tuple1;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple25;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.typeutils.runtime.EitherSerializer;
import org.apache.flink.api.java.typeutils.runtime.NullableSerializer;
import org.apache.flink.api.java.typeutils.runtime.RowSerializer;
import org.apache.flink.api.java.typeutils.runtime.Tuple0Serializer;
import org.apache.flink.api.java.typeutils.runtime.TupleSerializer;
import org.apache.flink.runtime.state.ArrayListSerializer;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.types.Either;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;

/** Scalars, arrays, collections, tuples and rows. */
final class SerializersCore {
    static final String EMOJI = "\ud83d\ude00";
    static final String SET = "org.apache.flink.api.common.typeutils.base.SetSerializer";
    /** Whether snapshots of rows, linked lists and two-phase commits say what is in their values: from 1.14.3 on. */
    static final boolean FLAGGED = hasField(RowSerializer.class, "supportsRowKind");
    /** The last and the first millisecond that a null cannot be mistaken for. */
    private static final long[] TIMES = {0, 1, -1, 1_500, Long.MAX_VALUE, Long.MIN_VALUE + 1};

    private SerializersCore() {}

    static void addTo(List<SerializersCase> cases) throws Exception {
        numbers(cases);
        texts(cases);
        bigNumbers(cases);
        dates(cases);
        times(cases);
        primitiveArrays(cases);
        objectArrays(cases);
        collections(cases);
        tuples(cases);
        rows(cases);
        alternatives(cases);
        variants(cases);
    }

    private static void numbers(List<SerializersCase> cases) {
        SerializersCase.add(cases, "boolean", BooleanSerializer.INSTANCE, true, false).hashed();
        SerializersCase.add(
                cases, "byte", ByteSerializer.INSTANCE,
                (byte) 0, (byte) 1, (byte) -1, Byte.MIN_VALUE, Byte.MAX_VALUE).hashed();
        SerializersCase.add(
                cases, "short", ShortSerializer.INSTANCE,
                (short) 0, (short) 1, (short) -1, Short.MIN_VALUE, Short.MAX_VALUE).hashed();
        SerializersCase.add(
                cases, "int", IntSerializer.INSTANCE, 0, 1, -1, 42, Integer.MIN_VALUE, Integer.MAX_VALUE).hashed();
        SerializersCase.add(
                cases, "long", LongSerializer.INSTANCE,
                0L, 1L, -1L, 42L, 1L << 40, Long.MIN_VALUE, Long.MAX_VALUE).hashed();
        SerializersCase.add(
                cases, "float", FloatSerializer.INSTANCE,
                0f, -0f, 1f, -1f, 1.1f, Float.MIN_VALUE, Float.MAX_VALUE, -Float.MAX_VALUE, Float.NaN,
                Float.intBitsToFloat(0xffc12345), Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY).hashed();
        SerializersCase.add(
                cases, "double", DoubleSerializer.INSTANCE,
                0d, -0d, 1d, -1d, 0.1, 2.5, Double.MIN_VALUE, Double.MAX_VALUE, -Double.MAX_VALUE, Double.NaN,
                Double.longBitsToDouble(0xfff8123456789abcL), Double.POSITIVE_INFINITY,
                Double.NEGATIVE_INFINITY).hashed();
        SerializersCase.add(cases, "void", VoidSerializer.INSTANCE, new Object[] {null});
        SerializersCase.add(cases, "void-namespace", VoidNamespaceSerializer.INSTANCE, VoidNamespace.INSTANCE);
    }

    private static void texts(List<SerializersCase> cases) {
        SerializersCase.add(
                cases, "char", CharSerializer.INSTANCE,
                'A', '\0', '\n', '"', '\u00e9', '\u20ac', '\ud83d', '\ude00', '\uffff').hashed();
        SerializersCase.add(cases, "string", StringSerializer.INSTANCE, strings()).hashed();
    }

    static Object[] strings() {
        return new Object[] {
            null, "", "A", "abc", "hello", "tab\tquote\"slash\\end\n", "\0", "a\0b", "\u007f", "\u0080", "\u00e9",
            "\u20ac", "\u3fff", "\u4000", "\uffff", "\u043a\u043b\u044e\u0447", EMOJI, "a" + EMOJI + "b",
            "\ud83d", "\ude00", "a\ud83db", "\ude00\ud83d", EMOJI + "\ud83d", "x".repeat(126), "x".repeat(127),
            "\u00e9".repeat(130), "x".repeat(16_384)
        };
    }

    private static void bigNumbers(List<SerializersCase> cases) {
        BigInteger big = new BigInteger("123456789012345678901234567890");
        // Zero, one and ten have a form of their own, but only as these very objects.
        SerializersCase.add(
                cases, "big-integer", BigIntSerializer.INSTANCE,
                null, BigInteger.ZERO, new BigInteger("0"), BigInteger.ONE, new BigInteger("1"), BigInteger.TEN,
                new BigInteger("10"), BigInteger.TWO, BigInteger.valueOf(-1), BigInteger.valueOf(-5),
                BigInteger.valueOf(127), BigInteger.valueOf(128), BigInteger.valueOf(-128), BigInteger.valueOf(-129),
                BigInteger.valueOf(Long.MIN_VALUE), BigInteger.valueOf(Long.MAX_VALUE), big, big.negate(),
                BigInteger.ONE.shiftLeft(2_000)).hashed();
        SerializersCase.add(
                cases, "big-decimal", BigDecSerializer.INSTANCE,
                null, BigDecimal.ZERO, new BigDecimal("0"), new BigDecimal("0.00"), BigDecimal.ONE, BigDecimal.TEN,
                new BigDecimal(new BigInteger("1"), 0), new BigDecimal("0.01"), new BigDecimal("1E+3"),
                new BigDecimal("1.25"), new BigDecimal("1.250"), new BigDecimal("-1.25"), new BigDecimal("-1"),
                new BigDecimal("1E-7"), new BigDecimal("123456789012345678901234567890.5"),
                new BigDecimal("-123456789012345678901234567890.5"),
                new BigDecimal(BigInteger.valueOf(7), Integer.MAX_VALUE),
                new BigDecimal(BigInteger.valueOf(7), Integer.MIN_VALUE + 1)).hashed();
    }

    private static void dates(List<SerializersCase> cases) {
        List<Object> dates = new ArrayList<>(Collections.singletonList(null));
        List<Object> sqlDates = new ArrayList<>(Collections.singletonList(null));
        List<Object> sqlTimes = new ArrayList<>(Collections.singletonList(null));
        for (long millis : TIMES) {
            dates.add(new Date(millis));
            sqlDates.add(new java.sql.Date(millis));
            sqlTimes.add(new java.sql.Time(millis));
        }
        SerializersCase.add(cases, "date", DateSerializer.INSTANCE, dates.toArray()).hashed();
        SerializersCase.add(cases, "sql-date", SqlDateSerializer.INSTANCE, sqlDates.toArray()).hashed();
        SerializersCase.add(cases, "sql-time", SqlTimeSerializer.INSTANCE, sqlTimes.toArray()).hashed();
        SerializersCase.add(
                cases, "sql-timestamp", SqlTimestampSerializer.INSTANCE,
                null, timestamp(0, 0), timestamp(1_000, 1), timestamp(1_000, 500_000_007),
                timestamp(-1_000, 999_999_999),
                timestamp(9_223_372_036_854_775_000L, 807_000_000), timestamp(-9_223_372_036_854_775_000L, 0))
                .hashed().nullUnreadable();
    }

    private static Timestamp timestamp(long millisOfSecond, int nanos) {
        Timestamp timestamp = new Timestamp(millisOfSecond);
        timestamp.setNanos(nanos);
        return timestamp;
    }

    private static void times(List<SerializersCase> cases) {
        LocalTime nano = LocalTime.of(23, 59, 58, 7);
        LocalDate leap = LocalDate.of(2024, 2, 29);
        SerializersCase.add(
                cases, "instant", InstantSerializer.INSTANCE,
                null, Instant.EPOCH, Instant.ofEpochSecond(1, 5), Instant.ofEpochSecond(-1, 999_999_999), Instant.MIN,
                Instant.MAX).hashed();
        SerializersCase.add(
                cases, "local-date", LocalDateSerializer.INSTANCE,
                null, LocalDate.of(1970, 1, 1), leap, LocalDate.of(0, 1, 1), LocalDate.of(-1, 12, 31),
                LocalDate.of(9999, 12, 31), LocalDate.of(10_000, 1, 1), LocalDate.MIN, LocalDate.MAX).hashed();
        SerializersCase.add(
                cases, "local-time", LocalTimeSerializer.INSTANCE,
                null, LocalTime.MIDNIGHT, LocalTime.of(1, 2), LocalTime.of(1, 2, 3), LocalTime.of(1, 2, 3, 40_000_000),
                nano, LocalTime.MAX).hashed();
        SerializersCase.add(
                cases, "local-date-time", LocalDateTimeSerializer.INSTANCE,
                null, LocalDateTime.of(1970, 1, 1, 0, 0), LocalDateTime.of(leap, nano), LocalDateTime.MIN,
                LocalDateTime.MAX).hashed();
    }

    private static void primitiveArrays(List<SerializersCase> cases) {
        SerializersCase.add(
                cases, "boolean[]", BooleanPrimitiveArraySerializer.INSTANCE,
                new boolean[0], new boolean[] {true, false, true});
        SerializersCase.add(
                cases, "byte[]", BytePrimitiveArraySerializer.INSTANCE,
                new byte[0], new byte[] {0}, new byte[] {0, 1, -1, Byte.MIN_VALUE, Byte.MAX_VALUE});
        SerializersCase.add(
                cases, "short[]", ShortPrimitiveArraySerializer.INSTANCE,
                new short[0], new short[] {0, 1, -1, Short.MIN_VALUE, Short.MAX_VALUE});
        SerializersCase.add(
                cases, "char[]", CharPrimitiveArraySerializer.INSTANCE,
                new char[0], new char[] {'a', '\0', '\u20ac', '\ud83d', '\ude00'});
        SerializersCase.add(
                cases, "int[]", IntPrimitiveArraySerializer.INSTANCE,
                new int[0], new int[] {0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE});
        SerializersCase.add(
                cases, "long[]", LongPrimitiveArraySerializer.INSTANCE,
                new long[0], new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE});
        SerializersCase.add(
                cases, "float[]", FloatPrimitiveArraySerializer.INSTANCE,
                new float[0], new float[] {0f, -0f, 1.1f, Float.NaN, Float.POSITIVE_INFINITY});
        SerializersCase.add(
                cases, "double[]", DoublePrimitiveArraySerializer.INSTANCE,
                new double[0], new double[] {0d, -0d, 0.1, Double.NaN, Double.NEGATIVE_INFINITY});
    }

    private static void objectArrays(List<SerializersCase> cases) {
        SerializersCase.add(
                cases, "String[]", StringArraySerializer.INSTANCE,
                new String[0], new String[] {"a", null, ""}, new String[] {EMOJI, "\ud83d"});
        SerializersCase.add(
                cases, "Integer[]", new GenericArraySerializer<>(Integer.class, IntSerializer.INSTANCE),
                new Integer[0], new Integer[] {1, null, -1});
        SerializersCase.add(
                cases, "int[][]", new GenericArraySerializer<>(int[].class, IntPrimitiveArraySerializer.INSTANCE),
                new int[0][], new int[][] {{1, 2}, null, {}});
        SerializersCase.add(
                cases, "String[][]", new GenericArraySerializer<>(String[].class, StringArraySerializer.INSTANCE),
                new String[0][], new String[][] {{"a", null}, null, {}});
        GenericArraySerializer<Long> inner = new GenericArraySerializer<>(Long.class, LongSerializer.INSTANCE);
        SerializersCase.add(
                cases, "Long[][]", new GenericArraySerializer<>(Long[].class, inner),
                new Long[0][], new Long[][] {{1L, null}, null, {}});
    }

    private static void collections(List<SerializersCase> cases) throws Exception {
        SerializersCase.add(
                cases, "enum", new EnumSerializer<>(TimeUnit.class), (Object[]) TimeUnit.values());
        SerializersCase.add(
                cases, "list", new ListSerializer<>(StringSerializer.INSTANCE),
                List.of(), List.of("a"), Arrays.asList("a", null, "")).hashed();
        SerializersCase.add(
                cases, "list-of-list", new ListSerializer<>(new ListSerializer<>(IntSerializer.INSTANCE)),
                List.of(), List.of(List.of(), List.of(1, 2))).hashed();
        SerializersCase.add(
                cases, "array-list", new ArrayListSerializer<>(LongSerializer.INSTANCE),
                new ArrayList<>(), new ArrayList<>(List.of(1L, -1L))).hashed();
        SerializersCase.add(
                cases, "map", new MapSerializer<>(StringSerializer.INSTANCE, IntSerializer.INSTANCE),
                Map.of(), Map.of("a", 1), map("b", 1, "a", null, null, -1, EMOJI, 7)).hashed();
        MapSerializer<Long, List<String>> lists =
                new MapSerializer<>(LongSerializer.INSTANCE, new ListSerializer<>(StringSerializer.INSTANCE));
        SerializersCase.add(
                cases, "map-of-list", lists, Map.of(), map(5L, List.of("x", ""), -5L, null)).hashed();
        if (Compat.has(SET)) {
            SerializersCase.add(
                    cases, "set", (TypeSerializer<?>) Compat.make(SET, StringSerializer.INSTANCE),
                    new LinkedHashSet<>(), new LinkedHashSet<>(List.of("b", "a")),
                    new LinkedHashSet<>(Arrays.asList("a", null))).hashed();
        }
    }

    /** Keys and values by turns; iterates in this order. */
    static Map<Object, Object> map(Object... entries) {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) {
            map.put(entries[i], entries[i + 1]);
        }
        return map;
    }

    @SuppressWarnings("unchecked")
    static <T extends Tuple> TupleSerializer<T> tuple(TypeSerializer<?>... fields) {
        return new TupleSerializer<>((Class<T>) Tuple.getTupleClass(fields.length), fields);
    }

    private static void tuples(List<SerializersCase> cases) throws Exception {
        SerializersCase.add(cases, "tuple0", Tuple0Serializer.INSTANCE, Tuple0.INSTANCE).hashed();
        SerializersCase.add(
                cases, "tuple1", tuple(IntSerializer.INSTANCE), Tuple1.of(5), Tuple1.of(-5)).hashed();
        SerializersCase.add(
                cases, "tuple2", tuple(StringSerializer.INSTANCE, IntSerializer.INSTANCE),
                Tuple2.of("a", 1), Tuple2.of("", 0), Tuple2.of(null, 1)).hashed();
        SerializersCase.add(
                cases, "tuple2-fixed", tuple(LongSerializer.INSTANCE, IntSerializer.INSTANCE),
                Tuple2.of(1L, 2)).hashed();
        SerializersCase.add(
                cases, "tuple2-zero-length", tuple(VoidNamespaceSerializer.INSTANCE, IntSerializer.INSTANCE),
                Tuple2.of(VoidNamespace.INSTANCE, 2));
        SerializersCase.add(
                cases, "tuple3", tuple(StringSerializer.INSTANCE, DoubleSerializer.INSTANCE, BigDecSerializer.INSTANCE),
                Tuple3.of("a", 2.5, new BigDecimal("1.25")), Tuple3.of(EMOJI, -0d, null)).hashed();
        TupleSerializer<?> inner = tuple(StringSerializer.INSTANCE, LongSerializer.INSTANCE);
        SerializersCase.add(
                cases, "tuple-nested", tuple(inner, tuple(inner, new ListSerializer<>(inner))),
                Tuple2.of(Tuple2.of("a", 1L), Tuple2.of(Tuple2.of(null, 2L), List.of(Tuple2.of("", 3L))))).hashed();
        TypeSerializer<?>[] fields = new TypeSerializer<?>[25];
        Tuple25<?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?> wide = new Tuple25<>();
        for (int i = 0; i < fields.length; i++) {
            fields[i] = i % 2 == 0 ? IntSerializer.INSTANCE : StringSerializer.INSTANCE;
            wide.setField(i % 2 == 0 ? (Object) i : "f" + i, i);
        }
        SerializersCase.add(cases, "tuple25", tuple(fields), wide).hashed();
    }

    private static void rows(List<SerializersCase> cases) throws Exception {
        TypeSerializer<?>[] pair = {IntSerializer.INSTANCE, StringSerializer.INSTANCE};
        SerializersCase.add(
                cases, "row", new RowSerializer(pair),
                Row.of(1, "a"), Row.of(null, "a"), Row.of(1, null), Row.of(null, null),
                Row.ofKind(RowKind.UPDATE_BEFORE, 1, "a"), Row.ofKind(RowKind.UPDATE_AFTER, 1, ""),
                Row.ofKind(RowKind.DELETE, 1, null)).hashed();
        SerializersCase.add(
                cases, "row-empty", new RowSerializer(new TypeSerializer<?>[0]), Row.of(),
                Row.ofKind(RowKind.DELETE)).hashed();
        for (int arity : new int[] {6, 7, 15}) {
            TypeSerializer<?>[] fields = new TypeSerializer<?>[arity];
            Arrays.fill(fields, IntSerializer.INSTANCE);
            Row full = new Row(RowKind.UPDATE_AFTER, arity);
            Row last = new Row(arity);
            for (int i = 0; i < arity; i++) {
                full.setField(i, i);
                last.setField(i, i == arity - 1 ? null : (Integer) i);
            }
            SerializersCase.add(cases, "row-" + arity, new RowSerializer(fields), full, last, new Row(arity)).hashed();
        }
        rowOfRows(cases, pair);
        if (FLAGGED) {
            Object without = Compat.make(RowSerializer.class.getName(), pair, null, false);
            SerializersCase.add(
                    cases, "row-without-kind", (TypeSerializer<?>) without, Row.of(1, "a"), Row.of(null, null))
                    .hashed();
        }
    }

    /** What is inside of a row has other hash codes than alone. */
    private static void rowOfRows(List<SerializersCase> cases, TypeSerializer<?>[] pair) {
        TypeSerializer<?>[] fields = {
            new RowSerializer(pair), BytePrimitiveArraySerializer.INSTANCE,
            new ListSerializer<>(IntSerializer.INSTANCE),
            new MapSerializer<>(StringSerializer.INSTANCE, IntSerializer.INSTANCE),
            new GenericArraySerializer<>(Integer.class, IntSerializer.INSTANCE), IntPrimitiveArraySerializer.INSTANCE,
            tuple(pair), DoubleSerializer.INSTANCE, BigDecSerializer.INSTANCE, LocalDateSerializer.INSTANCE
        };
        SerializersCase.add(
                cases, "row-nested", new RowSerializer(fields),
                Row.of(
                        Row.ofKind(RowKind.DELETE, 1, "a"), new byte[] {1, 2}, List.of(1, 2), Map.of("a", 1),
                        new Integer[] {1, null}, new int[] {3}, Tuple2.of(5, "x"), -0d, new BigDecimal("1.250"),
                        LocalDate.of(2024, 2, 29)),
                new Row(fields.length)).hashed();
    }

    static boolean hasField(Class<?> type, String name) {
        for (Field field : type.getDeclaredFields()) {
            if (field.getName().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private static void alternatives(List<SerializersCase> cases) {
        SerializersCase.add(
                cases, "either", new EitherSerializer<>(IntSerializer.INSTANCE, StringSerializer.INSTANCE),
                Either.Left(5), Either.Left(-5), Either.Right("a"), Either.Right("")).hashed();
        SerializersCase.add(
                cases, "nullable-long", NullableSerializer.wrap(LongSerializer.INSTANCE, false),
                null, 0L, 1L, Long.MIN_VALUE).hashed();
        SerializersCase.add(
                cases, "nullable-long-padded", NullableSerializer.wrap(LongSerializer.INSTANCE, true),
                null, 0L, 1L, Long.MIN_VALUE).hashed();
        TypeSerializer<Integer> element = NullableSerializer.wrap(IntSerializer.INSTANCE, true);
        SerializersCase.add(
                cases, "nullable-list", NullableSerializer.wrap(new ListSerializer<>(element), false),
                null, List.of(), Arrays.asList(1, null)).hashed();
    }

    private static void variants(List<SerializersCase> cases) throws Exception {
        String base = "org.apache.flink.api.common.typeutils.base.";
        if (Compat.has(base + "VariantSerializer")) {
            SerializersCase.add(
                    cases, "variant", (TypeSerializer<?>) Compat.make(base + "VariantSerializer"),
                    variant("null"), variant("true"), variant("5"), variant("\"a\""), variant("{\"k\": 5}"),
                    variant("[1, \"\\u00e9\", null, {\"a\": {\"b\": 1.25}, \"c\": []}]"))
                    .as(SerializersCore::variantForm);
        }
        if (Compat.has(base + "BitmapSerializer")) {
            SerializersCase.add(
                    cases, "bitmap", (TypeSerializer<?>) Compat.make(base + "BitmapSerializer"),
                    bitmap(), bitmap(0), bitmap(1, 5, 70_000), bitmap(-1, Integer.MIN_VALUE, Integer.MAX_VALUE),
                    bitmap(10, 11, 12, 13, 14, 15, 16, 17, 18, 19)).as(SerializersCore::bitmapForm);
        }
    }

    static Object variant(String json) throws Exception {
        Class<?> builder = Class.forName("org.apache.flink.types.variant.BinaryVariantInternalBuilder");
        return Compat.call(builder, null, "parseJson", json, false);
    }

    static String variantForm(Object variant) throws Exception {
        byte[] value = (byte[]) Compat.call(variant.getClass(), variant, "getValue");
        byte[] metadata = (byte[]) Compat.call(variant.getClass(), variant, "getMetadata");
        return SerializersJson.object(
                "value", SerializersJson.of(value), "metadata", SerializersJson.of(metadata));
    }

    static Object bitmap(int... numbers) throws Exception {
        return Compat.call(Class.forName("org.apache.flink.types.bitmap.Bitmap"), null, "fromArray", (Object) numbers);
    }

    static String bitmapForm(Object bitmap) throws Exception {
        return SerializersJson.of(Compat.call(bitmap.getClass(), bitmap, "toBytes"));
    }
}
