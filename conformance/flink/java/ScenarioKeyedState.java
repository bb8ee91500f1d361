import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.ReduceFunction;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.AppendingState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.streaming.api.operators.InternalTimerService;

/** The keyed states and timers of one subtask. */
@SuppressWarnings("unchecked")
final class ScenarioKeyedState {
    private final ScenarioJob.Operator operator;
    private final KeyedStateBackend<Object> backend;
    private final Services services;
    private final List<ScenarioJob.State> registered = new ArrayList<>();
    private final Map<ScenarioJob.State, TypeSerializer<Object>> namespaces = new HashMap<>();
    private final Map<ScenarioJob.State, StateDescriptor<?, ?>> descriptors = new HashMap<>();
    private final Map<String, InternalTimerService<Object>> timers = new HashMap<>();

    /** Of an operator. */
    interface Services {
        InternalTimerService<Object> service(String name, TypeSerializer<Object> namespaces) throws Exception;
    }

    ScenarioKeyedState(ScenarioJob.Operator operator, KeyedStateBackend<Object> backend, Services services) {
        this.operator = operator;
        this.backend = backend;
        this.services = services;
    }

    void register(ScenarioJob.State state) throws Exception {
        TypeSerializer<Object> namespace = state.namespace == null
                ? (TypeSerializer<Object>) (TypeSerializer<?>) VoidNamespaceSerializer.INSTANCE
                : state.namespace.serializer();
        registered.add(state);
        namespaces.put(state, namespace);
        if (state.isTimers()) {
            // One service has the timers of both kinds.
            if (!timers.containsKey(state.name)) {
                timers.put(state.name, services.service(state.name, namespace));
            }
        } else {
            StateDescriptor<?, ?> descriptor = descriptor(state);
            descriptors.put(state, descriptor);
            backend.getOrCreateKeyedState(namespace, descriptor);
        }
    }

    private static StateDescriptor<?, ?> descriptor(ScenarioJob.State state) throws Exception {
        TypeSerializer<Object> value = state.value.serializer();
        StateDescriptor<?, ?> descriptor;
        switch (state.kind) {
            case "value":
                descriptor = new ValueStateDescriptor<>(state.name, value);
                break;
            case "list":
                descriptor = new ListStateDescriptor<>(state.name, value);
                break;
            case "map":
                descriptor = new MapStateDescriptor<>(state.name, state.userKey.serializer(), value);
                break;
            case "reducing":
                descriptor = new ReducingStateDescriptor<>(state.name, new Sum(), value);
                break;
            case "aggregating":
                descriptor = new AggregatingStateDescriptor<>(state.name, new SumUp(), value);
                break;
            default:
                throw new IllegalArgumentException("no state of kind " + state.kind);
        }
        if (state.ttl) {
            descriptor.enableTimeToLive(Compat.timeToLive(Duration.ofDays(10_000)));
        }
        return descriptor;
    }

    /** On the current key. */
    void apply(ScenarioJob.Operation operation) throws Exception {
        ScenarioJob.State state = operation.state;
        Object namespace = state.namespace == null ? VoidNamespace.INSTANCE : operation.namespace;
        if (state.isTimers()) {
            timer(operation, namespace);
            return;
        }
        State target = state(state, namespace);
        switch (operation.verb + " " + state.kind) {
            case "put value":
                ((ValueState<Object>) target).update(operation.value);
                break;
            case "put map":
                ((MapState<Object, Object>) target).put(operation.userKey, operation.value);
                break;
            case "remove map":
                remove((MapState<Object, Object>) target, operation.userKey);
                break;
            case "add list":
            case "add reducing":
            case "add aggregating":
                ((AppendingState<Object, Object>) target).add(operation.value);
                break;
            default:
                if (!operation.verb.equals("clear")) {
                    throw operation.impossible();
                }
                target.clear();
        }
    }

    /** By the iterator: the heap backend keeps a map that has become empty that way, and must not write it. */
    private static void remove(MapState<Object, Object> map, Object userKey) throws Exception {
        Iterator<Map.Entry<Object, Object>> entries = map.iterator();
        while (entries != null && entries.hasNext()) {
            if (entries.next().getKey().equals(userKey)) {
                entries.remove();
                return;
            }
        }
    }

    private void timer(ScenarioJob.Operation operation, Object namespace) {
        InternalTimerService<Object> service = timers.get(operation.state.name);
        switch (operation.verb + " " + operation.state.kind) {
            case "put event-timers":
                service.registerEventTimeTimer(namespace, operation.timestamp);
                break;
            case "remove event-timers":
                service.deleteEventTimeTimer(namespace, operation.timestamp);
                break;
            case "put processing-timers":
                service.registerProcessingTimeTimer(namespace, operation.timestamp);
                break;
            case "remove processing-timers":
                service.deleteProcessingTimeTimer(namespace, operation.timestamp);
                break;
            default:
                throw operation.impossible();
        }
    }

    private State state(ScenarioJob.State state, Object namespace) throws Exception {
        StateDescriptor<State, Object> descriptor = (StateDescriptor<State, Object>) descriptors.get(state);
        return backend.getPartitionedState(namespace, namespaces.get(state), descriptor);
    }

    /** Every entry of every state. */
    void list(Consumer<JsonNode> lines) throws Exception {
        for (ScenarioJob.State state : registered) {
            if (state.isTimers()) {
                listTimers(state, lines);
            } else {
                listState(state, lines);
            }
        }
    }

    private void listTimers(ScenarioJob.State state, Consumer<JsonNode> lines) throws Exception {
        InternalTimerService<Object> service = timers.get(state.name);
        if (state.kind.equals("event-timers")) {
            service.forEachEventTimeTimer((namespace, timestamp) -> lines.accept(timer(state, namespace, timestamp)));
        } else {
            service.forEachProcessingTimeTimer((namespace, timestamp) -> lines.accept(timer(state, namespace, timestamp)));
        }
    }

    private JsonNode timer(ScenarioJob.State state, Object namespace, long timestamp) {
        return entry(state, backend.getCurrentKey(), namespace).put("timestamp", String.valueOf(timestamp));
    }

    private void listState(ScenarioJob.State state, Consumer<JsonNode> lines) throws Exception {
        // Collected first: an iterator need not survive reads. A set, since a map may be there with each of its entries.
        Set<Tuple2<Object, Object>> places;
        try (Stream<Tuple2<Object, Object>> all = backend.getKeysAndNamespaces(state.name)) {
            places = all.map(one -> Tuple2.of(one.f0, one.f1)).collect(Collectors.toCollection(LinkedHashSet::new));
        }
        for (Tuple2<Object, Object> place : places) {
            backend.setCurrentKey(place.f0);
            ObjectNode entry = entry(state, place.f0, place.f1);
            State found = state(state, place.f1);
            switch (state.kind) {
                case "value":
                    value(entry, state.value.write(((ValueState<Object>) found).value()), lines);
                    break;
                case "list":
                    Iterable<Object> elements = ((ListState<Object>) found).get();
                    if (elements != null && elements.iterator().hasNext()) {
                        value(entry, ScenarioTypes.list(state.value, elements), lines);
                    }
                    break;
                case "map":
                    for (Map.Entry<Object, Object> one : ((MapState<Object, Object>) found).entries()) {
                        ObjectNode line = entry.deepCopy();
                        line.set("user_key", state.userKey.write(one.getKey()));
                        line.set("value", state.value.write(one.getValue()));
                        lines.accept(line);
                    }
                    break;
                default:
                    value(entry, state.value.write(((AppendingState<Object, Object>) found).get()), lines);
            }
        }
    }

    /** A null is no entry. */
    private static void value(ObjectNode entry, JsonNode value, Consumer<JsonNode> lines) {
        if (!value.isNull()) {
            entry.set("value", value);
            lines.accept(entry);
        }
    }

    private ObjectNode entry(ScenarioJob.State state, Object key, Object namespace) {
        ObjectNode line = operator.line(state);
        line.set("key", operator.key.write(key));
        if (state.namespace != null) {
            line.set("namespace", state.namespace.write(namespace));
        }
        return line;
    }

    /** Values are longs. */
    private static final class Sum implements ReduceFunction<Object> {
        private static final long serialVersionUID = 1;

        @Override
        public Object reduce(Object a, Object b) {
            return (Long) a + (Long) b;
        }
    }

    private static final class SumUp implements AggregateFunction<Object, Object, Object> {
        private static final long serialVersionUID = 1;

        @Override
        public Object createAccumulator() {
            return 0L;
        }

        @Override
        public Object add(Object value, Object sum) {
            return (Long) value + (Long) sum;
        }

        @Override
        public Object getResult(Object sum) {
            return sum;
        }

        @Override
        public Object merge(Object a, Object b) {
            return (Long) a + (Long) b;
        }
    }
}
