import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.TimeDomain;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Restores a job from a savepoint that something else has written and prints all state it finds, one line each: keyed
 * state key by key as elements ask for it, timers as they fire, operator state as each subtask sees it.
 *
 * <p>Can also write the state back in a savepoint of its own, and fill a job that has none, for a savepoint to compare
 * with.
 */
public class RestoreJob {
    static final int KEYS = 200;
    /** In the year 2286, so that the timers of a filled job do not fire. */
    static final long FAR = 10_000_000_000_000L;

    static final Set<String> NEEDED = Set.of("backend", "parallelism", "max-parallelism", "out");
    static final Set<String> KNOWN =
            Set.of("backend", "parallelism", "max-parallelism", "out", "savepoint", "resave", "fill");

    /** The job runs in this JVM; its operators look and report here. */
    static volatile boolean fill;
    static volatile boolean endless;
    static final List<String> LINES = Collections.synchronizedList(new ArrayList<>());
    static final AtomicInteger PROCESSED = new AtomicInteger();

    public static void main(String[] args) {
        if (args.length == 0 || args[0].equals("--help")) {
            usage(args.length == 0 ? 2 : 0);
        }
        List<Map<String, String>> cases = Arrays.stream(args).map(RestoreJob::parse).collect(Collectors.toList());
        try {
            for (Map<String, String> one : cases) {
                run(one);
            }
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
        }
        // Threads of the local cluster may linger.
        System.exit(0);
    }

    static void usage(int code) {
        System.err.print(
                """
                usage: RestoreJob CASE ...
                  CASE  savepoint=DIR,backend=hashmap|rocksdb,parallelism=N,max-parallelism=M,out=FILE[,resave=DIR]
                  restores the job from the savepoint and writes what it finds, sorted lines, to FILE
                  resave=DIR  goes on instead of ending, and takes a canonical savepoint to DIR;
                              event time stays where it is, so no event timers in FILE
                  fill=true   in place of savepoint: starts without one and fills the state; needs resave
                """);
        System.exit(code);
    }

    static Map<String, String> parse(String arg) {
        Map<String, String> options = new HashMap<>();
        for (String pair : arg.split(",")) {
            String[] parts = pair.split("=", 2);
            options.put(parts[0], parts.length == 2 ? parts[1] : "");
        }
        boolean filled = "true".equals(options.get("fill"));
        if (!KNOWN.containsAll(options.keySet()) || !options.keySet().containsAll(NEEDED) || options.containsValue("")
                || filled == options.containsKey("savepoint") || filled && !options.containsKey("resave")) {
            System.err.println("RestoreJob: wrong, missing or contradictory options: " + arg);
            usage(2);
        }
        return options;
    }

    static void run(Map<String, String> options) throws Exception {
        Path out = Paths.get(options.get("out")).toAbsolutePath();
        Files.createDirectories(out.getParent());
        Path target = options.containsKey("resave") ? Paths.get(options.get("resave")).toAbsolutePath() : null;
        // Beside the target, since a directory moves only within a file system.
        Path place = (target == null ? out : target).getParent();
        Files.createDirectories(place);
        Path scratch = Files.createTempDirectory(place, ".scratch");

        // Old and new names of the same options; a release ignores what it does not know.
        Configuration conf = new Configuration();
        GoldenJob.set(conf, options.get("backend"), "state.backend", "state.backend.type");
        GoldenJob.set(conf, "filesystem", "state.checkpoint-storage", "execution.checkpointing.storage");
        String checkpoints = scratch.resolve("checkpoints").toUri().toString();
        GoldenJob.set(conf, checkpoints, "state.checkpoints.dir", "execution.checkpointing.dir");
        GoldenJob.set(conf, "none", "restart-strategy", "restart-strategy.type");
        if (options.containsKey("savepoint")) {
            String savepoint = Paths.get(options.get("savepoint")).toAbsolutePath().toUri().toString();
            GoldenJob.set(conf, savepoint, "execution.savepoint.path", "execution.state-recovery.path");
        }
        fill = !options.containsKey("savepoint");
        endless = target != null;
        LINES.clear();
        PROCESSED.set(0);

        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.createLocalEnvironment(Integer.parseInt(options.get("parallelism")), conf);
        env.setMaxParallelism(Integer.parseInt(options.get("max-parallelism")));
        build(env);
        JobClient client = env.executeAsync("restore");
        CompletableFuture<?> end = client.getJobExecutionResult();
        if (target == null) {
            end.get();
        } else {
            resave(client, end, scratch, target);
        }
        Compat.delete(scratch);

        Files.writeString(out, LINES.stream().sorted().map(line -> line + "\n").collect(Collectors.joining()));
        System.out.println(out);
    }

    static void resave(JobClient client, CompletableFuture<?> end, Path scratch, Path target) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (PROCESSED.get() < 4 * KEYS) {
            if (end.isDone()) {
                end.get();
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("only " + PROCESSED.get() + " elements after a minute");
            }
            Thread.sleep(20);
        }
        String savepoint = Compat.triggerSavepoint(client, scratch.toUri().toString(), "CANONICAL");
        client.cancel().get();
        // So that no timer of this job prints among the lines of the next.
        end.handle((result, cancelled) -> null).get();
        Compat.delete(target);
        Files.move(Paths.get(URI.create(savepoint)), target);
    }

    static void build(StreamExecutionEnvironment env) {
        // An endless job's savepoint has its source's position, from which a bounded one would not end. Flink refuses
        // to restore when state is left over, so the filter takes it.
        DataStream<Long> numbers =
                endless
                        ? env.fromSequence(0, Long.MAX_VALUE).setParallelism(1).uid("source")
                        : env.fromSequence(0, KEYS - 1).setParallelism(1).uid("bounded-source")
                                .filter(n -> true).setParallelism(1).uid("source");
        DataStream<Long> keys = numbers.flatMap(new Gate()).returns(Types.LONG).setParallelism(1).uid("gate");
        TypeInformation<Tuple2<Integer, String>> pair = Types.TUPLE(Types.INT, Types.STRING);
        DataStream<Long> longs = keyed(keys, "by-long", n -> (n - 50) * 1_000_000_007L, Types.LONG);
        DataStream<Long> ints = keyed(keys, "by-int", n -> (int) (n * n - 100), Types.INT);
        DataStream<Long> texts = keyed(keys, "by-text", RestoreJob::text, Types.STRING);
        DataStream<Long> pairs = keyed(keys, "by-pair", n -> Tuple2.of((int) (n - 7), "p" + n), pair);
        longs.union(ints, texts, pairs)
                .map(new OperatorStates()).returns(Types.LONG).uid("operator-states")
                .filter(n -> false).uid("nothing")
                .print().uid("sink");
    }

    static <K> DataStream<Long> keyed(
            DataStream<Long> keys, String uid, KeySelector<Long, K> selector, TypeInformation<K> type) {
        return keys.keyBy(selector, type).process(new EveryState<K>(uid)).returns(Types.LONG).uid(uid);
    }

    /** The empty key, keys of two and four byte characters, and plain ones. */
    static String text(long n) {
        return n == 0 ? "" : n % 10 == 0 ? "\u043a\u043b\u044e\u0447-\ud83d\ude00" + n : "key-" + n;
    }

    static void print(Object... fields) {
        LINES.add(Arrays.stream(fields).map(String::valueOf).collect(Collectors.joining("\t")));
    }

    /** Counts from zero by itself, since a restored source may be past that. */
    static class Gate implements FlatMapFunction<Long, Long> {
        private long next;

        @Override
        public void flatMap(Long n, Collector<Long> out) throws Exception {
            if (next == KEYS) {
                Thread.sleep(1);
                return;
            }
            if (next == KEYS - 1 && !endless) {
                // Timers of processing time that are due fire only while the job runs.
                while (PROCESSED.get() < 4 * (KEYS - 1)) {
                    Thread.sleep(20);
                }
                Thread.sleep(1500);
            }
            out.collect(next++);
        }
    }

    static class EveryState<K> extends KeyedProcessFunction<K, Long, Long> implements CheckpointedFunction {
        private final String uid;
        private transient ValueState<Long> value;
        private transient ListState<String> list;
        private transient MapState<Long, String> map;
        private transient ReducingState<Long> sum;

        EveryState(String uid) {
            this.uid = uid;
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            KeyedStateStore store = context.getKeyedStateStore();
            value = store.getState(new ValueStateDescriptor<>("value", Types.LONG));
            list = store.getListState(new ListStateDescriptor<>("list", Types.STRING));
            map = store.getMapState(new MapStateDescriptor<>("map", Types.LONG, Types.STRING));
            sum = store.getReducingState(new ReducingStateDescriptor<>("sum", Long::sum, Types.LONG));
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {}

        @Override
        public void processElement(Long i, Context context, Collector<Long> out) throws Exception {
            if (fill) {
                fill(i, context);
            }
            K key = context.getCurrentKey();
            if (value.value() != null) {
                print(uid, key, "value", value.value());
            }
            Iterable<String> elements = list.get();
            if (elements != null && elements.iterator().hasNext()) {
                print(uid, key, "list", String.join(",", elements));
            }
            for (Map.Entry<Long, String> entry : map.entries()) {
                print(uid, key, "map[" + entry.getKey() + "]", entry.getValue());
            }
            if (sum.get() != null) {
                print(uid, key, "sum", sum.get());
            }
            out.collect(i);
        }

        private void fill(long i, Context context) throws Exception {
            if (i % 4 != 3) {
                value.update(i * 1_000_000_007L);
            }
            for (long j = 0; j < i % 3; j++) {
                list.add("e-" + i + "-" + j);
            }
            for (long j = 0; j < i % 4; j++) {
                map.put(j, j == 2 ? null : "m-" + i + "-" + j);
            }
            if (i % 2 == 0) {
                sum.add(i * 31);
            }
            if (i % 5 == 0) {
                context.timerService().registerEventTimeTimer(FAR + i);
            }
            if (i % 7 == 0) {
                context.timerService().registerProcessingTimeTimer(2 * FAR + i);
            }
        }

        @Override
        public void onTimer(long timestamp, OnTimerContext context, Collector<Long> out) {
            boolean event = context.timeDomain() == TimeDomain.EVENT_TIME;
            print(uid, context.getCurrentKey(), event ? "event" : "processing", timestamp);
        }
    }

    /** Behind the keyed operators, so that what it counts has been processed by all. */
    static class OperatorStates extends RichMapFunction<Long, Long> implements CheckpointedFunction {
        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            OperatorStateStore store = context.getOperatorStateStore();
            ListState<String> split = store.getListState(new ListStateDescriptor<>("split", Types.STRING));
            ListState<Long> union = store.getUnionListState(new ListStateDescriptor<>("union", Types.LONG));
            BroadcastState<String, Integer> broadcast =
                    store.getBroadcastState(new MapStateDescriptor<>("broadcast", Types.STRING, Types.INT));
            int subtask = Compat.subtaskIndex(getRuntimeContext());
            if (fill) {
                for (int j = 0; j < 3 + subtask; j++) {
                    split.add("split-" + subtask + "-" + j);
                    union.add(100L * subtask + j);
                }
                for (int j = 0; j < 4; j++) {
                    broadcast.put("rule-" + j, j * j);
                }
            }
            for (String element : split.get()) {
                print("operator-states", "-", "split", element);
            }
            for (Long element : union.get()) {
                print("operator-states", subtask, "union", element);
            }
            for (Map.Entry<String, Integer> entry : broadcast.entries()) {
                print("operator-states", subtask, "broadcast[" + entry.getKey() + "]", entry.getValue());
            }
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {}

        @Override
        public Long map(Long n) {
            PROCESSED.incrementAndGet();
            return n;
        }
    }
}
