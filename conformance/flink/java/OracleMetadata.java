import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.MasterState;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.channel.InputChannelInfo;
import org.apache.flink.runtime.checkpoint.channel.ResultSubpartitionInfo;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.AbstractChannelStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;

/** Flink's reader of {@code _metadata}, and all that its objects keep. */
class OracleMetadata implements Oracle.Kind {
    /** What relative handles are resolved against: a directory that is really there. */
    private final String pointer;

    private final OracleHandles handles;

    OracleMetadata() throws Exception {
        Path directory = Files.createTempDirectory("flink-oracle");
        Path marker = Files.createFile(directory.resolve("_metadata"));
        // Deleted last to first.
        directory.toFile().deleteOnExit();
        marker.toFile().deleteOnExit();
        pointer = directory.toUri().toString();
        handles = new OracleHandles(new org.apache.flink.core.fs.Path(pointer).toString());
    }

    @Override
    public Object read(byte[] bytes) throws Throwable {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        return Checkpoints.loadCheckpointMetadata(in, OracleMetadata.class.getClassLoader(), pointer);
    }

    @Override
    public void render(Object value, OracleLines lines) throws Throwable {
        CheckpointMetadata metadata = (CheckpointMetadata) value;
        lines.add("checkpoint_id", metadata.getCheckpointId());
        int i = 0;
        for (MasterState master : metadata.getMasterStates()) {
            String path = "master_state[" + i++ + "]";
            lines.add(path + ".version", master.version());
            lines.text(path + ".name", master.name());
            lines.bytes(path + ".payload", master.bytes());
        }
        i = 0;
        for (OperatorState operator : metadata.getOperatorStates()) {
            operator("operator[" + i++ + "]", operator, lines);
        }
        if (OracleReflect.has(metadata, "getCheckpointProperties")) {
            properties(OracleReflect.call(metadata, "getCheckpointProperties"), lines);
        }
    }

    private void operator(String path, OperatorState operator, OracleLines lines) throws Throwable {
        name(path + ".name", operator, "getOperatorName", lines);
        name(path + ".uid", operator, "getOperatorUid", lines);
        lines.add(path + ".id", operator.getOperatorID());
        lines.add(path + ".parallelism", operator.getParallelism());
        lines.add(path + ".max_parallelism", operator.getMaxParallelism());
        if (operator.getCoordinatorState() != null) {
            handles.stream(path + ".coordinator_state", operator.getCoordinatorState(), lines);
        }
        if (flag(operator, "isFullyFinished")) {
            lines.add(path + ".subtasks", "finished");
            return;
        }
        for (Map.Entry<Integer, OperatorSubtaskState> one : new TreeMap<>(operator.getSubtaskStates()).entrySet()) {
            subtask(path + ".subtask[" + one.getKey() + "]", one.getValue(), lines);
        }
    }

    /** Since 2.0; absent, and empty texts, are no name. */
    private static void name(String path, OperatorState operator, String accessor, OracleLines lines) throws Throwable {
        if (OracleReflect.has(operator, accessor)) {
            Optional<?> name = (Optional<?>) OracleReflect.call(operator, accessor);
            if (name.isPresent()) {
                lines.text(path, (String) name.get());
            }
        }
    }

    private void subtask(String path, OperatorSubtaskState state, OracleLines lines) throws Throwable {
        lines.add(path, flag(state, "isFinished") ? "finished" : "running");
        for (OperatorStateHandle handle : state.getManagedOperatorState()) {
            handles.operatorState(path + ".managed_operator", handle, lines);
        }
        for (OperatorStateHandle handle : state.getRawOperatorState()) {
            handles.operatorState(path + ".raw_operator", handle, lines);
        }
        for (KeyedStateHandle handle : state.getManagedKeyedState()) {
            handles.keyed(path + ".managed_keyed", handle, lines);
        }
        for (KeyedStateHandle handle : state.getRawKeyedState()) {
            handles.keyed(path + ".raw_keyed", handle, lines);
        }
        channels(path + ".input_channels", state.getInputChannelState(), lines);
        channels(path + ".result_subpartitions", state.getResultSubpartitionState(), lines);
    }

    private void channels(String path, Collection<?> all, OracleLines lines) throws Throwable {
        int i = 0;
        for (Object handle : all) {
            String at = path + "[" + i++ + "]";
            boolean one = handle instanceof AbstractChannelStateHandle;
            lines.add(at, one ? "plain" : "merged");
            lines.add(at + ".subtask_index", OracleReflect.call(handle, "getSubtaskIndex"));
            lines.add(at + ".state_size", OracleReflect.call(handle, "getStateSize"));
            handles.stream(at + ".delegate", OracleReflect.call(handle, "getDelegate"), lines);
            if (one) {
                channel(at + ".channel", (AbstractChannelStateHandle<?>) handle, lines);
                continue;
            }
            Collection<?> parts;
            try {
                parts = (Collection<?>) OracleReflect.call(handle, "getUnmergedHandles");
            } catch (Throwable later) {
                // Looked into only when it is used.
                lines.add(at + ".channels", "unreadable");
                continue;
            }
            int k = 0;
            for (Object part : parts) {
                String channel = at + ".channel[" + k++ + "]";
                channel(channel, (AbstractChannelStateHandle<?>) part, lines);
                lines.add(channel + ".state_size", OracleReflect.call(part, "getStateSize"));
            }
        }
    }

    private static void channel(String path, AbstractChannelStateHandle<?> handle, OracleLines lines) {
        Object info = handle.getInfo();
        if (info instanceof InputChannelInfo) {
            InputChannelInfo input = (InputChannelInfo) info;
            lines.add(path, input.getGateIdx() + " " + input.getInputChannelIdx());
        } else {
            ResultSubpartitionInfo output = (ResultSubpartitionInfo) info;
            lines.add(path, output.getPartitionIdx() + " " + output.getSubPartitionIdx());
        }
        List<Long> offsets = handle.getOffsets();
        lines.numbers(path + ".offsets", offsets.stream().mapToLong(Long::longValue).toArray());
    }

    /** All fields, by their Java names; those of the type of the snapshot as well. */
    private static void properties(Object properties, OracleLines lines) throws Throwable {
        if (properties == null) {
            lines.add("properties", "null");
            return;
        }
        Object type = null;
        for (Field field : properties.getClass().getDeclaredFields()) {
            if (field.getType() == boolean.class) {
                field.setAccessible(true);
                lines.add("properties." + field.getName(), field.get(properties));
            } else if (field.getName().equals("checkpointType")) {
                field.setAccessible(true);
                type = field.get(properties);
            }
        }
        if (type == null) {
            lines.add("properties.checkpointType", "null");
            return;
        }
        lines.add("properties.checkpointType", type.getClass().getSimpleName());
        lines.text("properties.checkpointType.name", (String) OracleReflect.call(type, "getName"));
        if (OracleReflect.is(type, "SavepointType")) {
            lines.add("properties.checkpointType.formatType", constant(OracleReflect.call(type, "getFormatType")));
            Object action = OracleReflect.call(type, "getPostCheckpointAction");
            lines.add("properties.checkpointType.postCheckpointAction", constant(action));
        } else {
            Object sharing = OracleReflect.call(type, "getSharingFilesStrategy");
            lines.add("properties.checkpointType.sharingFilesStrategy", constant(sharing));
        }
    }

    private static String constant(Object value) {
        return value == null ? "null" : ((Enum<?>) value).name();
    }

    /** Finished operators and subtasks: since 1.14. */
    private static boolean flag(Object self, String name) throws Throwable {
        return OracleReflect.has(self, name) && (Boolean) OracleReflect.call(self, name);
    }
}
