import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** One run of a scenario's job: what its operators have to do, and what they report. They run in this JVM and find it by number. */
final class ScenarioJob {
    private static final Map<Integer, ScenarioJob> JOBS = new ConcurrentHashMap<>();
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    final int number = NUMBERS.incrementAndGet();
    final String scenario;
    final int parallelism;
    /** Whether it lists what was restored, in place of operations. */
    final boolean lists;
    final List<Operator> operators = new ArrayList<>();

    /** Subtasks that are open, and operations of keys that are done. */
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger done = new AtomicInteger();
    /** Uids of operators that should be finished but were run. */
    final Set<String> ran = ConcurrentHashMap.newKeySet();
    final Queue<JsonNode> lines = new ConcurrentLinkedQueue<>();

    /** A stage of a program, or a restore. */
    ScenarioJob(String scenario, JsonNode stage, boolean lists) {
        this.scenario = scenario;
        this.lists = lists;
        parallelism = ScenarioJson.member(stage, "parallelism").asInt();
        ScenarioJson.member(stage, "operators").forEach(node -> operators.add(new Operator(node)));
    }

    static ScenarioJob of(int number) {
        ScenarioJob job = JOBS.get(number);
        if (job == null) {
            throw new IllegalStateException("job " + number + " is over");
        }
        return job;
    }

    void begin() {
        JOBS.put(number, this);
    }

    void end() {
        JOBS.remove(number);
    }

    int keyedOperations() {
        return operators.stream().mapToInt(operator -> operator.keyed.size()).sum();
    }

    int finishedOperators() {
        return (int) operators.stream().filter(operator -> operator.finished).count();
    }

    /** An operator. Its keyed operations reach it as records, by their index. */
    static final class Operator {
        final String uid;
        final int maxParallelism;
        final ScenarioTypes.Type key;
        final boolean finished;
        final List<State> states = new ArrayList<>();
        final List<Operation> keyed = new ArrayList<>();
        /** Operations on operator state, which each subtask does as it opens. */
        final List<Operation> unkeyed = new ArrayList<>();

        Operator(JsonNode node) {
            uid = ScenarioJson.member(node, "uid").asText();
            maxParallelism = ScenarioJson.member(node, "max_parallelism").asInt();
            key = type(node, "key");
            finished = ScenarioJson.flag(node, "finished");
            ScenarioJson.member(node, "states").forEach(state -> states.add(new State(state)));
            if (node.has("operations")) {
                for (JsonNode one : node.get("operations")) {
                    Operation operation = new Operation(one, this);
                    (operation.state.isKeyed() ? keyed : unkeyed).add(operation);
                }
            }
        }

        State state(String name, String kind) {
            for (State state : states) {
                if (state.name.equals(name) && state.kind.equals(kind)) {
                    return state;
                }
            }
            throw new IllegalArgumentException("operator " + uid + " has no state " + name + " of kind " + kind);
        }

        ObjectNode line(State state) {
            ObjectNode line = ScenarioJson.NODES.objectNode();
            return line.put("operator", uid).put("state", state.name).put("kind", state.kind);
        }
    }

    /** A state. */
    static final class State {
        final String name;
        final String kind;
        final ScenarioTypes.Type namespace;
        final ScenarioTypes.Type userKey;
        final ScenarioTypes.Type value;
        final boolean ttl;

        State(JsonNode node) {
            name = ScenarioJson.member(node, "name").asText();
            kind = ScenarioJson.member(node, "kind").asText();
            namespace = type(node, "namespace");
            userKey = type(node, "user_key");
            value = type(node, "value");
            ttl = ScenarioJson.flag(node, "ttl");
        }

        boolean isTimers() {
            return kind.endsWith("-timers");
        }

        boolean isKeyed() {
            return !kind.equals("split") && !kind.equals("union") && !kind.equals("broadcast");
        }
    }

    /** An operation, its values in Java. */
    static final class Operation {
        final String verb;
        final State state;
        final Object key;
        final Object namespace;
        final Object userKey;
        final Object value;
        final long timestamp;
        final int subtask;

        Operation(JsonNode node, Operator operator) {
            verb = ScenarioJson.member(node, "do").asText();
            state = operator.state(ScenarioJson.member(node, "state").asText(), ScenarioJson.member(node, "kind").asText());
            key = state.isKeyed() ? operator.key.read(ScenarioJson.member(node, "key")) : null;
            namespace = state.namespace == null ? null : state.namespace.read(ScenarioJson.member(node, "namespace"));
            userKey = node.has("user_key") ? state.userKey.read(node.get("user_key")) : null;
            value = node.has("value") ? state.value.read(node.get("value")) : null;
            timestamp = node.has("timestamp") ? Long.parseLong(node.get("timestamp").asText()) : 0;
            subtask = node.has("subtask") ? node.get("subtask").asInt() : -1;
        }

        IllegalArgumentException impossible() {
            return new IllegalArgumentException("no " + verb + " on " + state.kind + " state");
        }
    }

    private static ScenarioTypes.Type type(JsonNode node, String name) {
        String text = ScenarioJson.text(node, name);
        return text == null ? null : ScenarioTypes.parse(text);
    }
}
