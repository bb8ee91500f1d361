import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.CheckpointProperties;
import org.apache.flink.runtime.checkpoint.CheckpointRetentionPolicy;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.MasterState;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.runtime.checkpoint.channel.InputChannelInfo;
import org.apache.flink.runtime.checkpoint.channel.ResultSubpartitionInfo;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.InputChannelStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeOffsets;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.OperatorStreamStateHandle;
import org.apache.flink.runtime.state.ResultSubpartitionStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.filesystem.RelativeFileStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;

/**
 * Writes `_metadata` files with what no canonical savepoint holds, by the release's own serializers.
 *
 * <p>Nothing that they point to exists.
 */
public class Craft {
    static final String STATE = "org.apache.flink.runtime.state.";
    static final String CHECKPOINT = "org.apache.flink.runtime.checkpoint.";
    static final KeyGroupRange RANGE = new KeyGroupRange(0, 3);

    public static void main(String[] args) throws Exception {
        if (args.length != 1 || args[0].equals("--help")) {
            System.err.println("usage: Craft DIR\n  writes DIR/<case>/_metadata for each case that the release has");
            System.exit(args.length == 1 ? 0 : 2);
        }
        Path into = Paths.get(args[0]);
        boolean channelMerging = Compat.has(STATE + "MergedInputChannelStateHandle");
        boolean finished = Compat.has(CHECKPOINT + "FullyFinishedOperatorState");

        store(into, "empty", Collections.emptyList(), Collections.emptyList(), null);
        store(into, "master", Collections.emptyList(),
                Arrays.asList(new MasterState("hook-\u00e9", new byte[] {1, 2, 3}, 7), new MasterState("h2", new byte[0], -1)),
                null);

        OperatorState coordinated = operator("Source", "source", 3, 4, 1, 128);
        coordinated.setCoordinatorState(bytes("coordinator", 1, 2));
        store(into, "coordinator", List.of(coordinated), List.of(), null);

        store(into, "opstate", with(subtask("ManagedOperatorState", operatorState(bytes("inline", 9, 8, 7)),
                "RawOperatorState", operatorState(relative("raw-file", 33)))), List.of(), null);
        store(into, "keyedsavepoint", with(subtask(
                "ManagedKeyedState", new KeyGroupsSavepointStateHandle(offsets(), relative("keyed-file", 40)),
                "RawKeyedState", new KeyGroupsStateHandle(offsets(), bytes("raw", 1)))), List.of(), null);
        store(into, "keygroups", with(subtask(
                "ManagedKeyedState", new KeyGroupsStateHandle(offsets(), file("file:/checkpoints/keyed", 40)),
                "RawKeyedState", new KeyGroupsStateHandle(offsets(),
                        new KeyGroupsStateHandle(offsets(), bytes("nested", 5))))), List.of(), null);
        store(into, "incremental", with(subtask("ManagedKeyedState", incremental())), List.of(), null);

        if (Compat.has(STATE + "changelog.ChangelogStateBackendHandle$ChangelogStateBackendHandleImpl")) {
            store(into, "changelog", with(subtask("ManagedKeyedState", changelog())), List.of(), null);
        }
        store(into, "channel", with(subtask("InputChannelState", single(inputChannel(1)),
                "ResultSubpartitionState", single(resultSubpartition(5)))), List.of(), null);
        if (channelMerging) {
            Object input = Compat.call(Class.forName(STATE + "MergedInputChannelStateHandle"), null,
                    "fromChannelHandles", Arrays.asList(inputChannel(0), inputChannel(1)));
            Object output = Compat.call(Class.forName(STATE + "MergedResultSubpartitionStateHandle"), null,
                    "fromChannelHandles", List.of(resultSubpartition(5)));
            store(into, "mergedchannel", with(subtask("InputChannelState", single(input), "ResultSubpartitionState",
                    single(output))), List.of(), null);
        }
        if (Compat.has(STATE + "filemerging.SegmentFileStateHandle")) {
            store(into, "segment", with(segments()), List.of(), null);
        }
        if (finished) {
            OperatorState partly = operator("Op", "uid-1", 1, 2, 3, 128);
            Object marker = Class.forName(CHECKPOINT + "FinishedOperatorSubtaskState").getField("INSTANCE").get(null);
            partly.putState(0, (OperatorSubtaskState) marker);
            partly.putState(1, OperatorSubtaskState.builder().build());
            partly.putState(2, (OperatorSubtaskState) marker);
            OperatorState fully = (OperatorState) Compat.makeAny(CHECKPOINT + "FullyFinishedOperatorState",
                    Compat.args("Fin", "uid-f", new OperatorID(5, 6), 2, 128), Compat.args(new OperatorID(5, 6), 2, 128));
            store(into, "finished", Arrays.asList(partly, fully), List.of(), null);
        }
        properties(into);
    }

    static void properties(Path into) throws Exception {
        if (!Compat.has("org.apache.flink.core.execution.SavepointFormatType")) {
            return;
        }
        Class<?> formats = Class.forName("org.apache.flink.core.execution.SavepointFormatType");
        Class<?> type = CheckpointProperties.class;
        Object canonical = Compat.constant(formats, "CANONICAL");
        Object nativeFormat = Compat.constant(formats, "NATIVE");
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("canonical", Compat.call(type, null, "forSavepoint", true, canonical));
        all.put("native", Compat.call(type, null, "forSavepoint", false, nativeFormat));
        all.put("suspend", Compat.call(type, null, "forSyncSavepoint", false, false, canonical));
        all.put("terminate", Compat.call(type, null, "forSyncSavepoint", false, true, nativeFormat));
        all.put("unclaimed", Compat.call(type, null, "forUnclaimedSnapshot"));
        all.put("retained", CheckpointProperties.forCheckpoint(CheckpointRetentionPolicy.RETAIN_ON_CANCELLATION));
        all.put("discarded", CheckpointProperties.forCheckpoint(CheckpointRetentionPolicy.NEVER_RETAIN_AFTER_TERMINATION));
        for (Map.Entry<String, Object> one : all.entrySet()) {
            store(into, "properties-" + one.getKey(), List.of(), List.of(), one.getValue());
        }
    }

    /** Properties are left out (up to 1.15) or null where {@code properties} is. */
    static void store(Path into, String name, Collection<OperatorState> operators, Collection<MasterState> masters,
            Object properties) throws Exception {
        CheckpointMetadata metadata;
        if (properties == null) {
            metadata = new CheckpointMetadata(42L, operators, masters);
        } else {
            try {
                metadata = (CheckpointMetadata) Compat.make(CheckpointMetadata.class.getName(), 42L, operators, masters, properties);
            } catch (NoSuchMethodException upTo115) {
                return;
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Checkpoints.storeCheckpointMetadata(metadata, out);
        Files.createDirectories(into.resolve(name));
        Files.write(into.resolve(name).resolve("_metadata"), out.toByteArray());
        System.out.println(into.resolve(name));
    }

    static OperatorState operator(String name, String uid, long lower, long upper, int parallelism, int max) throws Exception {
        OperatorID id = new OperatorID(lower, upper);
        return (OperatorState) Compat.makeAny(OperatorState.class.getName(),
                Compat.args(name, uid, id, parallelism, max), Compat.args(id, parallelism, max));
    }

    /** One operator whose second subtask has the state. */
    static List<OperatorState> with(OperatorSubtaskState state) throws Exception {
        OperatorState operator = operator("Op \ud83d\ude00", null, 0x0102030405060708L, 0x1112131415161718L, 2, 4);
        operator.putState(1, state);
        return List.of(operator);
    }

    static OperatorSubtaskState subtask(Object... kindsAndStates) throws Exception {
        OperatorSubtaskState.Builder builder = OperatorSubtaskState.builder();
        for (int i = 0; i < kindsAndStates.length; i += 2) {
            Compat.call(OperatorSubtaskState.Builder.class, builder, "set" + kindsAndStates[i], kindsAndStates[i + 1]);
        }
        return builder.build();
    }

    @SuppressWarnings({"rawtypes", "unchecked"})
    static StateObjectCollection single(Object state) {
        return new StateObjectCollection(new ArrayList(List.of(state)));
    }

    static ByteStreamStateHandle bytes(String name, int... data) {
        byte[] copy = new byte[data.length];
        for (int i = 0; i < data.length; i++) {
            copy[i] = (byte) data[i];
        }
        return new ByteStreamStateHandle(name, copy);
    }

    static StreamStateHandle file(String path, long size) {
        return new FileStateHandle(new org.apache.flink.core.fs.Path(path), size);
    }

    static StreamStateHandle relative(String name, long size) {
        return new RelativeFileStateHandle(new org.apache.flink.core.fs.Path("file:/savepoint/" + name), name, size);
    }

    static KeyGroupRangeOffsets offsets() {
        return new KeyGroupRangeOffsets(RANGE, new long[] {0, 10, 20, 30});
    }

    static Map<String, OperatorStateHandle.StateMetaInfo> states() {
        Map<String, OperatorStateHandle.StateMetaInfo> states = new LinkedHashMap<>();
        states.put("spl\u00e9\u0000\ud83d\ude00", meta(OperatorStateHandle.Mode.SPLIT_DISTRIBUTE, 0, 17));
        states.put("uni", meta(OperatorStateHandle.Mode.UNION, 18));
        states.put("bro", meta(OperatorStateHandle.Mode.BROADCAST, 19));
        return states;
    }

    static OperatorStateHandle.StateMetaInfo meta(OperatorStateHandle.Mode mode, long... offsets) {
        return new OperatorStateHandle.StateMetaInfo(offsets, mode);
    }

    static OperatorStateHandle operatorState(StreamStateHandle delegate) {
        return new OperatorStreamStateHandle(states(), delegate);
    }

    /** Files by name: a map up to 1.15, a list of pairs later. */
    static Object named(String name, StreamStateHandle handle) throws Exception {
        if (Compat.has(STATE + "IncrementalKeyedStateHandle$HandleAndLocalPath")) {
            Class<?> pair = Class.forName(STATE + "IncrementalKeyedStateHandle$HandleAndLocalPath");
            return new ArrayList<>(List.of(Compat.call(pair, null, "of", handle, name)));
        }
        return new LinkedHashMap<>(Map.of(Compat.make(STATE + "StateHandleID", name), handle));
    }

    static Object incremental() throws Exception {
        UUID backend = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
        Object shared = named("000001.sst", file("file:/shared/s1", -1));
        Object own = named("MANIFEST", bytes("private", 1, 2));
        StreamStateHandle meta = bytes("meta", 5);
        return Compat.makeAny(STATE + "IncrementalRemoteKeyedStateHandle",
                Compat.args(backend, RANGE, 41L, shared, own, meta, 2L), Compat.args(backend, RANGE, 41L, shared, own, meta));
    }

    static Object changelog() throws Exception {
        List<Object> changes = new ArrayList<>(List.of(change(-1, 1), change(3, 2, 2)));
        String inMemory = STATE + "changelog.inmemory.InMemoryChangelogStateHandle";
        Class<?> sequence = Class.forName(STATE + "changelog.SequenceNumber");
        Object from = Compat.call(sequence, null, "of", 5L);
        Object to = Compat.call(sequence, null, "of", 9L);
        Object increment = Compat.makeAny(inMemory, Compat.args(changes, from, to, RANGE), Compat.args(changes, 5L, 9L, RANGE));

        List<Object> streams = new ArrayList<>(List.of(Tuple2.of(file("file:/changelog/1", 99), 12L)));
        Object stream = Compat.makeAny(STATE + "changelog.ChangelogStateHandleStreamImpl",
                Compat.args(streams, RANGE, 77L, 55L, "filesystem"), Compat.args(streams, RANGE, 77L, 55L),
                Compat.args(streams, RANGE, 77L));

        List<Object> materialized =
                new ArrayList<>(List.of(new KeyGroupsStateHandle(offsets(), bytes("materialized", 1, 2, 3, 4)), incremental()));
        List<Object> increments = new ArrayList<>(List.of(increment, stream));
        return Compat.makeAny(STATE + "changelog.ChangelogStateBackendHandle$ChangelogStateBackendHandleImpl",
                Compat.args(materialized, increments, RANGE, 41L, 6L, 88L), Compat.args(materialized, increments, RANGE, 6L, 88L),
                Compat.args(materialized, increments, RANGE));
    }

    static Object change(int keyGroup, int... data) throws Exception {
        byte[] copy = bytes("", data).getData();
        Class<?> type = Class.forName(STATE + "changelog.StateChange");
        try {
            return keyGroup == -1
                    ? Compat.call(type, null, "ofMetadataChange", (Object) copy)
                    : Compat.call(type, null, "ofDataChange", keyGroup, copy);
        } catch (NoSuchMethodException upTo116) {
            return Compat.make(type.getName(), keyGroup, copy);
        }
    }

    /** One for all channels: merging compares identities. */
    static final StreamStateHandle CHANNELS = relative("channels", 500);

    static InputChannelStateHandle inputChannel(int channel) {
        return new InputChannelStateHandle(1, new InputChannelInfo(2, channel), CHANNELS,
                Arrays.asList(4L + channel, 80L + channel), 100);
    }

    static ResultSubpartitionStateHandle resultSubpartition(int partition) {
        return new ResultSubpartitionStateHandle(1, new ResultSubpartitionInfo(partition, 6), bytes("results", 1), List.of(7L), 1);
    }

    static OperatorSubtaskState segments() throws Exception {
        Class<?> directory = Class.forName(STATE + "filemerging.DirectoryStreamStateHandle");
        Object taskOwned = Compat.call(directory, null, "of", new org.apache.flink.core.fs.Path("file:/merged/taskowned"));
        Object shared = Compat.call(directory, null, "of", new org.apache.flink.core.fs.Path("file:/merged/shared"));
        Object state = Compat.make(STATE + "filemerging.FileMergingOperatorStreamStateHandle", taskOwned, shared, states(),
                segment("EXCLUSIVE", 1, 2));
        Object none = Compat.call(Class.forName(STATE + "filemerging.EmptyFileMergingOperatorStreamStateHandle"), null,
                "create", taskOwned, shared);
        return subtask("ManagedOperatorState", state, "RawOperatorState", none,
                "ManagedKeyedState", new KeyGroupsStateHandle(offsets(), segment("SHARED", 10, 20)));
    }

    static StreamStateHandle segment(String scope, long start, long size) throws Exception {
        Object id = Compat.make(CHECKPOINT + "filemerging.LogicalFile$LogicalFileId", "logical-" + scope);
        Object scopeValue = Compat.constant(Class.forName(STATE + "CheckpointedStateScope"), scope);
        return (StreamStateHandle) Compat.make(STATE + "filemerging.SegmentFileStateHandle",
                new org.apache.flink.core.fs.Path("file:/merged/physical"), start, size, scopeValue, id);
    }
}
