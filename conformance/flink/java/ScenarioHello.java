import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** What this adapter says of itself. */
final class ScenarioHello {
    static final int PROTOCOL = 1;
    private static final List<String> PLAIN = List.of("keyed", "operator-state", "namespace", "compression:snappy", "inline",
            "max-parallelism:wide", "rescale", "stages", "ttl", "finished", "value:null");
    private static final List<String> KINDS = List.of("value", "list", "map", "reducing", "aggregating", "event-timers",
            "processing-timers", "split", "union", "broadcast");

    private final String version = EnvironmentInformation.getVersion();
    private final String backend;
    private final String command;
    private final List<String> features = new ArrayList<>();
    private final Map<String, String> unsupported = new LinkedHashMap<>();

    ScenarioHello(String backend, String command) {
        this.backend = backend;
        this.command = command;
        features.addAll(PLAIN);
        KINDS.forEach(kind -> features.add("state:" + kind));
        ScenarioTypes.scalars().forEach(type -> features.add("type:" + type));
        ScenarioTypes.COMPOSITES.forEach(type -> features.add("type:" + type));
        if (release().equals("1.13")) {
            withdraw("finished", "Flink 1.13 takes no checkpoints after tasks have finished (FLIP-147 came with 1.14)");
        }
    }

    void withdraw(String feature, String reason) {
        features.remove(feature);
        unsupported.put(feature, reason);
    }

    /** The feature and the reason of the first that is missing, or null. */
    String[] lacks(Iterable<String> wanted) {
        for (String feature : wanted) {
            for (Map.Entry<String, String> one : unsupported.entrySet()) {
                if (one.getKey().equals("*") || one.getKey().equals(feature)) {
                    return new String[] {feature, one.getValue()};
                }
            }
            if (!features.contains(feature)) {
                return new String[] {feature, "unknown to this adapter"};
            }
        }
        return null;
    }

    private String release() {
        return version.replaceFirst("^(\\d+\\.\\d+).*", "$1");
    }

    void answer(ObjectNode response) {
        response.put("protocol", PROTOCOL).put("name", "Apache Flink").put("version", version).put("backend", backend);
        response.put("issues", "https://issues.apache.org/jira/projects/FLINK").put("release", release());
        response.set("roles", ScenarioJson.stringArray(List.of("producer", "consumer")));
        response.set("features", ScenarioJson.stringArray(features));
        ArrayNode missing = response.putArray("unsupported");
        unsupported.forEach((feature, reason) -> missing.addObject().put("feature", feature).put("reason", reason));
        response.put("command", command);
    }
}
