import java.io.DataInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.MasterState;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.AbstractChannelStateHandle;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.filesystem.RelativeFileStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;

/**
 * Prints what this release's own reader makes of `_metadata` files, sorted, so that two releases can be compared.
 *
 * <p>What only newer versions hold (names, uids, properties) and what Flink makes up (handle ids) is left out.
 */
public class ReadMetadata {
    public static void main(String[] args) throws Exception {
        if (args.length == 0 || args[0].equals("--help")) {
            System.err.println("usage: ReadMetadata PATH ...\n  a savepoint directory or its _metadata file");
            System.exit(args.length > 0 ? 0 : 2);
        }
        for (String arg : args) {
            Path path = Paths.get(arg);
            if (Files.isDirectory(path)) {
                path = path.resolve("_metadata");
            }
            String pointer = path.toAbsolutePath().getParent().toUri().toString();
            try (DataInputStream in = new DataInputStream(Files.newInputStream(path))) {
                print(Checkpoints.loadCheckpointMetadata(in, ReadMetadata.class.getClassLoader(), pointer));
            }
        }
    }

    static void print(CheckpointMetadata metadata) throws Exception {
        line(0, "checkpoint " + metadata.getCheckpointId());
        for (MasterState master : metadata.getMasterStates()) {
            line(1, "master " + master.name() + " version " + master.version() + " " + digest(master.bytes()));
        }
        Map<String, OperatorState> sorted = new TreeMap<>();
        for (OperatorState operator : metadata.getOperatorStates()) {
            sorted.put(operator.getOperatorID().toString(), operator);
        }
        for (Map.Entry<String, OperatorState> one : sorted.entrySet()) {
            OperatorState operator = one.getValue();
            line(1, "operator " + one.getKey() + " parallelism " + operator.getParallelism() + " of "
                    + operator.getMaxParallelism() + (flag(operator, "isFullyFinished") ? " fully finished" : ""));
            if (operator.getCoordinatorState() != null) {
                line(2, "coordinator " + stream(operator.getCoordinatorState()));
            }
            // A fully finished operator gives no map of its subtasks.
            if (!flag(operator, "isFullyFinished")) {
                for (Map.Entry<Integer, OperatorSubtaskState> subtask : new TreeMap<>(operator.getSubtaskStates()).entrySet()) {
                    print(subtask.getKey(), subtask.getValue());
                }
            }
        }
    }

    static void print(int index, OperatorSubtaskState state) throws Exception {
        line(2, "subtask " + index + (flag(state, "isFinished") ? " finished" : ""));
        for (OperatorStateHandle handle : state.getManagedOperatorState()) {
            operatorState("managed operator", handle);
        }
        for (OperatorStateHandle handle : state.getRawOperatorState()) {
            operatorState("raw operator", handle);
        }
        for (KeyedStateHandle handle : state.getManagedKeyedState()) {
            line(3, "managed keyed " + keyed(handle));
        }
        for (KeyedStateHandle handle : state.getRawKeyedState()) {
            line(3, "raw keyed " + keyed(handle));
        }
        channels("input", state.getInputChannelState());
        channels("output", state.getResultSubpartitionState());
    }

    static void operatorState(String kind, OperatorStateHandle handle) throws Exception {
        line(3, kind + " " + stream(handle.getDelegateStateHandle()));
        for (Map.Entry<String, OperatorStateHandle.StateMetaInfo> one :
                new TreeMap<>(handle.getStateNameToPartitionOffsets()).entrySet()) {
            List<Long> offsets = new ArrayList<>();
            for (long offset : one.getValue().getOffsets()) {
                offsets.add(offset);
            }
            line(4, one.getKey() + " " + one.getValue().getDistributionMode() + " " + offsets);
        }
    }

    static String keyed(KeyedStateHandle handle) throws Exception {
        String head = handle.getClass().getSimpleName() + " " + handle.getKeyGroupRange();
        if (handle instanceof KeyGroupsStateHandle) {
            KeyGroupsStateHandle groups = (KeyGroupsStateHandle) handle;
            List<Long> offsets = new ArrayList<>();
            for (int group : groups.getKeyGroupRange()) {
                offsets.add(groups.getOffsetForKeyGroup(group));
            }
            return head + " " + offsets + " " + stream(groups.getDelegateStateHandle());
        }
        if (handle instanceof IncrementalRemoteKeyedStateHandle) {
            Object id = Compat.call(handle.getClass(), handle, "getBackendIdentifier");
            return head + " " + id + " meta " + stream(metaOf(handle))
                    + " shared " + named(Compat.call(handle.getClass(), handle, "getSharedState"))
                    + " private " + named(Compat.call(handle.getClass(), handle, "getPrivateState"));
        }
        return head + " size " + handle.getStateSize();
    }

    /** Renamed in 1.18. */
    static StreamStateHandle metaOf(KeyedStateHandle handle) throws Exception {
        try {
            return (StreamStateHandle) Compat.call(handle.getClass(), handle, "getMetaStateHandle");
        } catch (NoSuchMethodException renamed) {
            return (StreamStateHandle) Compat.call(handle.getClass(), handle, "getMetaDataStateHandle");
        }
    }

    /** A map up to 1.15, a list of pairs later. */
    static List<String> named(Object files) throws Exception {
        List<String> all = new ArrayList<>();
        if (files instanceof Map) {
            for (Map.Entry<?, ?> one : ((Map<?, ?>) files).entrySet()) {
                all.add(one.getKey() + "=" + stream((StreamStateHandle) one.getValue()));
            }
        } else {
            for (Object one : (Collection<?>) files) {
                Object name = Compat.call(one.getClass(), one, "getLocalPath");
                all.add(name + "=" + stream((StreamStateHandle) Compat.call(one.getClass(), one, "getHandle")));
            }
        }
        Collections.sort(all);
        return all;
    }

    /** Merged handles are taken apart, so that both layouts print the same. */
    static void channels(String kind, Collection<?> handles) throws Exception {
        List<String> all = new ArrayList<>();
        for (Object handle : handles) {
            if (handle instanceof AbstractChannelStateHandle) {
                all.add(channel((AbstractChannelStateHandle<?>) handle));
            } else {
                for (Object part : (Collection<?>) Compat.call(handle.getClass(), handle, "getUnmergedHandles")) {
                    all.add(channel((AbstractChannelStateHandle<?>) part));
                }
            }
        }
        Collections.sort(all);
        for (String one : all) {
            line(3, kind + " " + one);
        }
    }

    static String channel(AbstractChannelStateHandle<?> handle) throws Exception {
        return handle.getInfo() + " of " + Compat.call(handle.getClass(), handle, "getSubtaskIndex") + " " + handle.getOffsets()
                + " size " + handle.getStateSize() + " " + stream(handle.getDelegate());
    }

    static String stream(StreamStateHandle handle) throws Exception {
        if (handle instanceof ByteStreamStateHandle) {
            ByteStreamStateHandle bytes = (ByteStreamStateHandle) handle;
            return "inline " + bytes.getHandleName() + " " + digest(bytes.getData());
        }
        if (handle instanceof RelativeFileStateHandle) {
            return "relative " + ((RelativeFileStateHandle) handle).getRelativePath() + " size " + handle.getStateSize();
        }
        if (handle instanceof FileStateHandle) {
            return "file " + ((FileStateHandle) handle).getFilePath() + " size " + handle.getStateSize();
        }
        return String.valueOf(handle);
    }

    static boolean flag(Object self, String name) throws Exception {
        try {
            return (Boolean) Compat.call(self.getClass(), self, name);
        } catch (NoSuchMethodException before114) {
            return false;
        }
    }

    static String digest(byte[] bytes) throws Exception {
        StringBuilder hex = new StringBuilder();
        for (byte b : MessageDigest.getInstance("SHA-256").digest(bytes)) {
            hex.append(String.format("%02x", b));
        }
        return bytes.length + " bytes " + hex.substring(0, 16);
    }

    static void line(int depth, String text) {
        System.out.println("  ".repeat(depth) + text);
    }
}
