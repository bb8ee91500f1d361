import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;

/**
 * Tries whether this release restores golden savepoints: its reader of {@code _metadata}, then its backends with the state
 * that is there ({@link TryRestoreState}), then the job that wrote it ({@link TryRestoreJob}).
 *
 * <p>One line for each, {@code id TAB verdict TAB reason}. The verdict is {@code ok}; {@code metadata}, {@code state} or
 * {@code job} by what failed; or {@code skipped} where the distribution lacks what the savepoint needs.
 */
public class TryRestore {
    public static void main(String[] args) throws Exception {
        if (args.length < 2 || args[0].equals("--help")) {
            System.err.println(
                    "usage: TryRestore SCRATCH SAVEPOINT ...\n"
                            + "  tries each golden savepoint, a directory whose name tells what wrote it; SCRATCH is a"
                            + " directory for files of this run");
            System.exit(args.length > 0 && args[0].equals("--help") ? 0 : 2);
        }
        Path scratch = Files.createDirectories(Paths.get(args[0]).toAbsolutePath());
        try (TryRestoreState states = new TryRestoreState(scratch); TryRestoreJob jobs = new TryRestoreJob(scratch)) {
            for (String arg : Arrays.asList(args).subList(1, args.length)) {
                Path savepoint = Paths.get(arg).toAbsolutePath();
                System.out.println(savepoint.getFileName() + "\t" + verdict(savepoint, states, jobs));
                System.out.flush();
            }
        } catch (Throwable driver) {
            driver.printStackTrace();
            System.exit(1);
        }
        // Threads of the local cluster may linger.
        System.exit(0);
    }

    static String verdict(Path savepoint, TryRestoreState states, TryRestoreJob jobs) throws Exception {
        String id = savepoint.getFileName().toString();
        CheckpointMetadata metadata;
        try {
            metadata = read(savepoint);
        } catch (Throwable e) {
            return "metadata\t" + reason(e);
        }
        // Nothing that these point to exists.
        if (id.contains("-crafted-")) {
            return "ok\t";
        }
        if (id.endsWith("-avro") && !Compat.has(TypedTypesAvro.SERIALIZER)) {
            return "skipped\tflink-avro is in no distribution";
        }
        Set<String> failed = states.restore(metadata);
        if (!failed.isEmpty()) {
            return "state\t" + String.join("; ", failed);
        }
        return jobs.restore(id, savepoint);
    }

    static CheckpointMetadata read(Path savepoint) throws IOException {
        try (DataInputStream in = new DataInputStream(Files.newInputStream(savepoint.resolve("_metadata")))) {
            String pointer = savepoint.toUri().toString();
            return Checkpoints.loadCheckpointMetadata(in, TryRestore.class.getClassLoader(), pointer);
        }
    }

    /** What an older or newer class cannot do is said by the innermost exception. */
    static Throwable root(Throwable e) {
        while (e.getCause() != null && e.getCause() != e) {
            e = e.getCause();
        }
        return e;
    }

    static String reason(Throwable e) {
        Throwable root = root(e);
        String text = String.valueOf(root.getMessage());
        String name = root.getClass().getSimpleName();
        if (Boolean.getBoolean("tryrestore.traces")) {
            e.printStackTrace();
        }
        return root.getMessage() == null ? name + where(root) : name + ": " + stable(text);
    }

    /** Without a message the method that threw it says more than nothing. */
    private static String where(Throwable root) {
        for (StackTraceElement at : root.getStackTrace()) {
            if (!at.getClassName().startsWith("java.")) {
                return " in " + at.getClassName().replaceAll(".*\\.", "") + "." + at.getMethodName();
            }
        }
        return "";
    }

    /** One line without what differs between runs and machines. */
    static String stable(String text) {
        List<String[]> changes =
                List.of(
                        new String[] {"(?s)\\n\\s*(at |Serialization trace).*", ""},
                        new String[] {"\\s+", " "},
                        new String[] {"(?<![\\w/])(file:)?(/[\\w.+-]+){2,}", "<path>"},
                        // The class says enough.
                        new String[] {"; local class incompatible: stream classdesc.*", "; local class incompatible"},
                        new String[] {"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"},
                        new String[] {"\\b[0-9a-f]{32}(_[0-9a-f]{32})?\\b", "<id>"},
                        new String[] {"@[0-9a-f]{3,8}\\b", ""},
                        new String[] {"\\$\\$Lambda[\\w$/.]*", "<lambda>"},
                        new String[] {"is in unnamed module of loader '?app'?[^)]*", "is in the application"});
        for (String[] change : changes) {
            text = text.replaceAll(change[0], change[1]);
        }
        text = text.trim();
        return text.length() > 200 ? text.substring(0, 200) + "..." : text;
    }
}
