import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.typeutils.SingleThreadAccessCheckingTypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.ttl.TtlValue;
import org.apache.flink.streaming.api.operators.TimerHeapInternalTimer;
import org.apache.flink.streaming.api.operators.TimerSerializer;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.streaming.runtime.streamrecord.LatencyMarker;
import org.apache.flink.streaming.runtime.streamrecord.StreamElementSerializer;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Serializers of the runtime and of the DataStream operators. */
final class SerializersRuntime {
    private static final String STREAMING = "org.apache.flink.streaming.";

    private SerializersRuntime() {}

    static void addTo(List<SerializersCase> cases) throws Exception {
        ttl(cases);
        ttlAware(cases);
        timers(cases);
        windows(cases);
        streamElements(cases);
        joins(cases);
        twoPhaseCommit(cases);
    }

    private static void ttl(List<SerializersCase> cases) throws Exception {
        for (String version : new String[] {"", "v2."}) {
            String type = "org.apache.flink.runtime.state." + version + "ttl.TtlStateFactory$TtlSerializer";
            if (!Compat.has(type)) {
                continue;
            }
            String name = version.isEmpty() ? "ttl" : "ttl-v2";
            SerializersCase.add(
                    cases, name,
                    (TypeSerializer<?>) Compat.make(type, LongSerializer.INSTANCE, StringSerializer.INSTANCE),
                    new TtlValue<>("a", 1_000), new TtlValue<>("", -1), new TtlValue<>(null, Long.MAX_VALUE))
                    .as(SerializersRuntime::ttlForm);
            SerializersCase.add(
                    cases, name + "-fixed",
                    (TypeSerializer<?>) Compat.make(type, LongSerializer.INSTANCE, IntSerializer.INSTANCE),
                    new TtlValue<>(5, 0)).as(SerializersRuntime::ttlForm);
        }
    }

    private static String ttlForm(Object value) throws Exception {
        TtlValue<?> ttl = (TtlValue<?>) value;
        return SerializersJson.object(
                "ttl", SerializersJson.number(ttl.getLastAccessTimestamp()), "value",
                SerializersJson.of(ttl.getUserValue()));
    }

    private static void ttlAware(List<SerializersCase> cases) throws Exception {
        String type = "org.apache.flink.runtime.state.ttl.TtlAwareSerializer";
        if (!Compat.has(type)) {
            return;
        }
        TypeSerializer<?> text = (TypeSerializer<?>) Compat.make(type, StringSerializer.INSTANCE);
        SerializersCase.add(cases, "ttl-aware", text, null, "", "a").hashed();
        Object ttl =
                Compat.make(
                        "org.apache.flink.runtime.state.ttl.TtlStateFactory$TtlSerializer", LongSerializer.INSTANCE,
                        StringSerializer.INSTANCE);
        SerializersCase.add(
                cases, "ttl-aware-ttl", (TypeSerializer<?>) Compat.make(type, ttl), new TtlValue<>("a", 1_000))
                .as(SerializersRuntime::ttlForm);
        SerializersCase.add(
                cases, "ttl-aware-in-map", new MapSerializer<>(IntSerializer.INSTANCE, text),
                SerializersCore.map(1, "a", 2, null)).hashed();
    }

    private static void timers(List<SerializersCase> cases) {
        SerializersCase.add(
                cases, "timer", new TimerSerializer<>(StringSerializer.INSTANCE, VoidNamespaceSerializer.INSTANCE),
                timer(1_000, "k", VoidNamespace.INSTANCE), timer(-1, "k", VoidNamespace.INSTANCE),
                timer(0, "", VoidNamespace.INSTANCE), timer(Long.MIN_VALUE, "k", VoidNamespace.INSTANCE),
                timer(Long.MAX_VALUE, SerializersCore.EMOJI, VoidNamespace.INSTANCE)).as(SerializersRuntime::timerForm);
        SerializersCase.add(
                cases, "timer-of-window", new TimerSerializer<>(LongSerializer.INSTANCE, new TimeWindow.Serializer()),
                timer(19, 5L, new TimeWindow(10, 20))).as(SerializersRuntime::timerForm);
    }

    private static Object timer(long timestamp, Object key, Object namespace) {
        return new TimerHeapInternalTimer<>(timestamp, key, namespace);
    }

    private static String timerForm(Object value) throws Exception {
        TimerHeapInternalTimer<?, ?> timer = (TimerHeapInternalTimer<?, ?>) value;
        return SerializersJson.object(
                "timestamp", SerializersJson.number(timer.getTimestamp()), "key", SerializersJson.of(timer.getKey()),
                "namespace", SerializersJson.of(timer.getNamespace()));
    }

    private static void windows(List<SerializersCase> cases) {
        TimeWindow.Serializer time = new TimeWindow.Serializer();
        SerializersCase.add(
                cases, "time-window", time,
                new TimeWindow(0, 0), new TimeWindow(10, 20), new TimeWindow(-5, 5),
                new TimeWindow(Long.MIN_VALUE, Long.MAX_VALUE));
        SerializersCase.add(
                cases, "tuple-of-time-windows", SerializersCore.tuple(time, time),
                Tuple2.of(new TimeWindow(10, 20), new TimeWindow(-5, 5)));
        SerializersCase.add(cases, "global-window", new GlobalWindow.Serializer(), GlobalWindow.get())
                .as(window -> SerializersJson.text("GlobalWindow"));
    }

    private static void streamElements(List<SerializersCase> cases) throws Exception {
        List<Object> elements = new ArrayList<>();
        elements.add(new StreamRecord<>("a", 1_000));
        elements.add(new StreamRecord<>("", Long.MIN_VALUE));
        elements.add(new StreamRecord<>("a"));
        elements.add(new StreamRecord<>(null));
        elements.add(new Watermark(-1));
        elements.add(Watermark.MAX_WATERMARK);
        elements.add(new LatencyMarker(1_000, new OperatorID(-1, Long.MAX_VALUE), 3));
        // Renamed in 1.14.
        String old = STREAMING + "runtime.streamstatus.StreamStatus";
        String status = Compat.has(old) ? old : STREAMING + "runtime.watermarkstatus.WatermarkStatus";
        elements.add(Compat.make(status, -1));
        elements.add(Compat.make(status, 0));
        String attributes = STREAMING + "runtime.streamrecord.RecordAttributes";
        if (Compat.has(attributes)) {
            elements.add(Compat.make(attributes, true));
            elements.add(Compat.make(attributes, false));
            elements.add(Compat.make(STREAMING + "api.watermark.InternalWatermark", 1_000L, 7));
        }
        SerializersCase.add(
                cases, "stream-element", new StreamElementSerializer<>(StringSerializer.INSTANCE), elements.toArray())
                .as(SerializersRuntime::elementForm);
    }

    private static String elementForm(Object element) throws Exception {
        Class<?> type = element.getClass();
        switch (type.getSimpleName()) {
            case "StreamRecord":
                StreamRecord<?> record = (StreamRecord<?>) element;
                String value = SerializersJson.of(record.getValue());
                return record.hasTimestamp()
                        ? SerializersJson.object(
                                "record", value, "timestamp", SerializersJson.number(record.getTimestamp()))
                        : SerializersJson.object("record", value);
            case "Watermark":
                return SerializersJson.object(
                        "watermark", SerializersJson.number(((Watermark) element).getTimestamp()));
            case "LatencyMarker":
                return SerializersJson.object("latency", latencyForm((LatencyMarker) element));
            case "StreamStatus":
            case "WatermarkStatus":
                return SerializersJson.object("status", "" + Compat.call(type, element, "getStatus"));
            case "RecordAttributes":
                return SerializersJson.object("backlog", "" + Compat.call(type, element, "isBacklog"));
            case "InternalWatermark":
                return SerializersJson.object(
                        "internal_watermark", SerializersJson.number(((Watermark) element).getTimestamp()),
                        "subpartition", "" + Compat.call(type, element, "getSubpartitionIndex"));
            default:
                throw new IllegalArgumentException("no form for " + type);
        }
    }

    private static String latencyForm(LatencyMarker marker) {
        return SerializersJson.object(
                "marked", SerializersJson.number(marker.getMarkedTime()),
                "operator_lower", SerializersJson.number(marker.getOperatorId().getLowerPart()),
                "operator_upper", SerializersJson.number(marker.getOperatorId().getUpperPart()),
                "subtask", "" + marker.getSubtaskIndex());
    }

    private static void joins(List<SerializersCase> cases) throws Exception {
        // Moved in 2.0.
        String old = STREAMING + "api.datastream.CoGroupedStreams$TaggedUnion";
        Class<?> union = Class.forName(Compat.has(old) ? old : "org.apache.flink.util.TaggedUnion");
        Object serializer =
                Compat.make(
                        STREAMING + "api.datastream.CoGroupedStreams$UnionSerializer", IntSerializer.INSTANCE,
                        StringSerializer.INSTANCE);
        SerializersCase.add(
                cases, "co-group-union", (TypeSerializer<?>) serializer,
                Compat.call(union, null, "one", 5), Compat.call(union, null, "two", "a"))
                .as(SerializersRuntime::unionForm);

        String entry = STREAMING + "api.operators.co.IntervalJoinOperator$BufferEntry";
        SerializersCase.add(
                cases, "interval-join-entry",
                (TypeSerializer<?>) Compat.make(entry + "Serializer", StringSerializer.INSTANCE),
                Compat.make(entry, "a", true), Compat.make(entry, "", false)).as(SerializersRuntime::entryForm);

        SerializersCase.add(
                cases, "single-thread", new SingleThreadAccessCheckingTypeSerializer<>(StringSerializer.INSTANCE),
                null, "", "a").hashed();
    }

    private static String unionForm(Object union) throws Exception {
        boolean one = (Boolean) Compat.call(union.getClass(), union, "isOne");
        return one
                ? SerializersJson.object("one", SerializersJson.of(Compat.call(union.getClass(), union, "getOne")))
                : SerializersJson.object("two", SerializersJson.of(Compat.call(union.getClass(), union, "getTwo")));
    }

    private static String entryForm(Object entry) throws Exception {
        return SerializersJson.object(
                "joined", "" + Compat.call(entry.getClass(), entry, "hasBeenJoined"), "element",
                SerializersJson.of(Compat.call(entry.getClass(), entry, "getElement")));
    }

    private static void twoPhaseCommit(List<SerializersCase> cases) throws Exception {
        // Moved in 2.0.
        String legacy = STREAMING + "api.functions.sink.legacy.TwoPhaseCommitSinkFunction";
        String sink = Compat.has(legacy) ? legacy : STREAMING + "api.functions.sink.TwoPhaseCommitSinkFunction";
        String type = sink + "$StateSerializer";
        List<Object> states = new ArrayList<>();
        states.add(state(sink, holder(sink, "pending", 1_000), List.of(), Optional.of(7)));
        states.add(
                state(
                        sink, holder(sink, "", -1), List.of(holder(sink, "a", 1), holder(sink, "b", 2)),
                        Optional.empty()));
        if (SerializersCore.FLAGGED) {
            Object without = Compat.make(type, StringSerializer.INSTANCE, IntSerializer.INSTANCE, false);
            SerializersCase.add(cases, "two-phase-commit-never-null", (TypeSerializer<?>) without, states.toArray())
                    .as(SerializersRuntime::stateForm);
            states.add(state(sink, null, List.of(holder(sink, "a", 1)), Optional.empty()));
        }
        SerializersCase.add(
                cases, "two-phase-commit",
                (TypeSerializer<?>) Compat.make(type, StringSerializer.INSTANCE, IntSerializer.INSTANCE),
                states.toArray()).as(SerializersRuntime::stateForm);
    }

    private static Object holder(String sink, String transaction, long start) throws Exception {
        return Compat.make(sink + "$TransactionHolder", transaction, start);
    }

    private static Object state(String sink, Object pending, List<?> committing, Optional<?> context)
            throws Exception {
        return Compat.make(sink + "$State", pending, committing, context);
    }

    private static String stateForm(Object state) throws Exception {
        Class<?> type = state.getClass();
        List<?> committing = (List<?>) Compat.call(type, state, "getPendingCommitTransactions");
        Optional<?> context = (Optional<?>) Compat.call(type, state, "getContext");
        return SerializersJson.object(
                "pending", holderForm(Compat.call(type, state, "getPendingTransaction")),
                "committing", SerializersJson.array(committing, SerializersRuntime::holderForm),
                "context", SerializersJson.of(context.orElse(null)));
    }

    private static String holderForm(Object holder) throws Exception {
        if (holder == null) {
            return "null";
        }
        return SerializersJson.object(
                "transaction", SerializersJson.of(get(holder, "handle")), "start",
                SerializersJson.of(get(holder, "transactionStartTime")));
    }

    /** What has no getter. */
    static Object get(Object holder, String name) throws Exception {
        Field field = holder.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(holder);
    }
}
