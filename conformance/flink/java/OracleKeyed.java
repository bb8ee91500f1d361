import java.io.ByteArrayInputStream;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputViewStreamWrapper;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeOffsets;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedBackendSerializationProxy;
import org.apache.flink.runtime.state.RegisteredStateMetaInfoBase;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.BackendStateType;
import org.apache.flink.runtime.state.restore.FullSnapshotRestoreOperation;
import org.apache.flink.runtime.state.restore.KeyGroup;
import org.apache.flink.runtime.state.restore.KeyGroupEntry;
import org.apache.flink.runtime.state.restore.SavepointRestoreResult;
import org.apache.flink.runtime.state.restore.ThrowingIterator;

/**
 * A stream of keyed state as every backend restores it: the reader of full snapshots, then the states of its header as the
 * backends register them. Entries are what that reader hands to the backends.
 *
 * <p>Bytes: number of offsets, first key group, max parallelism (four bytes each), the offsets (eight each), the stream.
 */
class OracleKeyed implements Oracle.Kind {
    private static final class Result {
        boolean compressed;
        TypeSerializerSnapshot<?> key;
        List<StateMetaInfoSnapshot> states;
        final Map<Integer, List<KeyGroupEntry>> groups = new TreeMap<>();
    }

    @Override
    public Object read(byte[] bytes) throws Throwable {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        long[] offsets = new long[in.getInt()];
        int first = in.getInt();
        in.getInt();
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = in.getLong();
        }
        byte[] stream = new byte[in.remaining()];
        in.get(stream);
        return restore(stream, KeyGroupRange.of(first, first + offsets.length - 1), offsets);
    }

    private static Result restore(byte[] stream, KeyGroupRange range, long[] offsets) throws Exception {
        Result result = new Result();
        // The operation below does not give these two away.
        KeyedBackendSerializationProxy<Object> header = new KeyedBackendSerializationProxy<>(OracleSnapshot.LOADER);
        header.read(new DataInputViewStreamWrapper(new ByteArrayInputStream(stream)));
        result.compressed = header.isUsingKeyGroupCompression();
        result.key = header.getKeySerializerSnapshot();
        KeyGroupsStateHandle handle =
                new KeyGroupsStateHandle(new KeyGroupRangeOffsets(range, offsets), new ByteStreamStateHandle("keyed", stream));
        FullSnapshotRestoreOperation<Object> operation =
                new FullSnapshotRestoreOperation<>(range, OracleSnapshot.LOADER, Collections.singletonList(handle), null);
        // There is no job whose key serializer could be compared with that of the file.
        Field checked = FullSnapshotRestoreOperation.class.getDeclaredField("isKeySerializerCompatibilityChecked");
        checked.setAccessible(true);
        checked.setBoolean(operation, true);
        try (ThrowingIterator<SavepointRestoreResult> results = operation.restore()) {
            while (results.hasNext()) {
                SavepointRestoreResult one = results.next();
                result.states = one.getStateMetaInfoSnapshots();
                for (StateMetaInfoSnapshot state : result.states) {
                    register(state);
                }
                try (ThrowingIterator<KeyGroup> groups = one.getRestoredKeyGroups()) {
                    while (groups.hasNext()) {
                        KeyGroup group = groups.next();
                        List<KeyGroupEntry> entries = new ArrayList<>();
                        try (ThrowingIterator<KeyGroupEntry> iterator = group.getKeyGroupEntries()) {
                            while (iterator.hasNext()) {
                                entries.add(iterator.next());
                            }
                        }
                        if (!entries.isEmpty()) {
                            result.groups.put(group.getKeyGroupId(), entries);
                        }
                    }
                }
            }
        }
        return result;
    }

    /** What backends do with a state before they take its entries. Others than these two they refuse. */
    private static void register(StateMetaInfoSnapshot state) {
        BackendStateType type = state.getBackendStateType();
        if (type != BackendStateType.KEY_VALUE && type != BackendStateType.PRIORITY_QUEUE) {
            throw new IllegalStateException("Unexpected state type: " + type);
        }
        RegisteredStateMetaInfoBase.fromMetaInfoSnapshot(state);
    }

    @Override
    public void render(Object value, OracleLines lines) throws Throwable {
        Result result = (Result) value;
        lines.add("compressed", result.compressed);
        OracleSnapshot.render(result.key, "key.", lines);
        int number = 0;
        for (StateMetaInfoSnapshot state : result.states) {
            String path = "state[" + number++ + "].";
            lines.text(path + "name", state.getName());
            lines.add(path + "type", state.getBackendStateType());
            for (Map.Entry<String, String> option : new TreeMap<>(state.getOptionsImmutable()).entrySet()) {
                lines.text(path + "option[" + escaped(option.getKey()) + "]", option.getValue());
            }
            for (Map.Entry<String, TypeSerializerSnapshot<?>> one : new TreeMap<>(state.getSerializerSnapshotsImmutable()).entrySet()) {
                OracleSnapshot.render(one.getValue(), path + escaped(one.getKey()) + ".", lines);
            }
        }
        for (Map.Entry<Integer, List<KeyGroupEntry>> group : result.groups.entrySet()) {
            int n = 0;
            for (KeyGroupEntry entry : group.getValue()) {
                String path = "group[" + group.getKey() + "][" + n++ + "].";
                lines.add(path + "state", entry.getKvStateId());
                lines.bytes(path + "key", entry.getKey());
                lines.bytes(path + "value", entry.getValue());
            }
        }
    }

    /** Without spaces, so that a path has none. */
    private static String escaped(String key) {
        StringBuilder out = new StringBuilder();
        OracleLines.escape(out, key);
        return out.toString().replace(" ", "\\u0020");
    }
}
