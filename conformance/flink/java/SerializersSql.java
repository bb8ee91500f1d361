import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.BigIntSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.java.typeutils.runtime.RowSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.ListView;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RawValueData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.writer.BinaryRowWriter;
import org.apache.flink.table.dataview.ListViewSerializer;
import org.apache.flink.table.dataview.MapViewSerializer;
import org.apache.flink.table.dataview.NullAwareMapSerializer;
import org.apache.flink.table.dataview.NullSerializer;
import org.apache.flink.table.runtime.operators.window.CountWindow;
import org.apache.flink.table.runtime.operators.window.TimeWindow;
import org.apache.flink.table.runtime.typeutils.ArrayDataSerializer;
import org.apache.flink.table.runtime.typeutils.BinaryRowDataSerializer;
import org.apache.flink.table.runtime.typeutils.DecimalDataSerializer;
import org.apache.flink.table.runtime.typeutils.ExternalSerializer;
import org.apache.flink.table.runtime.typeutils.LinkedListSerializer;
import org.apache.flink.table.runtime.typeutils.MapDataSerializer;
import org.apache.flink.table.runtime.typeutils.RawValueDataSerializer;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.runtime.typeutils.SortedMapSerializer;
import org.apache.flink.table.runtime.typeutils.StringDataSerializer;
import org.apache.flink.table.runtime.typeutils.TimestampDataSerializer;
import org.apache.flink.table.runtime.typeutils.WindowKeySerializer;
import org.apache.flink.table.runtime.util.WindowKey;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.BinaryType;
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.CharType;
import org.apache.flink.table.types.logical.DateType;
import org.apache.flink.table.types.logical.DayTimeIntervalType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.DistinctType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.FloatType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.MultisetType;
import org.apache.flink.table.types.logical.RawType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.SmallIntType;
import org.apache.flink.table.types.logical.StructuredType;
import org.apache.flink.table.types.logical.TimeType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.table.types.logical.TinyIntType;
import org.apache.flink.table.types.logical.VarBinaryType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.table.types.logical.YearMonthIntervalType;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;

/** Serializers of the SQL runtime. */
final class SerializersSql {
    private static final String TABLE = "org.apache.flink.table.";
    private static final String LINKED = TABLE + "runtime.sequencedmultisetstate.linked.";
    private static final LogicalType INT = new IntType();
    private static final LogicalType TEXT = new VarCharType(VarCharType.MAX_LENGTH);

    private SerializersSql() {}

    static void addTo(List<SerializersCase> cases) throws Exception {
        Map<String, Column> columns = columns();
        wideRows(cases, columns);
        rows(cases);
        scalars(cases);
        for (Map.Entry<String, Column> column : columns.entrySet()) {
            // As the elements of an array they are like rows.
            if (!column.getKey().startsWith("structured")) {
                arrays(cases, column.getKey(), column.getValue());
            }
        }
        maps(cases);
        collections(cases);
        views(cases);
        externals(cases);
        windows(cases);
        linked(cases);
    }

    /** A type, and values of it: the first one is typical, the others are extremes. */
    private static final class Column {
        final LogicalType type;
        final Object[] values;

        Column(LogicalType type, Object... values) {
            this.type = type;
            this.values = values;
        }

        Object value(int i) {
            return values[i % values.length];
        }
    }

    private static Map<String, Column> columns() throws Exception {
        Map<String, Column> columns = new LinkedHashMap<>();
        columns.put("boolean", new Column(new BooleanType(), true, false));
        columns.put("tinyint", new Column(new TinyIntType(), (byte) -2, Byte.MIN_VALUE, Byte.MAX_VALUE));
        columns.put("smallint", new Column(new SmallIntType(), (short) -2, Short.MIN_VALUE, Short.MAX_VALUE));
        columns.put("int", new Column(INT, 1, Integer.MIN_VALUE, Integer.MAX_VALUE, -1, 0));
        columns.put("bigint", new Column(new BigIntType(), 2L, Long.MIN_VALUE, Long.MAX_VALUE, -1L, 0L));
        // Rows keep the bits of what is not a number, arrays do not.
        columns.put(
                "float",
                new Column(
                        new FloatType(), 1.5f, -0f, Float.intBitsToFloat(0xffc12345), Float.NEGATIVE_INFINITY,
                        Float.MAX_VALUE, 1.1f, Float.NaN));
        columns.put(
                "double",
                new Column(
                        new DoubleType(), 2.5, -0d, Double.longBitsToDouble(0xfff8123456789abcL),
                        Double.POSITIVE_INFINITY, Double.MIN_VALUE, 0.1, Double.NaN));
        columns.put("varchar", new Column(new VarCharType(100), text("abc"), text(""), text("1234567")));
        columns.put(
                "string",
                new Column(TEXT, text("12345678"), text("\u00e9\0" + SerializersCore.EMOJI), text("x".repeat(300))));
        columns.put("char", new Column(new CharType(4), text("ab  "), text("\u20ac   "), text("    ")));
        columns.put(
                "binary", new Column(new BinaryType(3), new byte[] {1, 2, 3}, new byte[] {0, -1, 127}, new byte[3]));
        columns.put(
                "varbinary",
                new Column(new VarBinaryType(100), new byte[] {1, 2, 3}, new byte[0], new byte[8], new byte[] {-1}));
        columns.put(
                "decimal",
                new Column(
                        new DecimalType(10, 2), decimal("1.25", 10, 2), decimal("-99999999.99", 10, 2),
                        decimal("0.00", 10, 2)));
        columns.put(
                "decimal-large",
                new Column(
                        new DecimalType(38, 18), decimal("-12345678901234567890.123456789012345678", 38, 18),
                        decimal("0", 38, 18), decimal("99999999999999999999.999999999999999999", 38, 18)));
        columns.put("date", new Column(new DateType(), 19_000, 0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE));
        columns.put("time", new Column(new TimeType(3), 1_000, 0, 86_399_999));
        columns.put(
                "timestamp-3",
                new Column(new TimestampType(3), timestamp(1_500, 0), timestamp(-1, 0), timestamp(Long.MIN_VALUE, 0)));
        columns.put(
                "timestamp-9",
                new Column(
                        new TimestampType(9), timestamp(1_500, 7), timestamp(-1, 999_999),
                        timestamp(Long.MAX_VALUE, 0)));
        columns.put(
                "timestamp-ltz-3", new Column(new LocalZonedTimestampType(3), timestamp(1_500, 0), timestamp(-1, 0)));
        columns.put(
                "timestamp-ltz-6",
                new Column(new LocalZonedTimestampType(6), timestamp(-1, 999_000), timestamp(0, 0)));
        columns.put(
                "interval-month",
                new Column(
                        new YearMonthIntervalType(YearMonthIntervalType.YearMonthResolution.MONTH), 14, -1,
                        Integer.MIN_VALUE));
        columns.put(
                "interval-second",
                new Column(
                        new DayTimeIntervalType(DayTimeIntervalType.DayTimeResolution.SECOND), 86_400_000L, -1L,
                        Long.MIN_VALUE));
        compounds(columns);
        newer(columns);
        return columns;
    }

    private static void compounds(Map<String, Column> columns) {
        columns.put("array", new Column(new ArrayType(INT), array(1, null, 3), array()));
        columns.put(
                "array-of-array",
                new Column(new ArrayType(new ArrayType(TEXT)), array(array(text("a"), null), null, array()), array()));
        columns.put(
                "map",
                new Column(
                        new MapType(new VarCharType(5), new BigIntType()), map(text("k"), 7L), map(),
                        map(text("123456789"), null, text(""), -1L)));
        columns.put("multiset", new Column(new MultisetType(INT), map(5, 1), map(-1, 3, 7, 1), map()));
        RowType row = RowType.of(new LogicalType[] {INT, new VarCharType(3)}, new String[] {"x", "y"});
        columns.put(
                "row",
                new Column(
                        row, GenericRowData.of(5, text("zz")), GenericRowData.of(null, null),
                        GenericRowData.ofKind(RowKind.DELETE, -5, text("123"))));
        RowType deep = RowType.of(row, new DecimalType(30, 5), new TimestampType(6));
        columns.put(
                "row-of-row",
                new Column(
                        deep,
                        GenericRowData.of(
                                GenericRowData.of(1, null), decimal("1.5", 30, 5), timestamp(0, 1_000)),
                        new GenericRowData(3)));
        columns.put(
                "raw",
                new Column(
                        new RawType<>(BigInteger.class, BigIntSerializer.INSTANCE),
                        RawValueData.fromObject(new BigInteger("123456789012345678901234567890")),
                        RawValueData.fromObject(BigInteger.ZERO)));
        ObjectIdentifier name = ObjectIdentifier.of("catalogue", "database", "name");
        // Flink's writer knows no values of it.
        columns.put(
                "distinct",
                new Column(DistinctType.newBuilder(name, new DecimalType(10, 2)).build(), new Object[] {null}));
        List<StructuredType.StructuredAttribute> attributes = Arrays.asList(
                new StructuredType.StructuredAttribute("age", new IntType(false)),
                new StructuredType.StructuredAttribute("name", TEXT, "what to call them"),
                new StructuredType.StructuredAttribute("score", new BigIntType()));
        columns.put(
                "structured",
                new Column(
                        StructuredType.newBuilder(name).attributes(attributes).build(),
                        GenericRowData.of(36, text("Ada"), null)));
        columns.put(
                "structured-of-class",
                new Column(
                        StructuredType.newBuilder(name, SerializersUser.Person.class).attributes(attributes).build(),
                        GenericRowData.of(36, text("Ada"), 7L)));
    }

    private static void newer(Map<String, Column> columns) throws Exception {
        String logical = TABLE + "types.logical.";
        if (Compat.has(logical + "VariantType")) {
            columns.put(
                    "variant",
                    new Column(
                            (LogicalType) Compat.make(logical + "VariantType"), SerializersCore.variant("{\"k\": 5}"),
                            SerializersCore.variant("[1, null, \"a\"]")));
        }
        if (Compat.has(logical + "BitmapType")) {
            columns.put(
                    "bitmap",
                    new Column(
                            (LogicalType) Compat.make(logical + "BitmapType"), SerializersCore.bitmap(1, 5, 70_000),
                            SerializersCore.bitmap()));
        }
    }

    static StringData text(String text) {
        return StringData.fromString(text);
    }

    private static DecimalData decimal(String number, int precision, int scale) {
        return DecimalData.fromBigDecimal(new BigDecimal(number), precision, scale);
    }

    private static TimestampData timestamp(long millis, int nanos) {
        return TimestampData.fromEpochMillis(millis, nanos);
    }

    private static GenericArrayData array(Object... elements) {
        return new GenericArrayData(elements);
    }

    private static GenericMapData map(Object... entries) {
        return new GenericMapData(SerializersCore.map(entries));
    }

    private static SerializersCase row(
            List<SerializersCase> cases, String name, LogicalType[] types, RowData... rows) {
        return SerializersCase.add(cases, name, new RowDataSerializer(types), (Object[]) rows)
                .as(row -> rowForm((RowData) row, Arrays.asList(types))).hashed();
    }

    /** All types at once, with their values in turn; and nothing but nulls. */
    private static void wideRows(List<SerializersCase> cases, Map<String, Column> columns) {
        List<Column> all = new ArrayList<>(columns.values());
        // From 57 fields on there is a second word of null bits.
        while (all.size() < 57) {
            all.add(new Column(INT, all.size(), null));
        }
        LogicalType[] types = all.stream().map(column -> column.type).toArray(LogicalType[]::new);
        RowKind[] kinds = {RowKind.UPDATE_AFTER, RowKind.UPDATE_BEFORE, RowKind.DELETE, RowKind.INSERT};
        RowData[] rows = new RowData[kinds.length + 1];
        for (int i = 0; i < kinds.length; i++) {
            GenericRowData row = new GenericRowData(kinds[i], types.length);
            for (int j = 0; j < types.length; j++) {
                row.setField(j, all.get(j).value(i));
            }
            rows[i] = row;
        }
        rows[kinds.length] = new GenericRowData(RowKind.UPDATE_AFTER, types.length);
        row(cases, "sql-row-of-all-types", types, rows);
    }

    private static void rows(List<SerializersCase> cases) {
        row(
                cases, "sql-row-empty", new LogicalType[0], new GenericRowData(0),
                new GenericRowData(RowKind.DELETE, 0));
        row(
                cases, "sql-row-text", new LogicalType[] {TEXT},
                GenericRowData.of(text("")), GenericRowData.of(text("1234567")), GenericRowData.of(text("12345678")),
                GenericRowData.of(text("123456789")), GenericRowData.of(text("hello world")),
                GenericRowData.of(text("\ud83d")), GenericRowData.of((Object) null));
        row(
                cases, "sql-row-key", new LogicalType[] {INT, new VarCharType(10)},
                GenericRowData.of(1, text("abc")), GenericRowData.of(5, text("zz")),
                GenericRowData.of(null, text("a")));
        row(cases, "sql-row-bigint", new LogicalType[] {new BigIntType(false)}, GenericRowData.of(42L));
        reservedNulls(cases);
        LogicalType[] types = {INT, TEXT};
        RowDataSerializer writer = new RowDataSerializer(types);
        // The fields' types are not in the snapshot.
        SerializersCase.add(
                cases, "sql-binary-row", new BinaryRowDataSerializer(2),
                writer.toBinaryRow(GenericRowData.of(5, text("zz"))).copy(),
                writer.toBinaryRow(GenericRowData.ofKind(RowKind.DELETE, null, text("123456789"))).copy())
                .opaque().hashed();
    }

    /** The writer that generated code uses reserves space for some nulls. */
    private static void reservedNulls(List<SerializersCase> cases) {
        BinaryRowData row = new BinaryRowData(3);
        BinaryRowWriter writer = new BinaryRowWriter(row);
        writer.writeDecimal(0, null, 30);
        writer.writeString(1, text("12345678"));
        writer.writeTimestamp(2, null, 9);
        writer.complete();
        LogicalType[] types = {new DecimalType(30, 5), TEXT, new TimestampType(9)};
        row(cases, "sql-row-reserved-nulls", types, row, GenericRowData.of(null, text("12345678"), null));
    }

    private static void scalars(List<SerializersCase> cases) {
        SerializersCase.add(
                cases, "sql-string", StringDataSerializer.INSTANCE,
                text(""), text("a"), text("\u00e9\0" + SerializersCore.EMOJI), text("\ud83d")).as(form(TEXT));
        SerializersCase.add(
                cases, "sql-decimal", new DecimalDataSerializer(18, 8),
                decimal("1.25", 18, 8), decimal("0", 18, 8), decimal("-9999999999.99999999", 18, 8));
        SerializersCase.add(
                cases, "sql-decimal-large", new DecimalDataSerializer(19, 0),
                decimal("1", 19, 0), decimal("0", 19, 0), decimal("-9999999999999999999", 19, 0));
        SerializersCase.add(
                cases, "sql-timestamp-3", new TimestampDataSerializer(3),
                timestamp(0, 0), timestamp(1_500, 0), timestamp(Long.MIN_VALUE, 0));
        SerializersCase.add(
                cases, "sql-timestamp-9", new TimestampDataSerializer(9),
                timestamp(0, 0), timestamp(-1, 999_999), timestamp(Long.MAX_VALUE, 1));
        SerializersCase.add(
                cases, "sql-raw", new RawValueDataSerializer<>(IntSerializer.INSTANCE),
                RawValueData.fromObject(5), RawValueData.fromObject(-5))
                .as(raw -> SerializersJson.of(((RawValueData<?>) raw).toObject(serializer(IntSerializer.INSTANCE))));
        SerializersCase.add(cases, "sql-null", NullSerializer.INSTANCE, new Object[] {null});
    }

    private static void arrays(List<SerializersCase> cases, String name, Column column) {
        List<Object> elements = new ArrayList<>(Arrays.asList(column.values));
        elements.add(1, null);
        List<Object> many = new ArrayList<>();
        // More than one word of null bits.
        for (int i = 0; i < (column.type instanceof IntType ? 33 : 1); i++) {
            many.add(i == 32 ? null : column.value(i));
        }
        SerializersCase.add(
                cases, "sql-array-of-" + name, new ArrayDataSerializer(column.type),
                array(elements.toArray()), array(many.toArray()), array()).as(form(new ArrayType(column.type)));
    }

    private static void maps(List<SerializersCase> cases) throws Exception {
        map(
                cases, "sql-map", new VarCharType(5), new BigIntType(),
                map(text("k"), 7L), map(), map(text("123456789"), null, text(""), -1L), map(null, 1L));
        map(
                cases, "sql-map-of-timestamp", new TimestampType(9), new DecimalType(30, 5),
                map(timestamp(1_500, 7), decimal("1.5", 30, 5), timestamp(0, 0), null));
        map(
                cases, "sql-map-of-row", RowType.of(TEXT), new ArrayType(INT),
                map(GenericRowData.of(text("a")), array(1, null)));
        SerializersCase.add(cases, "sql-multiset", new MapDataSerializer(TEXT, new IntType(false)), map(text("a"), 2))
                .as(form(new MultisetType(TEXT)));
    }

    private static void map(
            List<SerializersCase> cases, String name, LogicalType key, LogicalType value, Object... maps) {
        SerializersCase.add(cases, name, new MapDataSerializer(key, value), maps).as(form(new MapType(key, value)));
    }

    private static void collections(List<SerializersCase> cases) throws Exception {
        Object[] lists = {
            new LinkedList<>(), new LinkedList<>(Arrays.asList(1, 2)),
            new LinkedList<>(Arrays.asList(1, null, 3, null, 5, 6, 7, 8, null))
        };
        SerializersCase.add(cases, "sql-linked-list", new LinkedListSerializer<>(IntSerializer.INSTANCE), lists)
                .hashed();
        if (SerializersCore.FLAGGED) {
            Object without = Compat.make(LinkedListSerializer.class.getName(), IntSerializer.INSTANCE, false);
            SerializersCase.add(
                    cases, "sql-linked-list-without-mask", (TypeSerializer<?>) without, lists[0], lists[1]).hashed();
        }
        sorted(cases, "sql-sorted-map", Comparator.naturalOrder());
        sorted(cases, "sql-sorted-map-of-user", new Backwards());
        SerializersCase.add(
                cases, "sql-null-aware-map",
                new NullAwareMapSerializer<>(StringSerializer.INSTANCE, IntSerializer.INSTANCE),
                Map.of(), SerializersCore.map("a", 1), SerializersCore.map("b", null, null, 2, "", -1)).hashed();
        if (Compat.has(TABLE + "runtime.operators.sink.SortedLongSerializer")) {
            SerializersCase.add(
                    cases, "sql-sorted-long",
                    (TypeSerializer<?>) Compat.make(TABLE + "runtime.operators.sink.SortedLongSerializer"),
                    0L, 1L, -1L, Long.MIN_VALUE, Long.MAX_VALUE).hashed();
        }
        String changes = TABLE + "runtime.types.CRow";
        if (Compat.has(changes)) {
            TypeSerializer<?>[] fields = {IntSerializer.INSTANCE, StringSerializer.INSTANCE};
            Object rows = new RowSerializer(fields);
            SerializersCase.add(
                    cases, "sql-crow", (TypeSerializer<?>) Compat.make(changes + "Serializer", rows),
                    Compat.make(changes, Row.of(1, "a"), true), Compat.make(changes, Row.of(null, ""), false))
                    .as(SerializersSql::changeForm);
        }
    }

    private static void sorted(List<SerializersCase> cases, String name, Comparator<Integer> order) {
        TreeMap<Integer, String> map = new TreeMap<>(order);
        map.put(1, "a");
        map.put(-1, null);
        map.put(5, "");
        SerializersCase.add(
                cases, name, new SortedMapSerializer<>(order, IntSerializer.INSTANCE, StringSerializer.INSTANCE),
                new TreeMap<>(order), map).hashed();
    }

    private static String changeForm(Object change) throws Exception {
        String row = SerializersJson.of(Compat.call(change.getClass(), change, "row"));
        return SerializersJson.object("row", row, "change", String.valueOf(Compat.call(change.getClass(), change, "change")));
    }

    private static void views(List<SerializersCase> cases) {
        ListView<String> list = new ListView<>();
        list.setList(List.of("a", ""));
        SerializersCase.add(
                cases, "sql-list-view", new ListViewSerializer<>(new ListSerializer<>(StringSerializer.INSTANCE)),
                new ListView<>(), list).as(view -> SerializersJson.of(((ListView<?>) view).getList()));
        MapView<String, Integer> map = new MapView<>();
        map.setMap(new LinkedHashMap<>(Map.of("a", 1)));
        SerializersCase.add(
                cases, "sql-map-view",
                new MapViewSerializer<>(new MapSerializer<>(StringSerializer.INSTANCE, IntSerializer.INSTANCE)),
                new MapView<>(), map).as(view -> SerializersJson.of(((MapView<?, ?>) view).getMap()));
    }

    private static void externals(List<SerializersCase> cases) {
        external(cases, "int", DataTypes.INT(), 1, -1);
        external(cases, "string", DataTypes.STRING(), "", "a");
        external(cases, "array", DataTypes.ARRAY(DataTypes.INT()), new Integer[] {1, null}, new Integer[0]);
        external(cases, "map", DataTypes.MAP(DataTypes.STRING(), DataTypes.BIGINT()), Map.of("a", 1L), Map.of());
        external(
                cases, "row",
                DataTypes.ROW(DataTypes.FIELD("a", DataTypes.INT()), DataTypes.FIELD("b", DataTypes.STRING())),
                Row.of(1, "a"), Row.ofKind(RowKind.DELETE, null, null));
        DataType internal = DataTypes.STRING().bridgedTo(StringData.class);
        SerializersCase.add(
                cases, "sql-external-internal-input", ExternalSerializer.of(internal, true), text(""), text("a"));
    }

    private static void external(List<SerializersCase> cases, String name, DataType type, Object... values) {
        SerializersCase.add(cases, "sql-external-" + name, ExternalSerializer.of(type), values);
    }

    private static void windows(List<SerializersCase> cases) throws Exception {
        SerializersCase.add(
                cases, "sql-time-window", new TimeWindow.Serializer(),
                new TimeWindow(10, 20), new TimeWindow(Long.MIN_VALUE, -1))
                .as(window -> SerializersJson.object(
                        "start", SerializersJson.number(((TimeWindow) window).getStart()), "end",
                        SerializersJson.number(((TimeWindow) window).getEnd())));
        SerializersCase.add(
                cases, "sql-count-window", new CountWindow.Serializer(), new CountWindow(0), new CountWindow(-1))
                .as(window -> SerializersJson.object("id", SerializersJson.number(((CountWindow) window).getId())));
        String global = TABLE + "runtime.operators.window.GlobalWindow";
        if (Compat.has(global)) {
            SerializersCase.add(
                    cases, "sql-global-window", (TypeSerializer<?>) Compat.make(global + "$Serializer"),
                    Compat.call(Class.forName(global), null, "get")).as(window -> SerializersJson.text("GlobalWindow"));
        }
        SerializersCase.add(
                cases, "sql-window-key", new WindowKeySerializer(new RowDataSerializer(INT, TEXT)),
                new WindowKey(1_000, GenericRowData.of(1, text("a"))), new WindowKey(-1, GenericRowData.of(null, null)))
                .as(key -> SerializersJson.object(
                        "window", SerializersJson.number(((WindowKey) key).getWindow()), "key",
                        rowForm(((WindowKey) key).getKey(), Arrays.asList(INT, TEXT))));
    }

    /** Sequenced multisets, from 2.2 on. */
    private static void linked(List<SerializersCase> cases) throws Exception {
        if (!Compat.has(LINKED + "NodeSerializer")) {
            return;
        }
        SerializersCase.add(
                cases, "sql-multiset-meta", (TypeSerializer<?>) Compat.make(LINKED + "MetaSqnInfoSerializer"),
                Compat.make(LINKED + "MetaSqnInfo", -5L, 3L))
                .as(info -> numbersForm(info, "high", "highSqn", "size", "size"));
        SerializersCase.add(
                cases, "sql-multiset-row-info", (TypeSerializer<?>) Compat.make(LINKED + "RowSqnInfoSerializer"),
                Compat.make(LINKED + "RowSqnInfo", 1L, Long.MAX_VALUE))
                .as(info -> numbersForm(info, "first", "firstSqn", "last", "lastSqn"));
        RowDataSerializer rows = new RowDataSerializer(INT, TEXT);
        RowData row = GenericRowData.of(1, text("a"));
        SerializersCase.add(
                cases, "sql-multiset-node", (TypeSerializer<?>) Compat.make(LINKED + "NodeSerializer", rows),
                Compat.make(LINKED + "Node", row, 5L, 4L, 6L, 7L, 1_000L),
                Compat.make(LINKED + "Node", row, 0L, null, null, null, -1L)).as(SerializersSql::nodeForm);
        rowKeys(cases, rows, row);
    }

    private static void rowKeys(List<SerializersCase> cases, RowDataSerializer rows, RowData row) throws Exception {
        String generated = TABLE + "runtime.generated.";
        String equal =
                "public class Same implements " + generated + "RecordEqualiser {\n"
                        + "  public Same(Object[] references) {}\n"
                        + "  public boolean equals(" + TABLE + "data.RowData a, " + TABLE + "data.RowData b) {\n"
                        + "    return a.getInt(0) == b.getInt(0);\n  }\n}\n";
        String hash =
                "public class Hash implements " + generated + "HashFunction {\n"
                        + "  public Hash(Object[] references) {}\n"
                        + "  public int hashCode(Object row) {\n"
                        + "    return ((" + TABLE + "data.RowData) row).getInt(0);\n  }\n}\n";
        Object[] none = {};
        Configuration conf = new Configuration();
        Object equaliser = Compat.make(generated + "GeneratedRecordEqualiser", "Same", equal, none, conf);
        Object hasher = Compat.make(generated + "GeneratedHashFunction", "Hash", hash, none, conf);
        ClassLoader loader = SerializersSql.class.getClassLoader();
        Object same = Compat.call(equaliser.getClass(), equaliser, "newInstance", loader);
        Object hashes = Compat.call(hasher.getClass(), hasher, "newInstance", loader);
        Object serializer = Compat.make(LINKED + "RowDataKeySerializer", rows, same, hashes, equaliser, hasher);
        SerializersCase.add(
                cases, "sql-multiset-row-key", (TypeSerializer<?>) serializer,
                Compat.make(LINKED + "RowDataKey", row, same, hashes))
                .as(key -> rowForm((RowData) SerializersRuntime.get(key, "rowData"), Arrays.asList(INT, TEXT)));
    }

    /** Names of members, each with the name of the field. */
    private static String numbersForm(Object info, String... names) throws Exception {
        String[] members = names.clone();
        for (int i = 1; i < names.length; i += 2) {
            members[i] = SerializersJson.of(SerializersRuntime.get(info, names[i]));
        }
        return SerializersJson.object(members);
    }

    private static String nodeForm(Object node) throws Exception {
        String row = rowForm((RowData) SerializersRuntime.get(node, "row"), Arrays.asList(INT, TEXT));
        String numbers =
                numbersForm(
                        node, "sqn", "sqn", "previous", "prevSqn", "next", "nextSqn", "next_for_record",
                        "nextSqnForRecord", "timestamp", "timestamp");
        return "{\"row\": " + row + ", " + numbers.substring(1);
    }

    /** The form of the values of a type. */
    static SerializersCase.Form form(LogicalType type) {
        return value -> value == null ? "null" : of(value, type);
    }

    private static String of(Object value, LogicalType type) throws Exception {
        List<LogicalType> inside = type.getChildren();
        // Names, because not all releases have all constants.
        switch (type.getTypeRoot().name()) {
            case "CHAR":
            case "VARCHAR":
                // As the bytes are: unpaired surrogates do not get there.
                return SerializersJson.text(new String(((StringData) value).toBytes(), StandardCharsets.UTF_8));
            case "DATE":
                return SerializersJson.of(LocalDate.ofEpochDay((Integer) value));
            case "TIME_WITHOUT_TIME_ZONE":
                return SerializersJson.of(LocalTime.ofNanoOfDay((Integer) value * 1_000_000L));
            case "ARRAY":
                return SerializersJson.array(elements((ArrayData) value, inside.get(0)), form(inside.get(0)));
            case "MAP":
                return mapForm((MapData) value, inside.get(0), inside.get(1));
            case "MULTISET":
                return mapForm((MapData) value, inside.get(0), new IntType(false));
            case "ROW":
            case "STRUCTURED_TYPE":
                return rowForm((RowData) value, inside);
            case "DISTINCT_TYPE":
                return of(value, ((DistinctType) type).getSourceType());
            case "RAW":
                return SerializersJson.of(rawObject(value, (RawType<?>) type));
            case "VARIANT":
                return SerializersCore.variantForm(value);
            case "BITMAP":
                return SerializersCore.bitmapForm(value);
            default:
                return SerializersJson.of(value);
        }
    }

    private static Object rawObject(Object value, RawType<?> type) {
        return ((RawValueData<?>) value).toObject(serializer(type.getTypeSerializer()));
    }

    @SuppressWarnings("unchecked")
    private static <T> TypeSerializer<T> serializer(TypeSerializer<?> serializer) {
        return (TypeSerializer<T>) serializer;
    }

    private static String rowForm(RowData row, List<LogicalType> types) throws Exception {
        List<String> fields = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            Object value = row.isNullAt(i) ? null : RowData.createFieldGetter(types.get(i), i).getFieldOrNull(row);
            fields.add(form(types.get(i)).of(value));
        }
        return SerializersJson.row(row.getRowKind().shortString(), "[" + String.join(", ", fields) + "]");
    }

    private static String mapForm(MapData map, LogicalType key, LogicalType value) throws Exception {
        List<Object> keys = elements(map.keyArray(), key);
        List<Object> values = elements(map.valueArray(), value);
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            pairs.add("[" + form(key).of(keys.get(i)) + ", " + form(value).of(values.get(i)) + "]");
        }
        return "[" + String.join(", ", pairs) + "]";
    }

    private static List<Object> elements(ArrayData array, LogicalType type) {
        ArrayData.ElementGetter getter = ArrayData.createElementGetter(type);
        List<Object> elements = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            elements.add(getter.getElementOrNull(array, i));
        }
        return elements;
    }

    /** A comparator that is not part of the JDK. */
    public static final class Backwards implements Comparator<Integer>, Serializable {
        private static final long serialVersionUID = 1;

        @Override
        public int compare(Integer a, Integer b) {
            return b.compareTo(a);
        }
    }
}
