import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.filesystem.RelativeFileStateHandle;

/**
 * Flink's side of reading metadata: {@code Checkpoints.loadCheckpointMetadata}.
 *
 * <p>First from memory, pass after pass until the JIT has settled, then from the file as the job manager opens it.
 */
public class MetadataPeer {
    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            System.err.println("usage: MetadataPeer FILE MEMORY_PASSES FILE_PASSES\n  prints JSON");
            System.exit(2);
        }
        Path path = Paths.get(args[0]).toAbsolutePath();
        byte[] bytes = Files.readAllBytes(path);
        org.apache.flink.core.fs.Path file = new org.apache.flink.core.fs.Path(path.toUri());
        String pointer = file.toString();
        FileSystem files = file.getFileSystem();
        Passes memory = new Passes()
                .run(Integer.parseInt(args[1]), () -> new Loaded(() -> new ByteArrayInputStream(bytes), pointer));
        Passes disk = new Passes().run(Integer.parseInt(args[2]), () -> new Loaded(() -> files.open(file), pointer));
        System.out.println("{\"memory\": " + memory.toJson(bytes.length)
                + ", \"file\": " + disk.toJson(bytes.length) + "}");
    }

    /** What was loaded; looked at only where it is printed. The fields are those of {@code Sums} in the benches crate. */
    static final class Loaded {
        private final CheckpointMetadata metadata;

        Loaded(Callable<InputStream> open, String pointer) throws Exception {
            try (DataInputStream stream = new DataInputStream(open.call())) {
                metadata = Checkpoints.loadCheckpointMetadata(stream, MetadataPeer.class.getClassLoader(), pointer);
            }
        }

        @Override
        public String toString() {
            long subtasks = 0;
            long handles = 0;
            long offsets = 0;
            long pathBytes = 0;
            long stateBytes = 0;
            for (OperatorState operator : metadata.getOperatorStates()) {
                for (OperatorSubtaskState subtask : operator.getStates()) {
                    subtasks++;
                    for (KeyedStateHandle handle : subtask.getManagedKeyedState()) {
                        KeyGroupsStateHandle keyed = (KeyGroupsStateHandle) handle;
                        RelativeFileStateHandle file = (RelativeFileStateHandle) keyed.getDelegateStateHandle();
                        handles++;
                        for (int group : keyed.getKeyGroupRange()) {
                            offsets += keyed.getOffsetForKeyGroup(group);
                        }
                        pathBytes += file.getRelativePath().length();
                        stateBytes += file.getStateSize();
                    }
                }
            }
            StringJoiner fields = new StringJoiner(", ");
            fields.add("\"operators\": " + metadata.getOperatorStates().size());
            fields.add("\"subtasks\": " + subtasks);
            fields.add("\"handles\": " + handles);
            fields.add("\"offsets\": " + offsets);
            fields.add("\"path_bytes\": " + pathBytes);
            fields.add("\"state_bytes\": " + stateBytes);
            return fields.toString();
        }
    }
}
