import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.functions.FilterFunction;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.KeyedStateCheckpointOutputStream;
import org.apache.flink.runtime.state.OperatorStateCheckpointOutputStream;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.Collector;

/**
 * Runs one job with what {@link GoldenJob} does not have, and takes a canonical savepoint of it for each argument:
 * composite keys with lengths, window namespaces, timers before the epoch, TTL, raw state, more than 127 states, and
 * states without entries.
 *
 * <p>The content does not depend on release, backend, clock or chance, except for the source's position and the
 * timestamps of TTL.
 */
public class RichJob {
    /** One element for each key. */
    static final int KEYS = 10;
    static final int STATES = 150;
    /** In the year 2286, so that no timer fires. */
    static final long FAR = 10_000_000_000_000L;

    static final AtomicInteger PROCESSED = new AtomicInteger();

    public static void main(String[] args) throws Exception {
        if (args.length < 2 || args[0].equals("--help")) {
            System.err.println(
                    "usage: RichJob DIR NAME=BACKEND[,heap-timers][,many] ...\n"
                            + "  writes DIR/NAME for each, for example  a=rocksdb,heap-timers\n"
                            + "  BACKEND hashmap|rocksdb  heap-timers: timers on the heap, the rest in rocksdb\n"
                            + "  many: an operator of 150 states besides");
            System.exit(args.length > 0 && args[0].equals("--help") ? 0 : 2);
        }
        Path into = Paths.get(args[0]).toAbsolutePath();
        Files.createDirectories(into);
        for (int i = 1; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            take(into, args[i].substring(0, equals), List.of(args[i].substring(equals + 1).split(",")));
        }
        // Threads of the local cluster may linger.
        System.exit(0);
    }

    static void take(Path into, String name, List<String> spec) throws Exception {
        String timers = spec.contains("heap-timers") ? "HEAP" : "ROCKSDB";
        Path scratch = Files.createTempDirectory(into, ".scratch");
        Configuration conf = new Configuration();
        // Old and new names of the same options; a release ignores what it does not know.
        GoldenJob.set(conf, spec.get(0), "state.backend", "state.backend.type");
        GoldenJob.set(conf, timers, "state.backend.rocksdb.timer-service.factory");
        GoldenJob.set(conf, "filesystem", "state.checkpoint-storage", "execution.checkpointing.storage");
        String checkpoints = scratch.resolve("checkpoints").toUri().toString();
        GoldenJob.set(conf, checkpoints, "state.checkpoints.dir", "execution.checkpointing.dir");
        GoldenJob.set(conf, "0b", "state.storage.fs.memory-threshold", "execution.checkpointing.data-inline-threshold");
        GoldenJob.set(conf, "none", "restart-strategy", "restart-strategy.type");

        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(2, conf);
        env.setMaxParallelism(128);
        int operators = build(env, spec.contains("many"));

        PROCESSED.set(0);
        JobClient client = env.executeAsync("rich");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (PROCESSED.get() < operators * KEYS) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("only " + PROCESSED.get() + " elements after a minute");
            }
            Thread.sleep(20);
        }
        String savepoint = Compat.triggerSavepoint(client, scratch.toUri().toString(), "CANONICAL");
        client.cancel().get();

        Path target = into.resolve(name);
        Compat.delete(target);
        Files.move(Paths.get(URI.create(savepoint)), target);
        Compat.delete(scratch);
        System.out.println(target);
    }

    /** Returns the number of operators that count their elements. */
    static int build(StreamExecutionEnvironment env, boolean many) {
        DataStream<Long> numbers =
                env.fromSequence(0, Long.MAX_VALUE).setParallelism(1).name("numbers").uid("source")
                        .filter(new Gate()).setParallelism(1).name("gate").uid("gate");
        List<DataStream<Long>> all = new ArrayList<>();
        all.add(
                numbers.keyBy(RichJob::text, Types.STRING)
                        .transform("ambiguous", Types.LONG, new Ambiguous()).uid("ambiguous"));
        all.add(
                numbers.keyBy(RichJob::number, Types.LONG)
                        .transform("windowed", Types.LONG, new Windowed()).uid("windowed"));
        all.add(numbers.keyBy(RichJob::number, Types.LONG).transform("raw", Types.LONG, new Raw()).uid("raw"));
        all.add(keyed(numbers, "ttl", 2, RichJob::number, Types.LONG, new Ttl()));
        // One subtask each: another one would only repeat the header, which for many states has 40 kB.
        all.add(keyed(numbers, "empty", 1, RichJob::number, Types.LONG, new Empty()));
        if (many) {
            all.add(keyed(numbers, "many", 1, Long::intValue, Types.INT, new Many()));
        }
        all.stream().reduce(DataStream::union).get()
                .map(new EmptyOperatorStates()).returns(Types.LONG)
                .name("empty operator states").uid("empty-operator-states")
                .filter(n -> false).name("nothing").uid("nothing")
                .print().name("sink").uid("sink");
        return all.size();
    }

    static <K> DataStream<Long> keyed(
            DataStream<Long> numbers, String uid, int parallelism, KeySelector<Long, K> key, TypeInformation<K> type,
            KeyedProcessFunction<K, Long, Long> function) {
        return numbers.keyBy(key, type).process(function).returns(Types.LONG).name(uid).uid(uid)
                .setParallelism(parallelism);
    }

    static long number(long n) {
        return (n - 5) * 1_000_000_007L;
    }

    /** The empty key, keys of two and four byte characters, and two whose serialized lengths are 256 and 302 bytes. */
    static String text(long n) {
        switch ((int) n) {
            case 0:
                return "";
            case 1:
                return "x".repeat(254);
            case 2:
                return "y".repeat(300);
            default:
                return n % 4 == 0 ? "ключ-\ud83d\ude00" + n : "k".repeat((int) n - 2);
        }
    }

    /** Lets the first elements through and then idles: the job goes on, its content is fixed. */
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

    /** Keys and namespaces of variable length, so that composite keys carry both lengths. */
    static class Ambiguous extends AbstractStreamOperator<Long> implements OneInputStreamOperator<Long, Long> {
        static final String[] NAMESPACES = {"", "ns1", "пространство-\ud83d\ude00"};

        @Override
        public void processElement(StreamRecord<Long> element) throws Exception {
            long n = element.getValue();
            boolean longKey = n == 1 || n == 2;
            for (int i = 0; i < NAMESPACES.length; i++) {
                if (longKey && i != n) {
                    continue;
                }
                if ((n + i) % 4 != 3) {
                    state(i, new ValueStateDescriptor<>("value", LongSerializer.INSTANCE)).update(10 * n + i);
                }
                if ((n + i) % 3 == 0) {
                    ListState<String> list = state(i, new ListStateDescriptor<>("list", StringSerializer.INSTANCE));
                    // The delimiter, and an element that ends the list with one byte.
                    list.add(",");
                    list.add("element-" + n);
                    list.add("");
                }
                MapState<String, Long> map =
                        state(i, new MapStateDescriptor<>("map", StringSerializer.INSTANCE, LongSerializer.INSTANCE));
                for (int j = 0; j < (n + i) % 4; j++) {
                    map.put(j == 0 ? "" : "ж".repeat(j) + n, n - j);
                }
            }
            PROCESSED.incrementAndGet();
            output.collect(element);
        }

        private <S extends State> S state(
                int namespace, StateDescriptor<S, ?> descriptor) throws Exception {
            KeyedStateBackend<String> backend = getKeyedStateBackend();
            return backend.getPartitionedState(NAMESPACES[namespace], StringSerializer.INSTANCE, descriptor);
        }
    }

    /** State and event timers in windows, with times before the epoch. */
    static class Windowed extends AbstractStreamOperator<Long>
            implements OneInputStreamOperator<Long, Long>, Triggerable<Long, TimeWindow> {
        static final TimeWindow.Serializer SERIALIZER = new TimeWindow.Serializer();
        static final TimeWindow LATE = new TimeWindow(10, 20);
        static final TimeWindow EARLY = new TimeWindow(-5, 5);

        private transient InternalTimerService<TimeWindow> timers;

        @Override
        public void open() throws Exception {
            super.open();
            // Before the states, so that their ids tell timers in rocksdb from timers on the heap.
            timers = getInternalTimerService("window-timers", SERIALIZER, this);
        }

        @Override
        public void processElement(StreamRecord<Long> element) throws Exception {
            long n = element.getValue();
            for (TimeWindow window : List.of(LATE, EARLY)) {
                if ((n + window.getStart()) % 3 != 0) {
                    state(window, new ValueStateDescriptor<>("window-value", LongSerializer.INSTANCE)).update(-n);
                }
                ListState<Long> list = state(window, new ListStateDescriptor<>("window-list", LongSerializer.INSTANCE));
                for (long i = 0; i < (n + window.getEnd()) % 4; i++) {
                    list.add(44 * i + n);
                }
            }
            if (n % 2 == 0) {
                timers.registerEventTimeTimer(LATE, FAR + n);
            }
            if (n % 3 == 0) {
                timers.registerEventTimeTimer(EARLY, FAR + n);
                // Nothing fires without a watermark.
                timers.registerEventTimeTimer(EARLY, -1 - n);
            }
            PROCESSED.incrementAndGet();
            output.collect(element);
        }

        private <S extends State> S state(
                TimeWindow window, StateDescriptor<S, ?> descriptor) throws Exception {
            KeyedStateBackend<Long> backend = getKeyedStateBackend();
            return backend.getPartitionedState(window, SERIALIZER, descriptor);
        }

        @Override
        public void onEventTime(InternalTimer<Long, TimeWindow> timer) {
            throw new IllegalStateException("fired: " + timer);
        }

        @Override
        public void onProcessingTime(InternalTimer<Long, TimeWindow> timer) {
            throw new IllegalStateException("fired: " + timer);
        }
    }

    /** Raw keyed state in some key groups, and raw operator state. */
    static class Raw extends AbstractStreamOperator<Long> implements OneInputStreamOperator<Long, Long> {
        @Override
        protected boolean isUsingCustomRawKeyedState() {
            return true;
        }

        @Override
        public void processElement(StreamRecord<Long> element) {
            PROCESSED.incrementAndGet();
            output.collect(element);
        }

        @Override
        public void snapshotState(StateSnapshotContext context) throws Exception {
            super.snapshotState(context);
            KeyedStateCheckpointOutputStream keyed = context.getRawKeyedOperatorStateOutput();
            int first = keyed.getKeyGroupList().iterator().next();
            for (int group : keyed.getKeyGroupList()) {
                if (group != first && group % 10 != 5) {
                    continue;
                }
                keyed.startNewKeyGroup(group);
                // Without bytes: one that shares its offset with the next, and one at the end of a stream.
                if (group != 35 && group != 125) {
                    keyed.write(bytes("raw-group-" + group));
                }
            }
            OperatorStateCheckpointOutputStream operator = context.getRawOperatorStateOutput();
            int subtask = Compat.subtaskIndex(getRuntimeContext());
            for (int i = 0; i < 3 - subtask; i++) {
                operator.startNewPartition();
                operator.write(bytes("raw-partition-" + subtask + "-" + i));
            }
        }

        private static byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    /** A function whose state is all there from the start. */
    abstract static class Stateful<K> extends KeyedProcessFunction<K, Long, Long> implements CheckpointedFunction {
        abstract void register(KeyedStateStore store) throws Exception;

        abstract void add(long n) throws Exception;

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            register(context.getKeyedStateStore());
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {}

        @Override
        public void processElement(Long n, Context context, Collector<Long> out) throws Exception {
            add(n);
            PROCESSED.incrementAndGet();
            out.collect(n);
        }
    }

    static class Ttl extends Stateful<Long> {
        private transient ValueState<Long> value;
        private transient ListState<String> list;
        private transient MapState<String, Long> map;

        @Override
        void register(KeyedStateStore store) throws Exception {
            ValueStateDescriptor<Long> forValue = new ValueStateDescriptor<>("ttl-value", Types.LONG);
            forValue.enableTimeToLive(config());
            value = store.getState(forValue);
            ListStateDescriptor<String> forList = new ListStateDescriptor<>("ttl-list", Types.STRING);
            forList.enableTimeToLive(config());
            list = store.getListState(forList);
            MapStateDescriptor<String, Long> forMap = new MapStateDescriptor<>("ttl-map", Types.STRING, Types.LONG);
            forMap.enableTimeToLive(config());
            map = store.getMapState(forMap);
        }

        /** Time was replaced by Duration in 2.0. */
        private static StateTtlConfig config() throws Exception {
            Object days;
            try {
                days = Compat.call(Class.forName("org.apache.flink.api.common.time.Time"), null, "days", 10_000L);
            } catch (ClassNotFoundException since20) {
                days = Duration.ofDays(10_000);
            }
            return ((StateTtlConfig.Builder) Compat.call(StateTtlConfig.class, null, "newBuilder", days)).build();
        }

        @Override
        void add(long n) throws Exception {
            value.update(n);
            for (long i = 0; i < n % 3; i++) {
                list.add("element-" + n + "-" + i);
            }
            for (long i = 0; i < n % 4; i++) {
                map.put(i == 0 ? "" : "mapped-" + i, n * i);
            }
        }
    }

    /** Few entries, spread over the states, so that some have high ids in any order. */
    static class Many extends Stateful<Integer> {
        private transient List<ValueState<Integer>> states;

        @Override
        void register(KeyedStateStore store) {
            states = new ArrayList<>();
            for (int i = 0; i < STATES; i++) {
                states.add(store.getState(new ValueStateDescriptor<>("s" + i, Types.INT)));
            }
        }

        @Override
        void add(long n) throws Exception {
            for (int i = 4; i < 15; i += 5) {
                int state = (int) (n * STATES / KEYS + i);
                states.get(state).update(1000 * state);
            }
        }
    }

    static class Empty extends Stateful<Long> {
        @Override
        void register(KeyedStateStore store) {
            store.getState(new ValueStateDescriptor<>("empty-value", Types.LONG));
            store.getListState(new ListStateDescriptor<>("empty-list", Types.STRING));
            store.getMapState(new MapStateDescriptor<>("empty-map", Types.STRING, Types.LONG));
        }

        @Override
        void add(long n) {}
    }

    static class EmptyOperatorStates extends RichMapFunction<Long, Long> implements CheckpointedFunction {
        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            OperatorStateStore store = context.getOperatorStateStore();
            store.getListState(new ListStateDescriptor<>("empty-split", Types.STRING));
            store.getUnionListState(new ListStateDescriptor<>("empty-union", Types.LONG));
            store.getBroadcastState(new MapStateDescriptor<>("empty-broadcast", Types.STRING, Types.INT));
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {}

        @Override
        public Long map(Long n) {
            return n;
        }
    }
}
