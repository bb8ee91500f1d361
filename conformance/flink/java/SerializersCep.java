import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.cep.nfa.ComputationState;
import org.apache.flink.cep.nfa.DeweyNumber;
import org.apache.flink.cep.nfa.NFAState;
import org.apache.flink.cep.nfa.NFAStateSerializer;
import org.apache.flink.cep.nfa.sharedbuffer.EventId;
import org.apache.flink.cep.nfa.sharedbuffer.Lockable;
import org.apache.flink.cep.nfa.sharedbuffer.NodeId;
import org.apache.flink.cep.nfa.sharedbuffer.SharedBufferEdge;
import org.apache.flink.cep.nfa.sharedbuffer.SharedBufferNode;
import org.apache.flink.cep.nfa.sharedbuffer.SharedBufferNodeSerializer;

/** Serializers of the library for complex events. */
final class SerializersCep {
    private static final String SHARED_BUFFER = "org.apache.flink.cep.nfa.sharedbuffer.";
    private static final EventId EVENT = new EventId(3, 1_000);
    private static final NodeId NODE = new NodeId(EVENT, "page");
    private static final NodeId OTHER_NODE = new NodeId(new EventId(-1, Long.MIN_VALUE), "\u00e9:0");

    private SerializersCep() {}

    static void addTo(List<SerializersCase> cases) throws Exception {
        SerializersCase.add(
                cases, "cep-dewey", DeweyNumber.DeweyNumberSerializer.INSTANCE,
                dewey(1), dewey(1, 0, -1), dewey()).as(SerializersCep::deweyForm);
        SerializersCase.add(
                cases, "cep-event-id", EventId.EventIdSerializer.INSTANCE,
                EVENT, new EventId(Integer.MIN_VALUE, -1)).as(SerializersCep::eventForm);
        SerializersCase.add(cases, "cep-node-id", new NodeId.NodeIdSerializer(), null, NODE, OTHER_NODE)
                .as(SerializersCep::nodeIdForm);
        SharedBufferEdge.SharedBufferEdgeSerializer edges = new SharedBufferEdge.SharedBufferEdgeSerializer();
        SharedBufferEdge edge = new SharedBufferEdge(NODE, dewey(1, 2));
        SharedBufferEdge first = new SharedBufferEdge(null, dewey(1));
        SerializersCase.add(cases, "cep-edge", edges, edge, first).as(SerializersCep::edgeForm);
        SerializersCase.add(
                cases, "cep-lockable", new Lockable.LockableTypeSerializer<>(StringSerializer.INSTANCE),
                new Lockable<>("a", 0), new Lockable<>("", 7)).as(SerializersCep::lockableForm);
        nodes(cases, edges, edge, first);
        states(cases);
    }

    private static void nodes(
            List<SerializersCase> cases, SharedBufferEdge.SharedBufferEdgeSerializer edges, SharedBufferEdge... some)
            throws Exception {
        List<Lockable<SharedBufferEdge>> locked = new ArrayList<>();
        for (SharedBufferEdge edge : some) {
            locked.add(new Lockable<>(edge, locked.size()));
        }
        Object node = Compat.make(SHARED_BUFFER + "SharedBufferNode", locked);
        SerializersCase.add(cases, "cep-node", new SharedBufferNodeSerializer(), new SharedBufferNode(), node)
                .as(value -> SerializersJson.array(((SharedBufferNode) value).getEdges(), SerializersCep::countedForm));

        String old = SHARED_BUFFER + "SharedBufferNode$SharedBufferNodeSerializer";
        if (!Compat.has(old)) {
            return;
        }
        ListSerializer<SharedBufferEdge> list = new ListSerializer<>(edges);
        SerializersCase.add(cases, "cep-node-old", (TypeSerializer<?>) Compat.make(old), new SharedBufferNode(), node)
                .as(value -> SerializersJson.array(((SharedBufferNode) value).getEdges(), SerializersCep::lockedForm))
                .writtenBy((value, out) -> {
                    List<SharedBufferEdge> plain = new ArrayList<>();
                    ((SharedBufferNode) value).getEdges().forEach(one -> plain.add(one.getElement()));
                    list.serialize(plain, out);
                });
    }

    private static void states(List<SerializersCase> cases) throws Exception {
        Queue<ComputationState> partial = new ArrayDeque<>();
        // In the order in which they are read back.
        partial.add(computation("middle:\u00e9", NODE, dewey(1, 0), 1_000, 1_001, EVENT));
        partial.add(computation("start", null, dewey(1), 0, 0, null));
        Queue<ComputationState> completed = new ArrayDeque<>();
        completed.add(computation("$endState$", OTHER_NODE, dewey(2, 0, 1), -1, Long.MAX_VALUE, EVENT));
        Object[] states = {
            new NFAState(new ArrayDeque<>(), new ArrayDeque<>()), new NFAState(partial, new ArrayDeque<>()),
            new NFAState(partial, completed)
        };
        boolean flagged = hasPreviousTimestamp();
        SerializersCase.add(cases, "cep-nfa-state", new NFAStateSerializer(), states)
                .as(state -> stateForm((NFAState) state, flagged));
        if (flagged) {
            NFAStateSerializer now = new NFAStateSerializer();
            Object before =
                    Compat.make(
                            NFAStateSerializer.class.getName(), get(now, "getVersionSerializer"),
                            get(now, "getNodeIdSerializer"), get(now, "getEventIdSerializer"), false);
            SerializersCase.add(cases, "cep-nfa-state-before-1.16", (TypeSerializer<?>) before, states)
                    .as(state -> stateForm((NFAState) state, false));
        }
    }

    private static boolean hasPreviousTimestamp() {
        return SerializersCore.hasField(ComputationState.class, "previousTimestamp");
    }

    /** The previous timestamp came in 1.16. */
    private static ComputationState computation(
            String name, NodeId node, DeweyNumber version, long start, long previous, EventId event) throws Exception {
        Class<?> type = ComputationState.class;
        Object state =
                hasPreviousTimestamp()
                        ? Compat.call(type, null, "createState", name, node, version, start, previous, event)
                        : Compat.call(type, null, "createState", name, node, version, start, event);
        return (ComputationState) state;
    }

    private static DeweyNumber dewey(int... digits) throws Exception {
        return (DeweyNumber) Compat.make(DeweyNumber.class.getName(), (Object) digits);
    }

    private static Object get(Object from, String getter) throws Exception {
        return Compat.call(from.getClass(), from, getter);
    }

    private static String deweyForm(Object dewey) throws Exception {
        return SerializersJson.of(SerializersRuntime.get(dewey, "deweyNumber"));
    }

    private static String eventForm(Object event) {
        if (event == null) {
            return "null";
        }
        EventId id = (EventId) event;
        return SerializersJson.object("id", "" + id.getId(), "timestamp", SerializersJson.number(id.getTimestamp()));
    }

    private static String nodeIdForm(Object node) {
        if (node == null) {
            return "null";
        }
        NodeId id = (NodeId) node;
        return SerializersJson.object(
                "event", eventForm(id.getEventId()), "page", SerializersJson.text(id.getPageName()));
    }

    private static String edgeForm(Object edge) throws Exception {
        return SerializersJson.object(
                "target", nodeIdForm(get(edge, "getTarget")), "version", deweyForm(get(edge, "getDeweyNumber")));
    }

    private static String lockableForm(Object lockable) throws Exception {
        return SerializersJson.object(
                "references", "" + get(lockable, "getRefCounter"), "element",
                SerializersJson.of(((Lockable<?>) lockable).getElement()));
    }

    private static String countedForm(Object lockable) throws Exception {
        return SerializersJson.object("references", "" + get(lockable, "getRefCounter"), "edge", lockedForm(lockable));
    }

    private static String lockedForm(Object lockable) throws Exception {
        return edgeForm(((Lockable<?>) lockable).getElement());
    }

    private static String stateForm(NFAState state, boolean previousTimestamp) throws Exception {
        SerializersCase.Form form = one -> computationForm((ComputationState) one, previousTimestamp);
        return SerializersJson.object(
                "partial", SerializersJson.array(state.getPartialMatches(), form), "completed",
                SerializersJson.array(state.getCompletedMatches(), form));
    }

    private static String computationForm(ComputationState state, boolean previousTimestamp) throws Exception {
        List<String> members = new ArrayList<>();
        members.addAll(List.of("state", SerializersJson.text(state.getCurrentStateName())));
        members.addAll(List.of("previous", nodeIdForm(state.getPreviousBufferEntry())));
        members.addAll(List.of("version", deweyForm(state.getVersion())));
        members.addAll(List.of("start", SerializersJson.number(state.getStartTimestamp())));
        if (previousTimestamp) {
            members.addAll(List.of("previous_timestamp", SerializersJson.of(get(state, "getPreviousTimestamp"))));
        }
        members.addAll(List.of("start_event", eventForm(state.getStartEventID())));
        return SerializersJson.object(members.toArray(new String[0]));
    }
}
