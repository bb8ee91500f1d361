import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.util.SerializedThrowable;

/** The adapter of Flink: interprets scenarios, speaking the suite's protocol on standard input and output; see {@code adapter}. */
public final class ScenarioAdapter {
    private static final String PROBE = "{\"scenario\":\"probe\",\"features\":[],\"compression\":\"none\",\"inline\":true,\"stages\":[{"
            + "\"parallelism\":1,\"operators\":[{\"uid\":\"probe\",\"max_parallelism\":128,\"key\":\"long\",\"states\":[{\"name\":"
            + "\"probe\",\"kind\":\"value\",\"value\":\"long\"}],\"operations\":[{\"do\":\"put\",\"state\":\"probe\",\"kind\":\"value\","
            + "\"key\":\"1\",\"value\":\"1\"}]}]}]}";

    private final ScenarioRun run;
    private final ScenarioHello hello;

    private ScenarioAdapter(ScenarioRun run, ScenarioHello hello) {
        this.run = run;
        this.hello = hello;
    }

    public static void main(String[] args) throws Exception {
        String backend = "hashmap";
        String command = "";
        boolean changelog = false;
        List<String> conf = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--backend":
                    backend = args[++i];
                    break;
                case "--command":
                    command = args[++i];
                    break;
                case "--changelog":
                    changelog = true;
                    break;
                case "--conf":
                    conf.add(args[++i]);
                    break;
                default:
                    throw new IllegalArgumentException(args[i]);
            }
        }
        // What Flink or a backend prints belongs into the log.
        OutputStream out = new FileOutputStream(FileDescriptor.out);
        System.setOut(System.err);
        Path scratch = ScenarioRun.scratch();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                Compat.delete(scratch);
            } catch (Exception stillWritten) {
                // The directory for temporary files is cleaned by others.
            }
        }));
        ScenarioRun run = new ScenarioRun(ScenarioRun.configuration(backend, changelog, scratch, conf), scratch);
        ScenarioHello hello = new ScenarioHello(changelog ? backend + "+changelog" : backend, command);
        ScenarioAdapter adapter = new ScenarioAdapter(run, hello);
        if (backend.toLowerCase(Locale.ROOT).contains("forst")) {
            adapter.probe(scratch);
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            ObjectNode response = ScenarioJson.NODES.objectNode();
            String what = adapter.answer(line, response);
            out.write((ScenarioJson.line(response) + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
            if ("stop".equals(what)) {
                break;
            }
        }
        run.close();
        // Threads of the local cluster may linger.
        System.exit(0);
    }

    /** ForSt may have no canonical savepoints. */
    private void probe(Path scratch) {
        try {
            run.produce(ScenarioJson.parse(PROBE), scratch.resolve("probe"));
        } catch (Throwable e) {
            // Without the backend's whole configuration.
            Throwable root = ScenarioCluster.root(e);
            String why = root instanceof ClassNotFoundException
                    ? "no such backend in this release"
                    : String.valueOf(root.getMessage()).replaceAll("\\{[^{}]*\\}", "");
            hello.withdraw("*", "Flink refuses: " + why);
        }
    }

    /** What was asked, for all that can be read of it. */
    private String answer(String line, ObjectNode response) {
        JsonNode request;
        try {
            request = ScenarioJson.parse(line);
        } catch (IOException e) {
            response.put("seq", 0).put("response", "error").put("message", "no JSON: " + e.getMessage());
            return null;
        }
        String what = ScenarioJson.text(request, "request");
        response.set("seq", request.get("seq"));
        answer(String.valueOf(what), request, response);
        return what;
    }

    private void answer(String what, JsonNode request, ObjectNode response) {
        try {
            switch (what) {
                case "hello":
                    response.put("response", "hello");
                    hello.answer(response);
                    return;
                case "produce":
                    if (isSupported(request.get("program"), response)) {
                        run.produce(request.get("program"), directory(request));
                        response.put("response", "produced");
                    }
                    return;
                case "restore":
                    if (isSupported(request.get("restore"), response)) {
                        List<JsonNode> lines = run.restore(request.get("restore"), directory(request));
                        response.put("response", "restored").set("lines", ScenarioJson.array(lines));
                    }
                    return;
                case "stop":
                    response.put("response", "stopped");
                    return;
                case "inspect":
                    response.put("response", "unsupported").put("feature", what).put("reason", "Flink restores, and does nothing less");
                    return;
                default:
                    response.put("response", "error").put("message", "unknown request: " + what);
            }
        } catch (ScenarioCluster.JobFailed e) {
            response.put("response", what.equals("restore") ? "rejected" : "error");
            if (what.equals("restore")) {
                response.put("class", name(ScenarioCluster.root(e)));
            }
            response.put("message", reason(e));
            if (!what.equals("restore")) {
                response.put("detail", trace(e));
            }
            e.printStackTrace();
        } catch (Throwable e) {
            response.put("response", "error").put("message", reason(e)).put("detail", trace(e));
            e.printStackTrace();
        }
    }

    private boolean isSupported(JsonNode program, ObjectNode response) {
        String[] lack = hello.lacks(ScenarioJson.strings(ScenarioJson.member(program, "features")));
        if (lack != null) {
            response.put("response", "unsupported").put("feature", lack[0]).put("reason", lack[1]);
        }
        return lack == null;
    }

    private static Path directory(JsonNode request) {
        return Paths.get(ScenarioJson.member(request, "directory").asText()).toAbsolutePath();
    }

    private static String name(Throwable e) {
        return e instanceof SerializedThrowable ? ((SerializedThrowable) e).getOriginalErrorClassName() : e.getClass().getName();
    }

    /** The causes, outermost last, without what only wraps another. */
    private static String reason(Throwable e) {
        List<String> chain = new ArrayList<>();
        for (Throwable at = e; at != null; at = at.getCause()) {
            if (at instanceof ScenarioCluster.JobFailed) {
                continue;
            }
            String message = String.valueOf(at.getMessage());
            String text = message.startsWith(name(at)) ? message : name(at) + ": " + message;
            if (!chain.isEmpty() && chain.get(0).endsWith(text)) {
                chain.remove(0);
            }
            chain.add(0, text);
        }
        return String.join("; for: ", chain);
    }

    private static String trace(Throwable e) {
        StringWriter text = new StringWriter();
        e.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
