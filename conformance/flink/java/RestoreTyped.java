import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.flink.api.common.functions.FilterFunction;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.BasicArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.typeutils.runtime.NullableSerializer;
import org.apache.flink.api.java.typeutils.runtime.TupleSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.writer.BinaryRowWriter;
import org.apache.flink.table.runtime.typeutils.InternalSerializers;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.CharType;
import org.apache.flink.table.types.logical.DateType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.FloatType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.MultisetType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.SmallIntType;
import org.apache.flink.table.types.logical.TimeType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.table.types.logical.TinyIntType;
import org.apache.flink.table.types.logical.VarBinaryType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;

/**
 * Restores typed state from a savepoint that reference/examples/write_typed.rs has written, and prints all it finds,
 * one line each: state as elements ask for it key by key, timers as they fire when the job is drained. Before that it
 * takes a canonical savepoint of its own.
 */
public class RestoreTyped {
    static final int KEYS = 20;
    static final int OPERATORS = 5;

    /** The job runs in this JVM; its operators report here. */
    static final List<String> LINES = Collections.synchronizedList(new ArrayList<>());
    static final AtomicInteger PROCESSED = new AtomicInteger();

    static final VarCharType TEXT = new VarCharType(VarCharType.MAX_LENGTH);
    static final RowType KEY = RowType.of(new BigIntType(), TEXT, new DecimalType(30, 5));
    static final RowType NESTED =
            new RowType(
                    List.of(
                            new RowType.RowField("a", new IntType()),
                            new RowType.RowField("b", TEXT),
                            new RowType.RowField("c", new ArrayType(new BigIntType()))));
    static final RowType ROW =
            RowType.of(
                    new IntType(), new BigIntType(), new VarCharType(5), TEXT, new DecimalType(10, 2),
                    new DecimalType(30, 5), new TimestampType(3), new TimestampType(9), new LocalZonedTimestampType(6),
                    new BooleanType(), new TinyIntType(), new SmallIntType(), new FloatType(), new DoubleType(),
                    new DateType(), new TimeType(0), new VarBinaryType(VarBinaryType.MAX_LENGTH), new CharType(3),
                    new ArrayType(new IntType()), new ArrayType(TEXT), new MapType(TEXT, new BigIntType()),
                    new MultisetType(TEXT), NESTED, new IntType(false));

    /** Without lists, which Kryo writes up to 1.20. */
    public static class Person {
        public TypedTypes.Address address;
        public int age;
        public TypedTypes.Color color;
        public Long id;
        public String name;
        public int[] scores;
    }

    /** Registered: values name it by a tag. */
    public static class Employee extends Person {
        public short level;
    }

    /** Not registered: values name it by its class. */
    public static class Visitor extends Person {
        public String badge;
    }

    public static void main(String[] args) throws Exception {
        if (args.length < 4 || args.length % 4 != 0) {
            System.err.println(
                    "usage: RestoreTyped SAVEPOINT BACKEND PARALLELISM OUT ...\n"
                            + "  BACKEND hashmap|rocksdb; writes OUT/lines and the canonical savepoint OUT/savepoint");
            System.exit(args.length == 1 && args[0].equals("--help") ? 0 : 2);
        }
        try {
            for (int i = 0; i < args.length; i += 4) {
                run(args[i], args[i + 1], Integer.parseInt(args[i + 2]), Paths.get(args[i + 3]).toAbsolutePath());
            }
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
        }
        // Threads of the local cluster may linger.
        System.exit(0);
    }

    static void run(String savepoint, String backend, int parallelism, Path out) throws Exception {
        Files.createDirectories(out);
        Path scratch = Files.createTempDirectory(out, ".scratch");
        Configuration conf = TypedJob.configuration(backend, scratch);
        GoldenJob.set(conf, "RestoreTyped$Employee", "pipeline.registered-pojo-types");
        GoldenJob.set(conf, "[RestoreTyped$Employee: {type: pojo}]", "pipeline.serialization-config");
        String from = Paths.get(savepoint).toAbsolutePath().toUri().toString();
        GoldenJob.set(conf, from, "execution.savepoint.path", "execution.state-recovery.path");
        LINES.clear();
        PROCESSED.set(0);

        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(parallelism, conf);
        env.setMaxParallelism(128);
        build(env);
        JobClient client = env.executeAsync("restore-typed");
        awaitAll(client);
        String taken = Compat.triggerSavepoint(client, scratch.toUri().toString(), "CANONICAL");
        // The end of event time, at which all timers fire.
        drain(client, scratch.toUri().toString());
        client.getJobExecutionResult().get();

        Compat.delete(out.resolve("savepoint"));
        Files.move(Paths.get(URI.create(taken)), out.resolve("savepoint"));
        Compat.delete(scratch);
        Files.writeString(
                out.resolve("lines"), LINES.stream().sorted().map(line -> line + "\n").collect(Collectors.joining()));
        System.out.println(out);
    }

    static void awaitAll(JobClient client) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (PROCESSED.get() < OPERATORS * KEYS) {
            if (client.getJobExecutionResult().isDone()) {
                client.getJobExecutionResult().get();
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("only " + PROCESSED.get() + " elements after a minute");
            }
            Thread.sleep(20);
        }
    }

    /** Without a format up to 1.14. */
    static void drain(JobClient client, String into) throws Exception {
        String formats = "org.apache.flink.core.execution.SavepointFormatType";
        Object stopped =
                Compat.has(formats)
                        ? Compat.call(
                                JobClient.class, client, "stopWithSavepoint", true, into,
                                Compat.constant(Class.forName(formats), "CANONICAL"))
                        : Compat.call(JobClient.class, client, "stopWithSavepoint", true, into);
        ((CompletableFuture<?>) stopped).get();
    }

    static void build(StreamExecutionEnvironment env) {
        DataStream<Long> numbers =
                env.fromSequence(0, Long.MAX_VALUE).setParallelism(1).uid("source")
                        .filter(new Gate()).setParallelism(1).uid("gate");
        keyed(numbers, "by-tuple", n -> Tuple2.of(text(n), (n - 7) * 1_000_000_007L), TypedJob.TEXT_AND_LONG,
                new ByTuple());
        keyed(numbers, "by-text", RestoreTyped::text, Types.STRING, new ByText());
        keyed(numbers, "by-row", new RowKey(), InternalTypeInfo.of(KEY), new ByRow());
        keyed(numbers, "by-int", n -> (int) (n * n - 100), Types.INT, new ByInt());
        keyed(numbers, "by-long", n -> (n - 5) * 1_000_000_007L, Types.LONG, new ByLong());
    }

    static <K> void keyed(
            DataStream<Long> numbers, String uid, KeySelector<Long, K> key, TypeInformation<K> type,
            Reading<K> reading) {
        reading.uid = uid;
        numbers.keyBy(key, type).process(reading).returns(Types.LONG).name(uid).uid(uid);
    }

    /** The empty key, keys of two and four byte characters, and plain ones. */
    static String text(long n) {
        return n == 0 ? "" : n % 3 == 0 ? "\u043a\u043b\u044e\u0447-\ud83d\ude00" + n : "key-" + n;
    }

    /** One element for each key; then the job idles. */
    static class Gate implements FilterFunction<Long> {
        @Override
        public boolean filter(Long n) throws Exception {
            if (n >= KEYS) {
                Thread.sleep(1);
                return false;
            }
            return true;
        }
    }

    /** Writes binary rows as the code of the planner does: with space for a decimal number that is null. */
    static class RowKey implements KeySelector<Long, RowData> {
        @Override
        public RowData getKey(Long n) {
            BinaryRowData row = new BinaryRowData(KEY.getFieldCount());
            BinaryRowWriter writer = new BinaryRowWriter(row);
            if (n % 6 == 5) {
                writer.setNullAt(0);
            } else {
                writer.writeLong(0, n << 33);
            }
            if (n % 4 == 3) {
                writer.setNullAt(1);
            } else {
                writer.writeString(1, StringData.fromString("k" + "\u0444".repeat(n.intValue())));
            }
            BigInteger unscaled = new BigInteger("123456789012345678901234567").multiply(BigInteger.valueOf(n - 8));
            DecimalData wide = n % 3 == 2 ? null : DecimalData.fromBigDecimal(new BigDecimal(unscaled, 5), 30, 5);
            writer.writeDecimal(2, wide, 30);
            writer.complete();
            return row;
        }
    }

    /** Prints what its states hold as their key comes along, and its timers when they fire. */
    abstract static class Reading<K> extends KeyedProcessFunction<K, Long, Long> implements CheckpointedFunction {
        String uid;
        private transient List<Print> states;

        /** Prints what a state holds for the current key. */
        interface Print {
            void print(String key) throws Exception;
        }

        abstract void register(KeyedStateStore store) throws Exception;

        String keyText(K key) {
            return RestoreTypedText.of(key);
        }

        <T> void value(KeyedStateStore store, String name, TypeInformation<T> type, LogicalType sql) {
            value(store, new ValueStateDescriptor<>(name, type), sql);
        }

        <T> void value(KeyedStateStore store, ValueStateDescriptor<T> descriptor, LogicalType sql) {
            ValueState<T> state = store.getState(descriptor);
            states.add(key -> {
                T value = state.value();
                if (value != null) {
                    print(key, descriptor.getName(), RestoreTypedText.of(value, sql));
                }
            });
        }

        <T> void list(KeyedStateStore store, String name, TypeInformation<T> type, LogicalType sql) {
            ListState<T> state = store.getListState(new ListStateDescriptor<>(name, type));
            states.add(key -> {
                List<String> elements = new ArrayList<>();
                Iterable<T> found = state.get();
                if (found != null) {
                    found.forEach(element -> elements.add(RestoreTypedText.of(element, sql)));
                }
                if (!elements.isEmpty()) {
                    print(key, name, String.join(" | ", elements));
                }
            });
        }

        <U, T> void map(
                KeyedStateStore store, String name, TypeInformation<U> keyType, TypeInformation<T> type,
                LogicalType sql) {
            MapState<U, T> state = store.getMapState(new MapStateDescriptor<>(name, keyType, type));
            states.add(key -> {
                for (Map.Entry<U, T> entry : state.entries()) {
                    String what = name + "[" + RestoreTypedText.of(entry.getKey()) + "]";
                    print(key, what, RestoreTypedText.of(entry.getValue(), sql));
                }
            });
        }

        private void print(String... fields) {
            LINES.add(uid + "\t" + String.join("\t", fields));
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            states = new ArrayList<>();
            register(context.getKeyedStateStore());
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {}

        @Override
        public void processElement(Long n, Context context, Collector<Long> out) throws Exception {
            for (Print state : states) {
                state.print(keyText(context.getCurrentKey()));
            }
            PROCESSED.incrementAndGet();
        }

        @Override
        public void onTimer(long timestamp, OnTimerContext context, Collector<Long> out) {
            print(keyText(context.getCurrentKey()), "timer", String.valueOf(timestamp));
        }
    }

    static class ByTuple extends Reading<Tuple2<String, Long>> {
        @Override
        void register(KeyedStateStore store) {
            value(store, "person", Types.POJO(Person.class), null);
            list(store, "decimals", Types.BIG_DEC, null);
            TypeInformation<Row> inner = Types.ROW(Types.LONG, Types.STRING);
            TypeInformation<Row> row = Types.ROW(Types.STRING, Types.DOUBLE, inner);
            map(store, "rows", Types.TUPLE(Types.INT, Types.STRING), row, null);
        }
    }

    static class ByText extends Reading<String> {
        @Override
        void register(KeyedStateStore store) {
            value(store, "row", InternalTypeInfo.of(ROW), ROW);
            map(store, "row-map", Types.STRING, InternalTypeInfo.of(ROW), ROW);
            list(store, "row-list", InternalTypeInfo.of(ROW), ROW);
        }
    }

    static class ByRow extends Reading<RowData> {
        @Override
        void register(KeyedStateStore store) {
            value(store, "count", Types.LONG, null);
        }

        @Override
        String keyText(RowData key) {
            return RestoreTypedText.of(key, KEY);
        }
    }

    static class ByInt extends Reading<Integer> {
        @Override
        void register(KeyedStateStore store) {
            sql(store, "text", TEXT);
            sql(store, "compact", new DecimalType(10, 2));
            sql(store, "decimal", new DecimalType(30, 5));
            sql(store, "millis", new TimestampType(3));
            sql(store, "nanos", new LocalZonedTimestampType(9));
            sql(store, "array", new ArrayType(TEXT));
            sql(store, "counts", new MapType(TEXT, new DoubleType()));
        }

        private void sql(KeyedStateStore store, String name, LogicalType type) {
            value(store, new ValueStateDescriptor<>(name, InternalSerializers.create(type)), type);
        }
    }

    static class ByLong extends Reading<Long> {
        @Override
        void register(KeyedStateStore store) throws Exception {
            value(store, "either", Types.EITHER(Types.LONG, Types.STRING), null);
            value(store, "nested",
                    Types.TUPLE(Types.STRING, Types.TUPLE(Types.INT, Types.ROW(Types.STRING, Types.LONG))), null);
            value(store, "texts", BasicArrayTypeInfo.STRING_ARRAY_TYPE_INFO, null);
            value(store, "boxes", BasicArrayTypeInfo.INT_ARRAY_TYPE_INFO, null);
            value(store, "instant", Types.INSTANT, null);
            value(store, "date", Types.LOCAL_DATE, null);
            value(store, "times", Types.TUPLE(Types.LOCAL_DATE, Types.LOCAL_TIME, Types.LOCAL_DATE_TIME), null);
            value(store, "map", Types.MAP(Types.STRING, Types.LIST(Types.INT)), null);
            value(store, new ValueStateDescriptor<>("padded", padded()), null);
            ValueStateDescriptor<Tuple2<String, Long>> ttl =
                    new ValueStateDescriptor<>("ttl", TypedJob.TEXT_AND_LONG);
            ttl.enableTimeToLive(longTime());
            value(store, ttl, null);
        }

        /** Nulls as long as numbers. */
        @SuppressWarnings("unchecked")
        private static TupleSerializer<Tuple2<Long, String>> padded() {
            TypeSerializer<?>[] fields = {
                NullableSerializer.wrap(LongSerializer.INSTANCE, true),
                NullableSerializer.wrap(StringSerializer.INSTANCE, false)
            };
            return new TupleSerializer<>((Class<Tuple2<Long, String>>) (Class<?>) Tuple2.class, fields);
        }

        /** Time was replaced by Duration in 2.0. */
        private static StateTtlConfig longTime() throws Exception {
            String before20 = "org.apache.flink.api.common.time.Time";
            Object days =
                    Compat.has(before20)
                            ? Compat.call(Class.forName(before20), null, "days", 10_000L) : Duration.ofDays(10_000);
            return ((StateTtlConfig.Builder) Compat.call(StateTtlConfig.class, null, "newBuilder", days)).build();
        }
    }
}
