import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Runs one job with a serializer of the user, and takes a canonical savepoint of it for each argument. The content does
 * not depend on release, backend, clock or chance, except for the source's position.
 */
public class CustomSerializerJob {
    public static void main(String[] args) throws Exception {
        TypedJob.takeAll("CustomSerializerJob", "", args, (env, options) -> build(env));
    }

    static void build(StreamExecutionEnvironment env) throws Exception {
        DataStream<Long> numbers = TypedJob.numbers(env);
        TypedJob.keyed(numbers, "custom-key", CustomSerializerJob::code, keyType(), new ByCode());
        TypedJob.keyed(numbers, "custom-value", n -> "key-" + n % TypedJob.KEYS, Types.STRING, new Codes());
        numbers.map(new OperatorStates()).name("custom-operator-state").uid("custom-operator-state");
    }

    /**
     * No class of ours can be a TypeInformation in all releases: 2.0 gave the method that makes the serializer another
     * parameter. The Table API has one that holds any serializer.
     */
    @SuppressWarnings("unchecked")
    static TypeInformation<CustomSerializer.Code> keyType() throws Exception {
        Object unused = Compat.make("org.apache.flink.table.types.logical.IntType");
        return (TypeInformation<CustomSerializer.Code>)
                Compat.make(
                        "org.apache.flink.table.runtime.typeutils.InternalTypeInfo",
                        unused, CustomSerializer.Code.class, new CustomSerializer("key", 3));
    }

    static CustomSerializer.Code code(long n) {
        long k = n % TypedJob.KEYS;
        return new CustomSerializer.Code("abcdef".substring((int) k), 1_000 * k - 2_000);
    }

    /** Whoever does not know the key can still read these values. */
    static class ByCode extends TypedJob.Stateful<CustomSerializer.Code> {
        private transient ValueState<Long> value;
        private transient MapState<String, Long> map;

        @Override
        void register(KeyedStateStore store) {
            value = store.getState(new ValueStateDescriptor<>("value", Types.LONG));
            map = store.getMapState(new MapStateDescriptor<>("map", Types.STRING, Types.LONG));
        }

        @Override
        void add(int n) throws Exception {
            value.update(100L + n);
            map.put("mapped-" + n % 4, 10L * n);
        }
    }

    /** Unknown values beside known ones. */
    static class Codes extends TypedJob.Stateful<String> {
        private transient ValueState<CustomSerializer.Code> value;
        private transient ListState<CustomSerializer.Code> list;
        private transient MapState<String, CustomSerializer.Code> map;
        private transient ValueState<Long> known;

        @Override
        void register(KeyedStateStore store) {
            CustomSerializer serializer = new CustomSerializer("value", 1, -1, Long.MIN_VALUE);
            value = store.getState(new ValueStateDescriptor<>("value", serializer));
            list = store.getListState(new ListStateDescriptor<>("list", serializer));
            map = store.getMapState(new MapStateDescriptor<>("map", StringSerializer.INSTANCE, serializer));
            known = store.getState(new ValueStateDescriptor<>("known", Types.LONG));
        }

        @Override
        void add(int n) throws Exception {
            value.update(code(n));
            list.add(code(n));
            map.put("mapped-" + n % 4, code(n + 1));
            known.update((long) n);
        }
    }

    static class OperatorStates extends RichMapFunction<Long, Long> implements CheckpointedFunction {
        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            ListState<CustomSerializer.Code> list =
                    context.getOperatorStateStore()
                            .getListState(new ListStateDescriptor<>("split", new CustomSerializer("split")));
            for (int i = 0; i < 3; i++) {
                list.add(code(i));
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
