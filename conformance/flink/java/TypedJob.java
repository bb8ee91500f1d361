import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.sql.Time;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.FilterFunction;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.BasicArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.tuple.Tuple7;
import org.apache.flink.api.java.tuple.Tuple8;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.CoGroupedStreams;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.datastream.WindowedStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.co.ProcessJoinFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.evictors.CountEvictor;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.types.Either;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;

/**
 * Runs one job with keys and states of many types, and takes a canonical savepoint of it for each argument.
 *
 * <p>The content does not depend on backend, clock or chance, except for the source's position and the timestamps of
 * TTL. Neither does it depend on the release, except for the lists inside of POJOs: Kryo writes them up to 1.20.
 */
public class TypedJob {
    /** Two for each key. */
    static final int ELEMENTS = 12;
    static final int KEYS = 6;
    /** In the year 2286, so that no timer fires. */
    static final long FAR = 10_000_000_000_000L;

    static final TypeInformation<Tuple2<String, Long>> TEXT_AND_LONG = Types.TUPLE(Types.STRING, Types.LONG);

    /** Set when the last element is through. */
    static volatile boolean idle;

    interface Graph {
        void build(StreamExecutionEnvironment env, List<String> options) throws Exception;
    }

    public static void main(String[] args) throws Exception {
        takeAll("TypedJob", "[,scalar-keys]", args, (env, options) -> build(env, options.contains("scalar-keys")));
    }

    /** The command line of all drivers that choose little but the backend. */
    static void takeAll(String driver, String options, String[] args, Graph graph) throws Exception {
        if (args.length < 2 || args[0].equals("--help")) {
            System.err.println(
                    "usage: " + driver + " DIR NAME=BACKEND" + options + " ...\n"
                            + "  writes a canonical savepoint DIR/NAME for each; BACKEND hashmap|rocksdb");
            System.exit(args.length > 0 && args[0].equals("--help") ? 0 : 2);
        }
        Path into = Paths.get(args[0]).toAbsolutePath();
        Files.createDirectories(into);
        for (int i = 1; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            take(into, args[i].substring(0, equals), List.of(args[i].substring(equals + 1).split(",")), graph);
        }
        // Threads of the local cluster may linger.
        System.exit(0);
    }

    static void take(Path into, String name, List<String> spec, Graph graph) throws Exception {
        Path scratch = Files.createTempDirectory(into, ".scratch");
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.createLocalEnvironment(1, configuration(spec.get(0), scratch));
        env.setMaxParallelism(128);
        graph.build(env, spec);

        idle = false;
        JobClient client = env.executeAsync(name);
        String savepoint = savepoint(client, scratch);
        client.cancel().get();

        Path target = into.resolve(name);
        Compat.delete(target);
        Files.move(Paths.get(URI.create(savepoint)), target);
        Compat.delete(scratch);
        System.out.println(target);
    }

    /** Old and new names of the same options; a release ignores what it does not know. */
    static Configuration configuration(String backend, Path scratch) {
        Configuration conf = new Configuration();
        GoldenJob.set(conf, backend, "state.backend", "state.backend.type");
        GoldenJob.set(conf, "filesystem", "state.checkpoint-storage", "execution.checkpointing.storage");
        String checkpoints = scratch.resolve("checkpoints").toUri().toString();
        GoldenJob.set(conf, checkpoints, "state.checkpoints.dir", "execution.checkpointing.dir");
        GoldenJob.set(conf, "0b", "state.storage.fs.memory-threshold", "execution.checkpointing.data-inline-threshold");
        GoldenJob.set(conf, "none", "restart-strategy", "restart-strategy.type");
        GoldenJob.set(conf, "TypedTypes$Employee", "pipeline.registered-pojo-types");
        GoldenJob.set(conf, "[TypedTypes$Employee: {type: pojo}]", "pipeline.serialization-config");
        return conf;
    }

    /** No barrier overtakes an element, so all of them are in a savepoint that is triggered when the gate idles. */
    static String savepoint(JobClient client, Path scratch) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            Thread.sleep(50);
            if (idle) {
                try {
                    return Compat.triggerSavepoint(client, scratch.toUri().toString(), "CANONICAL");
                } catch (Exception notAllTasksRun) {
                    if (System.nanoTime() > deadline) {
                        throw notAllTasksRun;
                    }
                }
            } else if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not all elements are through after a minute");
            }
        }
    }

    static DataStream<Long> numbers(StreamExecutionEnvironment env) {
        return env.fromSequence(0, Long.MAX_VALUE).name("numbers").uid("source")
                .filter(new Gate()).name("gate").uid("gate");
    }

    /** Lets the first elements through and then idles: the job goes on, its content is fixed. */
    static class Gate implements FilterFunction<Long> {
        @Override
        public boolean filter(Long n) throws Exception {
            if (n >= ELEMENTS) {
                idle = true;
                Thread.sleep(1);
                return false;
            }
            return true;
        }
    }

    /** Nothing comes after the operators with state: they keep what they read, and have nothing to say. */
    static void build(StreamExecutionEnvironment env, boolean scalarKeys) throws Exception {
        DataStream<Long> numbers = numbers(env);
        if (scalarKeys) {
            scalarKeys(numbers);
        }
        compositeKeys(numbers);
        keyed(numbers, "pojo", n -> "ключ-\ud83d\ude00" + n % KEYS, Types.STRING, new Pojos());
        keyed(numbers, "values", TypedJob::number, Types.LONG, new Values());
        keyed(numbers, "kryo", TypedJob::number, Types.LONG, new Kryos());
        keyed(numbers, "ttl", n -> Tuple2.of("k" + n % KEYS, n % KEYS), TEXT_AND_LONG, new Ttl());
        windows(timed(numbers));
        numbers.map(new OperatorStates()).name("operator states").uid("operator-states").setParallelism(2);
    }

    static <K> void keyed(
            DataStream<Long> numbers, String uid, KeySelector<Long, K> key, TypeInformation<K> type,
            KeyedProcessFunction<K, Long, Long> function) {
        numbers.keyBy(key, type).process(function).returns(Types.LONG).name(uid).uid(uid);
    }

    static long number(long n) {
        return (n % KEYS - 2) * 1_000_000_007L;
    }

    /** One operator for each type of key; composite keys have lengths where the type's length varies. */
    static void scalarKeys(DataStream<Long> numbers) {
        key(numbers, "boolean", n -> n % 2 == 0, Types.BOOLEAN);
        key(numbers, "byte", n -> (byte) (50 * k(n) - 100), Types.BYTE);
        key(numbers, "short", n -> (short) (10_001 * k(n) - 20_000), Types.SHORT);
        key(numbers, "int", n -> 500_000_009 * (k(n) - 2), Types.INT);
        key(numbers, "char", n -> (char) ('a' + 5_000 * k(n)), Types.CHAR);
        key(numbers, "float", n -> -1.5f + k(n), Types.FLOAT);
        key(numbers, "double", n -> k(n) / 7.0 - 0.25, Types.DOUBLE);
        key(numbers, "big-integer", n -> BigInteger.valueOf(k(n) - 1).pow(41), Types.BIG_INT);
        key(numbers, "big-decimal", n -> new BigDecimal(BigInteger.valueOf(k(n) - 1).pow(29), k(n) - 2), Types.BIG_DEC);
        key(numbers, "instant", n -> Instant.ofEpochSecond(number(n), 999_999_999 - n % KEYS), Types.INSTANT);
        key(numbers, "local-date", n -> LocalDate.of(1960 + 20 * k(n), 1 + k(n), 28), Types.LOCAL_DATE);
        key(numbers, "local-time", n -> LocalTime.of(3 * k(n), 59, k(n), k(n) * 1_001), Types.LOCAL_TIME);
        key(numbers, "date", n -> new Date(number(n)), TypeInformation.of(Date.class));
    }

    static void compositeKeys(DataStream<Long> numbers) {
        key(numbers, "tuple2", n -> Tuple2.of(k(n) == 0 ? "" : "k" + k(n), number(n)), TEXT_AND_LONG);
        key(numbers, "tuple3", n -> Tuple3.of(k(n), "ж".repeat(k(n)), n % 2 == 0),
                Types.TUPLE(Types.INT, Types.STRING, Types.BOOLEAN));
        key(numbers, "fixed-tuple", n -> Tuple2.of(number(n), (short) k(n)), Types.TUPLE(Types.LONG, Types.SHORT));
        key(numbers, "row", n -> Row.of("r" + k(n), k(n) == 3 ? null : k(n)), Types.ROW(Types.STRING, Types.INT));
        key(numbers, "pojo", n -> new TypedTypes.Place(k(n), "s" + n % 2), Types.POJO(TypedTypes.Place.class));
        key(numbers, "kryo", n -> new UUID(number(n), n % KEYS), Types.GENERIC(UUID.class));
    }

    static int k(long n) {
        return (int) (n % KEYS);
    }

    static <K> void key(DataStream<Long> numbers, String name, KeySelector<Long, K> key, TypeInformation<K> type) {
        keyed(numbers, "key-" + name, key, type, new ByKey<>(name.startsWith("tuple") || name.equals("pojo")));
    }

    /** Operators of windows, and a join and a co-group, which keep what they read. */
    static void windows(DataStream<Long> timed) throws Exception {
        KeyedStream<Long, Long> keyed = timed.keyBy(n -> n % 3, Types.LONG);
        windowed("tumbling-reduce", tumbling(keyed).reduce(Long::sum));
        windowed("tumbling-aggregate",
                tumbling(keyed).aggregate(new Mean(), Types.TUPLE(Types.LONG, Types.INT), Types.DOUBLE));
        windowed("tumbling-evictor", tumbling(keyed).evictor(CountEvictor.of(2)).process(new Nothing(), Types.LONG));
        windowed("session", keyed.window(sessionWindows()).reduce(Long::sum));

        KeyedStream<Long, Long> other = timed.map(n -> -n).returns(Types.LONG).name("negative").uid("negative")
                .keyBy(n -> -n % 3, Types.LONG);
        windowed("interval-join",
                between(keyed.intervalJoin(other)).process(new ProcessJoinFunction<Long, Long, Long>() {
                    @Override
                    public void processElement(Long left, Long right, Context context, Collector<Long> out) {}
                }).returns(Types.LONG));
        // No key is on both sides, since the order of the two is by chance.
        DataStream<String> texts = timed.map(n -> "text-" + n).returns(Types.STRING).name("texts").uid("texts");
        CoGroupedStreams<Long, String>.Where<Long>.EqualTo both =
                timed.coGroup(texts).where(n -> n % 3, Types.LONG).equalTo(text -> 10L + text.length(), Types.LONG);
        windowed("co-group",
                both.window(tumblingWindows()).apply((left, right, out) -> { }, Types.LONG));
    }

    static void windowed(String uid, DataStream<?> stream) {
        // Up to 1.18 some methods declare less than they return.
        ((SingleOutputStreamOperator<?>) stream).name(uid).uid(uid);
    }

    /** In the year 2023. Windows do not fire without a watermark. */
    static DataStream<Long> timed(DataStream<Long> numbers) {
        return numbers
                .assignTimestampsAndWatermarks(
                        WatermarkStrategy.<Long>noWatermarks()
                                .withTimestampAssigner((n, none) -> 1_700_000_000_000L + 7_000 * n + n / 9 * 100_000))
                .name("timed").uid("timed");
    }

    static WindowedStream<Long, Long, TimeWindow> tumbling(KeyedStream<Long, Long> keyed) throws Exception {
        return keyed.window(tumblingWindows());
    }

    static WindowAssigner<Object, TimeWindow> tumblingWindows() throws Exception {
        return assigner(TumblingEventTimeWindows.class, "of", 60);
    }

    /** Elements of one key are 21 seconds apart, and merge, except for the last, which are on their own. */
    static WindowAssigner<Object, TimeWindow> sessionWindows() throws Exception {
        return assigner(EventTimeSessionWindows.class, "withGap", 30);
    }

    @SuppressWarnings("unchecked")
    static WindowAssigner<Object, TimeWindow> assigner(Class<?> type, String method, long seconds) throws Exception {
        return (WindowAssigner<Object, TimeWindow>) Compat.call(type, null, method, seconds(seconds));
    }

    @SuppressWarnings("unchecked")
    static KeyedStream.IntervalJoined<Long, Long, Long> between(KeyedStream.IntervalJoin<Long, Long, Long> join)
            throws Exception {
        return (KeyedStream.IntervalJoined<Long, Long, Long>)
                Compat.call(KeyedStream.IntervalJoin.class, join, "between", seconds(-30), seconds(30));
    }

    /** Time was replaced by Duration in 2.0. */
    static Object seconds(long seconds) throws Exception {
        String before20 = "org.apache.flink.streaming.api.windowing.time.Time";
        return Compat.has(before20)
                ? Compat.call(Class.forName(before20), null, "seconds", seconds) : Duration.ofSeconds(seconds);
    }

    /** A function whose state is all there from the start. */
    abstract static class Stateful<K> extends KeyedProcessFunction<K, Long, Long> implements CheckpointedFunction {
        abstract void register(KeyedStateStore store) throws Exception;

        abstract void add(int n) throws Exception;

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            register(context.getKeyedStateStore());
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {}

        @Override
        public void processElement(Long n, Context context, Collector<Long> out) throws Exception {
            add(n.intValue());
        }
    }

    static class ByKey<K> extends Stateful<K> {
        private final boolean timers;
        private transient ValueState<Long> value;

        ByKey(boolean timers) {
            this.timers = timers;
        }

        @Override
        void register(KeyedStateStore store) {
            value = store.getState(new ValueStateDescriptor<>("value", Types.LONG));
        }

        @Override
        void add(int n) throws Exception {
            value.update(100L + n);
        }

        @Override
        public void processElement(Long n, Context context, Collector<Long> out) throws Exception {
            super.processElement(n, context, out);
            if (timers && n % 2 == 0) {
                context.timerService().registerEventTimeTimer(FAR + n);
            }
        }
    }

    static class Pojos extends Stateful<String> {
        private transient ValueState<TypedTypes.Person> person;
        private transient ValueState<TypedTypes.Basket> basket;
        private transient MapState<String, TypedTypes.Address> addresses;
        private transient ListState<TypedTypes.Address> moves;

        @Override
        void register(KeyedStateStore store) {
            TypeInformation<TypedTypes.Address> address = Types.POJO(TypedTypes.Address.class);
            person = store.getState(new ValueStateDescriptor<>("person", Types.POJO(TypedTypes.Person.class)));
            basket = store.getState(new ValueStateDescriptor<>("basket", Types.POJO(TypedTypes.Basket.class)));
            addresses = store.getMapState(new MapStateDescriptor<>("addresses", Types.STRING, address));
            moves = store.getListState(new ListStateDescriptor<>("moves", address));
        }

        @Override
        void add(int n) throws Exception {
            person.update(person(n));
            basket.update(new TypedTypes.Basket(List.of("a", "item-" + n), "owner-" + n));
            // The POJO serializer can write null.
            addresses.put(n % 2 == 0 ? "" : "home", n % 4 == 3 ? null : new TypedTypes.Address("Nîmes", n));
            moves.add(new TypedTypes.Address(n % 3 == 0 ? null : "city-" + n, -n));
        }

        private static TypedTypes.Person person(int n) {
            switch (n % KEYS) {
                case 0:
                    return TypedTypes.Person.bare(new TypedTypes.Person(), n);
                case 1:
                    return TypedTypes.Person.bare(new TypedTypes.Visitor(), n);
                case 2:
                    TypedTypes.Employee employee = TypedTypes.Person.full(new TypedTypes.Employee(), n);
                    employee.level = -3;
                    return employee;
                case 3:
                    TypedTypes.Visitor visitor = TypedTypes.Person.full(new TypedTypes.Visitor(), n);
                    visitor.badge = "badge-" + n;
                    return visitor;
                default:
                    return TypedTypes.Person.full(new TypedTypes.Person(), n);
            }
        }
    }

    /** What the classes of Flink write for types that are not the user's. */
    static class Values extends Stateful<Long> {
        private transient ListState<BigDecimal> decimals;
        private transient ListState<BigInteger> integers;
        private transient MapState<Tuple2<Integer, String>, Row> rows;
        private transient ValueState<Either<Long, String>> either;
        private transient ValueState<Row> row;
        private transient ValueState<String[]> texts;
        private transient ValueState<Integer[]> boxes;
        private transient ValueState<double[]> doubles;
        private transient ValueState<Map<String, Integer>> map;
        private transient ValueState<List<Tuple2<String, Long>>> list;
        private transient ValueState<TypedTypes.Color> color;
        private transient ValueState<Tuple8<Boolean, Byte, Short, Integer, Long, Float, Double, Character>> scalars;
        private transient ValueState<Tuple7<Date, java.sql.Date, Time, Timestamp, Instant, LocalDateTime, LocalTime>>
                times;
        private transient ReducingState<Tuple2<Long, String>> reducing;
        private transient AggregatingState<Long, Double> aggregating;

        @Override
        void register(KeyedStateStore store) {
            decimals = store.getListState(new ListStateDescriptor<>("decimals", Types.BIG_DEC));
            integers = store.getListState(new ListStateDescriptor<>("integers", Types.BIG_INT));
            rows = store.getMapState(
                    new MapStateDescriptor<>(
                            "rows", Types.TUPLE(Types.INT, Types.STRING), Types.ROW(Types.STRING, Types.LONG)));
            either = store.getState(new ValueStateDescriptor<>("either", Types.EITHER(Types.LONG, Types.STRING)));
            row = store.getState(
                    new ValueStateDescriptor<>(
                            "row",
                            Types.ROW(Types.INT, Types.STRING, Types.DOUBLE, Types.ROW(Types.LONG, Types.BIG_DEC))));
            texts = store.getState(new ValueStateDescriptor<>("texts", BasicArrayTypeInfo.STRING_ARRAY_TYPE_INFO));
            boxes = store.getState(new ValueStateDescriptor<>("boxes", BasicArrayTypeInfo.INT_ARRAY_TYPE_INFO));
            doubles = store.getState(
                    new ValueStateDescriptor<>("doubles", PrimitiveArrayTypeInfo.DOUBLE_PRIMITIVE_ARRAY_TYPE_INFO));
            map = store.getState(new ValueStateDescriptor<>("map", Types.MAP(Types.STRING, Types.INT)));
            list = store.getState(new ValueStateDescriptor<>("list", Types.LIST(TEXT_AND_LONG)));
            color = store.getState(new ValueStateDescriptor<>("color", Types.ENUM(TypedTypes.Color.class)));
            scalars = store.getState(
                    new ValueStateDescriptor<>(
                            "scalars",
                            Types.TUPLE(
                                    Types.BOOLEAN, Types.BYTE, Types.SHORT, Types.INT, Types.LONG, Types.FLOAT,
                                    Types.DOUBLE, Types.CHAR)));
            times = store.getState(
                    new ValueStateDescriptor<>(
                            "times",
                            Types.TUPLE(
                                    TypeInformation.of(Date.class), Types.SQL_DATE, Types.SQL_TIME, Types.SQL_TIMESTAMP,
                                    Types.INSTANT, Types.LOCAL_DATE_TIME, Types.LOCAL_TIME)));
            reducing = store.getReducingState(
                    new ReducingStateDescriptor<>(
                            "reducing", (a, b) -> Tuple2.of(a.f0 + b.f0, a.f1 + b.f1),
                            Types.TUPLE(Types.LONG, Types.STRING)));
            aggregating = store.getAggregatingState(
                    new AggregatingStateDescriptor<>("aggregating", new Mean(), Types.TUPLE(Types.LONG, Types.INT)));
        }

        @Override
        void add(int n) throws Exception {
            decimals.add(BigDecimal.valueOf(n - 3, n % 5 - 1));
            decimals.add(new BigDecimal(n + "23456789012345678901234567890.5"));
            integers.add(BigInteger.valueOf(n - 1));
            integers.add(BigInteger.valueOf(n - 6).pow(23));
            rows.put(Tuple2.of(n, "t" + n % 2), Row.of(n % 3 == 0 ? null : "row-" + n, n % 4 == 0 ? null : -10L * n));
            either.update(n % 2 == 0 ? Either.Left(n * 3L) : Either.Right("right-" + n));
            Row inner = n % 3 == 0 ? null : Row.of((long) n, n % 3 == 1 ? null : BigDecimal.valueOf(n, 2));
            row.update(Row.of(n, n % 2 == 0 ? null : "é" + n, n / 4.0, inner));
            texts.update(new String[] {"", n % 2 == 0 ? null : "text-" + n, "ж"});
            boxes.update(new Integer[] {n, null, -n});
            doubles.update(new double[] {-0.0, n / 8.0, Double.NaN});
            map.update(map(n));
            list.update(List.of(Tuple2.of((String) null, 1L), Tuple2.of("second", (long) n)).subList(0, n % 3));
            color.update(TypedTypes.Color.values()[n % 3]);
            scalars.update(
                    new Tuple8<>(
                            n % 2 == 0, (byte) -n, (short) (300 * n), n << 20, (long) n << 40, n / 2f, n / 4.0,
                            (char) (1_000 * n)));
            times.update(times(n));
            reducing.add(Tuple2.of((long) n, "," + n));
            aggregating.add((long) n);
        }

        private static Map<String, Integer> map(int n) {
            Map<String, Integer> map = new TreeMap<>();
            map.put("n", n);
            map.put("none", null);
            return map;
        }

        private static Tuple7<Date, java.sql.Date, Time, Timestamp, Instant, LocalDateTime, LocalTime> times(int n) {
            long millis = 86_400_000L * (n - 4);
            Timestamp timestamp = new Timestamp(millis);
            timestamp.setNanos(123_456_789);
            return new Tuple7<>(
                    new Date(millis), new java.sql.Date(millis), new Time(n * 1_000L), timestamp,
                    Instant.ofEpochMilli(millis).plusNanos(n), LocalDateTime.of(1900 + 20 * n, 2, 28, n, 59, 58, 7 * n),
                    n % 2 == 0 ? null : LocalTime.of(n, 0));
        }
    }

    /** A savepoint does not say what Kryo writes of a class; only where nothing follows is it known where that ends. */
    static class Kryos extends Stateful<Long> {
        private transient ValueState<TypedTypes.Opaque> alone;
        private transient ValueState<Tuple2<Long, TypedTypes.Opaque>> last;
        private transient ValueState<Tuple2<TypedTypes.Opaque, Long>> first;
        private transient ListState<TypedTypes.Opaque> list;
        private transient MapState<String, TypedTypes.Opaque> map;
        private transient ValueState<Object> any;

        @Override
        void register(KeyedStateStore store) {
            TypeInformation<TypedTypes.Opaque> opaque = Types.GENERIC(TypedTypes.Opaque.class);
            alone = store.getState(new ValueStateDescriptor<>("alone", opaque));
            last = store.getState(new ValueStateDescriptor<>("last", Types.TUPLE(Types.LONG, opaque)));
            first = store.getState(new ValueStateDescriptor<>("first", Types.TUPLE(opaque, Types.LONG)));
            list = store.getListState(new ListStateDescriptor<>("list", opaque));
            map = store.getMapState(new MapStateDescriptor<>("map", Types.STRING, opaque));
            any = store.getState(new ValueStateDescriptor<>("any", Types.GENERIC(Object.class)));
        }

        @Override
        void add(int n) throws Exception {
            TypedTypes.Opaque opaque = new TypedTypes.Opaque(n, n % 2 == 0 ? null : "opaque-" + n);
            alone.update(opaque);
            last.update(Tuple2.of((long) n, opaque));
            first.update(Tuple2.of(opaque, (long) n));
            list.add(opaque);
            map.put("k" + n % 2, opaque);
            Object[] choice = {"abc", 300, -5L, 2.5, true, "é"};
            any.update(choice[n % KEYS]);
        }
    }

    static class Ttl extends Stateful<Tuple2<String, Long>> {
        private transient ValueState<Tuple2<String, Long>> value;
        private transient ListState<TypedTypes.Address> list;
        private transient MapState<Tuple2<Integer, String>, Row> map;

        @Override
        void register(KeyedStateStore store) throws Exception {
            ValueStateDescriptor<Tuple2<String, Long>> forValue =
                    new ValueStateDescriptor<>("ttl-value", Types.TUPLE(Types.STRING, Types.LONG));
            forValue.enableTimeToLive(config());
            value = store.getState(forValue);
            ListStateDescriptor<TypedTypes.Address> forList =
                    new ListStateDescriptor<>("ttl-list", Types.POJO(TypedTypes.Address.class));
            forList.enableTimeToLive(config());
            list = store.getListState(forList);
            MapStateDescriptor<Tuple2<Integer, String>, Row> forMap =
                    new MapStateDescriptor<>(
                            "ttl-map", Types.TUPLE(Types.INT, Types.STRING), Types.ROW(Types.STRING, Types.LONG));
            forMap.enableTimeToLive(config());
            map = store.getMapState(forMap);
        }

        @Override
        void add(int n) throws Exception {
            value.update(Tuple2.of(n % 2 == 0 ? null : "v" + n, (long) n));
            list.add(new TypedTypes.Address("ttl", n));
            map.put(Tuple2.of(n, "m"), Row.of(null, 5L * n));
        }

        /** Time was replaced by Duration in 2.0; this is another Time than that of the windows. */
        private static StateTtlConfig config() throws Exception {
            String before20 = "org.apache.flink.api.common.time.Time";
            Object days =
                    Compat.has(before20)
                            ? Compat.call(Class.forName(before20), null, "days", 10_000L) : Duration.ofDays(10_000);
            return ((StateTtlConfig.Builder) Compat.call(StateTtlConfig.class, null, "newBuilder", days)).build();
        }
    }

    static class Mean implements AggregateFunction<Long, Tuple2<Long, Integer>, Double> {
        @Override
        public Tuple2<Long, Integer> createAccumulator() {
            return Tuple2.of(0L, 0);
        }

        @Override
        public Tuple2<Long, Integer> add(Long n, Tuple2<Long, Integer> sum) {
            return Tuple2.of(sum.f0 + n, sum.f1 + 1);
        }

        @Override
        public Double getResult(Tuple2<Long, Integer> sum) {
            return sum.f0 / (double) sum.f1;
        }

        @Override
        public Tuple2<Long, Integer> merge(Tuple2<Long, Integer> a, Tuple2<Long, Integer> b) {
            return Tuple2.of(a.f0 + b.f0, a.f1 + b.f1);
        }
    }

    static class Nothing extends ProcessWindowFunction<Long, Long, Long, TimeWindow> {
        @Override
        public void process(Long key, Context context, Iterable<Long> elements, Collector<Long> out) {}
    }

    /** Split, union and broadcast state, filled by subtask, since the exchange before deals elements out. */
    static class OperatorStates extends RichMapFunction<Long, Long> implements CheckpointedFunction {
        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            OperatorStateStore store = context.getOperatorStateStore();
            ListState<Row> split =
                    store.getListState(new ListStateDescriptor<>("split", Types.ROW(Types.STRING, Types.BIG_DEC)));
            ListState<Tuple2<String, Long>> union =
                    store.getUnionListState(new ListStateDescriptor<>("union", Types.TUPLE(Types.STRING, Types.LONG)));
            BroadcastState<Tuple2<String, Integer>, TypedTypes.Address> broadcast =
                    store.getBroadcastState(
                            new MapStateDescriptor<>(
                                    "broadcast", Types.TUPLE(Types.STRING, Types.INT),
                                    Types.POJO(TypedTypes.Address.class)));
            int subtask = Compat.subtaskIndex(getRuntimeContext());
            for (int i = 0; i < 2 + subtask; i++) {
                split.add(Row.of(i == 0 ? null : "split-" + subtask, BigDecimal.valueOf(i, subtask)));
                union.add(Tuple2.of("union-" + i, 100L * subtask + i));
            }
            for (int i = 0; i < 4; i++) {
                broadcast.put(Tuple2.of("rule", i), i == 3 ? null : new TypedTypes.Address("b" + i, i));
            }
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {}

        @Override
        public Long map(Long n) {
            return n;
        }
    }
}
