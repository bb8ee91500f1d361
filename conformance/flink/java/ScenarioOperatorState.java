import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** The split, union and broadcast states of one subtask. */
final class ScenarioOperatorState {
    private final ScenarioJob.Operator operator;
    private final OperatorStateStore store;
    private final int subtask;
    private final Map<ScenarioJob.State, ListState<Object>> lists = new LinkedHashMap<>();
    private final Map<ScenarioJob.State, BroadcastState<Object, Object>> broadcasts = new LinkedHashMap<>();

    ScenarioOperatorState(ScenarioJob.Operator operator, OperatorStateStore store, int subtask) {
        this.operator = operator;
        this.store = store;
        this.subtask = subtask;
    }

    void register(ScenarioJob.State state) throws Exception {
        if (state.kind.equals("broadcast")) {
            broadcasts.put(state, store.getBroadcastState(
                    new MapStateDescriptor<>(state.name, state.userKey.serializer(), state.value.serializer())));
            return;
        }
        ListStateDescriptor<Object> descriptor = new ListStateDescriptor<>(state.name, state.value.serializer());
        lists.put(state, state.kind.equals("union") ? store.getUnionListState(descriptor) : store.getListState(descriptor));
    }

    /** If it is for this subtask. */
    void apply(ScenarioJob.Operation operation) throws Exception {
        switch (operation.verb + " " + operation.state.kind) {
            case "add split":
            case "add union":
                if (operation.subtask == subtask) {
                    lists.get(operation.state).add(operation.value);
                }
                break;
            case "put broadcast":
                broadcasts.get(operation.state).put(operation.userKey, operation.value);
                break;
            case "remove broadcast":
                broadcasts.get(operation.state).remove(operation.userKey);
                break;
            default:
                throw operation.impossible();
        }
    }

    /** Every element and entry. */
    void list(Consumer<JsonNode> lines) throws Exception {
        for (Map.Entry<ScenarioJob.State, ListState<Object>> one : lists.entrySet()) {
            ScenarioJob.State state = one.getKey();
            for (Object element : one.getValue().get()) {
                ObjectNode line = operator.line(state);
                if (state.kind.equals("union")) {
                    line.put("subtask", subtask);
                }
                line.set("value", state.value.write(element));
                lines.accept(line);
            }
        }
        for (Map.Entry<ScenarioJob.State, BroadcastState<Object, Object>> one : broadcasts.entrySet()) {
            ScenarioJob.State state = one.getKey();
            for (Map.Entry<Object, Object> entry : one.getValue().entries()) {
                ObjectNode line = operator.line(state).put("subtask", subtask);
                line.set("user_key", state.userKey.write(entry.getKey()));
                line.set("value", state.value.write(entry.getValue()));
                lines.accept(line);
            }
        }
    }
}
