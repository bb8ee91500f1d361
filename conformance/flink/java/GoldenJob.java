import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.FilterFunction;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Runs one job with every kind of state on a local cluster and takes savepoints of it, one for each argument.
 *
 * <p>The content does not depend on release, backend, clock or chance, except for the source's position. Only API that
 * is the same from 1.13 to 2.3 is used; where there is none, {@link Compat} looks it up.
 */
public class GoldenJob {
    static final int ELEMENTS = 60;
    static final int KEYS = 24;
    /** In the year 2286, so that no timer fires. */
    static final long FAR = 10_000_000_000_000L;

    static final AtomicInteger PROCESSED = new AtomicInteger();

    public static void main(String[] args) throws Exception {
        if (args.length < 2 || args[0].equals("--help")) {
            System.err.println(
                    "usage: GoldenJob DIR NAME=BACKEND,FORMAT,MAX_PARALLELISM,INLINE_THRESHOLD,COMPRESSION ...\n"
                            + "  writes DIR/NAME for each, for example  a=rocksdb,canonical,128,0,none\n"
                            + "  BACKEND hashmap|rocksdb  FORMAT canonical|native  INLINE_THRESHOLD bytes"
                            + "  COMPRESSION none|snappy");
            System.exit(args.length > 0 && args[0].equals("--help") ? 0 : 2);
        }
        Path into = Paths.get(args[0]).toAbsolutePath();
        Files.createDirectories(into);
        for (int i = 1; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            take(into, args[i].substring(0, equals), args[i].substring(equals + 1).split(","));
        }
        // Threads of the local cluster may linger.
        System.exit(0);
    }

    static void take(Path into, String name, String[] spec) throws Exception {
        String backend = spec[0];
        String format = spec[1].toUpperCase(Locale.ROOT);
        Path scratch = Files.createTempDirectory(into, ".scratch");
        Configuration conf = new Configuration();
        // Old and new names of the same options; a release ignores what it does not know.
        set(conf, backend, "state.backend", "state.backend.type");
        set(conf, "filesystem", "state.checkpoint-storage", "execution.checkpointing.storage");
        set(conf, scratch.resolve("checkpoints").toUri().toString(), "state.checkpoints.dir", "execution.checkpointing.dir");
        set(conf, spec[3] + "b", "state.storage.fs.memory-threshold", "execution.checkpointing.data-inline-threshold");
        set(conf, "true", "state.backend.incremental", "execution.checkpointing.incremental");
        set(conf, String.valueOf(spec[4].equals("snappy")), "execution.checkpointing.snapshot-compression");
        set(conf, "none", "restart-strategy", "restart-strategy.type");

        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(2, conf);
        env.getConfig().setUseSnapshotCompression(spec[4].equals("snappy"));
        env.setMaxParallelism(Integer.parseInt(spec[2]));
        build(env);

        PROCESSED.set(0);
        JobClient client = env.executeAsync("golden");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (PROCESSED.get() < 2 * ELEMENTS) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("only " + PROCESSED.get() + " elements after a minute");
            }
            Thread.sleep(20);
        }
        String savepoint = Compat.triggerSavepoint(client, scratch.toUri().toString(), format);
        client.cancel().get();

        Path target = into.resolve(name);
        Compat.delete(target);
        Files.move(Paths.get(java.net.URI.create(savepoint)), target);
        Compat.delete(scratch);
        System.out.println(target);
    }

    static void set(Configuration conf, String value, String... keys) {
        for (String key : keys) {
            conf.setString(key, value);
        }
    }

    static void build(StreamExecutionEnvironment env) {
        DataStream<Long> numbers =
                env.fromSequence(1, Long.MAX_VALUE)
                        .setParallelism(1)
                        .name("numbers")
                        .uid("source")
                        .filter(new Gate())
                        .setParallelism(1)
                        .name("gate")
                        .uid("gate");
        DataStream<Long> longs =
                numbers.keyBy(new LongKey(), Types.LONG)
                        .process(new EveryState<Long>())
                        .returns(Types.LONG)
                        .name("by number")
                        .uid("by-number");
        DataStream<Long> texts =
                numbers.keyBy(new TextKey(), Types.STRING)
                        .process(new EveryState<String>())
                        .returns(Types.LONG)
                        .name("по тексту")
                        .uid("by-text-\u00e9\ud83d\ude00");
        longs.union(texts)
                .map(new OperatorStates())
                .returns(Types.LONG)
                .name("operator states")
                .uid("operator-states")
                .filter(n -> false)
                .name("nothing")
                .uid("nothing")
                .print()
                .name("sink");
    }

    /** Lets the first elements through and then idles: the job goes on, its content is fixed. */
    static class Gate implements FilterFunction<Long> {
        @Override
        public boolean filter(Long n) throws Exception {
            if (n > ELEMENTS) {
                Thread.sleep(1);
                return false;
            }
            return true;
        }
    }

    static class LongKey implements KeySelector<Long, Long> {
        @Override
        public Long getKey(Long n) {
            return (n % KEYS - 5) * 1_000_000_007L;
        }
    }

    /** Keys of various lengths, the empty one and some outside the basic plane among them. */
    static class TextKey implements KeySelector<Long, String> {
        @Override
        public String getKey(Long n) {
            long k = n % KEYS;
            return k == 0 ? "" : k % 5 == 0 ? "ключ-\ud83d\ude00" + k : "key-" + k;
        }
    }

    /** Value, list, map, reducing and aggregating state, and both kinds of timers. */
    static class EveryState<K> extends KeyedProcessFunction<K, Long, Long> implements CheckpointedFunction {
        private transient ValueState<Long> value;
        private transient ListState<String> list;
        private transient MapState<Long, String> map;
        private transient ReducingState<Long> reducing;
        private transient AggregatingState<Long, Double> aggregating;

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            KeyedStateStore store = context.getKeyedStateStore();
            value = store.getState(new ValueStateDescriptor<>("счёт", Types.LONG));
            list = store.getListState(new ListStateDescriptor<>("list", Types.STRING));
            map = store.getMapState(new MapStateDescriptor<>("map", Types.LONG, Types.STRING));
            reducing = store.getReducingState(new ReducingStateDescriptor<>("reducing", Long::sum, Types.LONG));
            aggregating =
                    store.getAggregatingState(
                            new AggregatingStateDescriptor<>("aggregating", new Mean(), Types.TUPLE(Types.LONG, Types.INT)));
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {}

        @Override
        public void processElement(Long n, Context context, Collector<Long> out) throws Exception {
            Long last = value.value();
            value.update(last == null ? n : last + n);
            list.add(n % 7 == 0 ? "" : "element-" + n);
            // A null value: the string serializer can write one, the long serializer cannot, and hashmap hands it through.
            map.put(n % 3, n % 3 == 2 ? null : "mapped-" + n);
            reducing.add(n);
            if (n % 2 == 0) {
                aggregating.add(n);
            }
            if (n % 4 == 0) {
                context.timerService().registerEventTimeTimer(FAR + n);
            }
            if (n % 6 == 0) {
                context.timerService().registerProcessingTimeTimer(2 * FAR + n);
            }
            PROCESSED.incrementAndGet();
            out.collect(n);
        }
    }

    static class Mean implements AggregateFunction<Long, org.apache.flink.api.java.tuple.Tuple2<Long, Integer>, Double> {
        @Override
        public org.apache.flink.api.java.tuple.Tuple2<Long, Integer> createAccumulator() {
            return org.apache.flink.api.java.tuple.Tuple2.of(0L, 0);
        }

        @Override
        public org.apache.flink.api.java.tuple.Tuple2<Long, Integer> add(
                Long n, org.apache.flink.api.java.tuple.Tuple2<Long, Integer> sum) {
            return org.apache.flink.api.java.tuple.Tuple2.of(sum.f0 + n, sum.f1 + 1);
        }

        @Override
        public Double getResult(org.apache.flink.api.java.tuple.Tuple2<Long, Integer> sum) {
            return sum.f0 / (double) sum.f1;
        }

        @Override
        public org.apache.flink.api.java.tuple.Tuple2<Long, Integer> merge(
                org.apache.flink.api.java.tuple.Tuple2<Long, Integer> a,
                org.apache.flink.api.java.tuple.Tuple2<Long, Integer> b) {
            return org.apache.flink.api.java.tuple.Tuple2.of(a.f0 + b.f0, a.f1 + b.f1);
        }
    }

    /** Split, union and broadcast state, filled by subtask, since the exchange before deals elements out by chance. */
    static class OperatorStates extends RichMapFunction<Long, Long> implements CheckpointedFunction {
        private transient ListState<String> split;
        private transient ListState<Long> union;
        private transient BroadcastState<String, Integer> broadcast;

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            split = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("split", Types.STRING));
            union = context.getOperatorStateStore().getUnionListState(new ListStateDescriptor<>("union", Types.LONG));
            broadcast =
                    context.getOperatorStateStore()
                            .getBroadcastState(new MapStateDescriptor<>("broadcast", Types.STRING, Types.INT));
            if (context.isRestored()) {
                return;
            }
            long subtask = Compat.subtaskIndex(getRuntimeContext());
            for (long i = 0; i < 3 + subtask; i++) {
                split.add("split-" + subtask + "-" + i);
                union.add(100 * subtask + i);
            }
            for (int i = 0; i < 4; i++) {
                broadcast.put("rule-" + i, i * i);
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
