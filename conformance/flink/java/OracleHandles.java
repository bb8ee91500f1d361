import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.filesystem.RelativeFileStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;

/** The fields of state handles, whatever the release. */
class OracleHandles {
    private final String base;

    /** Paths below {@code base} are told from there: it is another directory each time. */
    OracleHandles(String base) {
        this.base = base;
    }

    void stream(String path, Object handle, OracleLines lines) throws Throwable {
        if (handle == null) {
            lines.add(path, "null");
        } else if (handle instanceof ByteStreamStateHandle) {
            ByteStreamStateHandle inline = (ByteStreamStateHandle) handle;
            lines.add(path, "inline");
            lines.text(path + ".handle_name", inline.getHandleName());
            lines.bytes(path + ".data", inline.getData());
        } else if (handle instanceof RelativeFileStateHandle) {
            RelativeFileStateHandle relative = (RelativeFileStateHandle) handle;
            lines.add(path, "relative");
            lines.text(path + ".relative_path", relative.getRelativePath());
            path(path + ".resolved", relative.getFilePath(), lines);
            lines.add(path + ".state_size", relative.getStateSize());
        } else if (handle instanceof FileStateHandle) {
            FileStateHandle file = (FileStateHandle) handle;
            lines.add(path, "file");
            path(path + ".path", file.getFilePath(), lines);
            lines.add(path + ".state_size", file.getStateSize());
        } else if (handle instanceof KeyGroupsStateHandle) {
            KeyGroupsStateHandle groups = (KeyGroupsStateHandle) handle;
            lines.add(path, "key groups");
            offsets(path, groups, lines);
            stream(path + ".delegate", groups.getDelegateStateHandle(), lines);
        } else if (OracleReflect.is(handle, "EmptySegmentFileStateHandle")) {
            lines.add(path, "empty segment");
        } else if (OracleReflect.is(handle, "SegmentFileStateHandle")) {
            lines.add(path, "segment");
            lines.add(path + ".start_position", OracleReflect.call(handle, "getStartPos"));
            lines.add(path + ".state_size", OracleReflect.call(handle, "getStateSize"));
            lines.add(path + ".scope", OracleReflect.call(handle, "getScope"));
            path(path + ".path", OracleReflect.call(handle, "getFilePath"), lines);
            Object id = OracleReflect.call(handle, "getLogicalFileId");
            lines.text(path + ".logical_file_id", (String) OracleReflect.callAny(id, "getKeyString", "toString"));
        } else {
            throw new IllegalStateException("a stream handle of " + handle.getClass());
        }
    }

    void operatorState(String path, OperatorStateHandle handle, OracleLines lines) throws Throwable {
        boolean merging = OracleReflect.is(handle, "FileMergingOperatorStreamStateHandle");
        boolean empty = OracleReflect.is(handle, "EmptyFileMergingOperatorStreamStateHandle");
        lines.add(path, empty ? "segmented, empty" : merging ? "segmented" : "partitionable");
        for (Map.Entry<String, OperatorStateHandle.StateMetaInfo> one :
                new TreeMap<>(handle.getStateNameToPartitionOffsets()).entrySet()) {
            String state = path + ".state[" + OracleLines.quoted(one.getKey()) + "]";
            lines.add(state + ".mode", one.getValue().getDistributionMode());
            lines.numbers(state + ".offsets", one.getValue().getOffsets());
        }
        if (merging) {
            directory(path + ".task_owned_directory", OracleReflect.call(handle, "getTaskOwnedDirHandle"), lines);
            directory(path + ".shared_directory", OracleReflect.call(handle, "getSharedDirHandle"), lines);
        }
        stream(path + ".delegate", handle.getDelegateStateHandle(), lines);
    }

    void keyed(String path, KeyedStateHandle handle, OracleLines lines) throws Throwable {
        if (handle instanceof KeyGroupsStateHandle) {
            KeyGroupsStateHandle groups = (KeyGroupsStateHandle) handle;
            boolean savepoint = handle instanceof KeyGroupsSavepointStateHandle;
            lines.add(path, savepoint ? "savepoint key groups" : "key groups");
            offsets(path, groups, lines);
            stream(path + ".delegate", groups.getDelegateStateHandle(), lines);
            if (!savepoint) {
                id(path, handle, lines);
            }
        } else if (handle instanceof IncrementalRemoteKeyedStateHandle) {
            incremental(path, (IncrementalRemoteKeyedStateHandle) handle, lines);
        } else if (OracleReflect.is(handle, "ChangelogStateBackendHandleImpl")) {
            lines.add(path, "changelog");
            range(path, handle.getKeyGroupRange(), lines);
            list(path + ".materialized", OracleReflect.call(handle, "getMaterializedStateHandles"), lines);
            list(path + ".non_materialized", OracleReflect.call(handle, "getNonMaterializedStateHandles"), lines);
            optional(path + ".checkpointed_size", handle, "getCheckpointedSize", lines);
            optional(path + ".materialization_id", handle, "getMaterializationID", lines);
            optional(path + ".checkpoint_id", handle, "getCheckpointId", lines);
            id(path, handle, lines);
        } else if (OracleReflect.is(handle, "InMemoryChangelogStateHandle")) {
            lines.add(path, "byte increment");
            range(path, handle.getKeyGroupRange(), lines);
            lines.add(path + ".from", OracleReflect.call(handle, "getFrom"));
            lines.add(path + ".to", OracleReflect.call(handle, "getTo"));
            int i = 0;
            for (Object change : (Collection<?>) OracleReflect.call(handle, "getChanges")) {
                lines.add(path + ".change[" + i + "].key_group", OracleReflect.call(change, "getKeyGroup"));
                lines.bytes(path + ".change[" + i++ + "].data", (byte[]) OracleReflect.call(change, "getChange"));
            }
            id(path, handle, lines);
        } else if (OracleReflect.is(handle, "ChangelogStateHandleStreamImpl")) {
            lines.add(path, "file increment");
            range(path, handle.getKeyGroupRange(), lines);
            int i = 0;
            for (Object one : (Collection<?>) OracleReflect.call(handle, "getHandlesAndOffsets")) {
                Tuple2<?, ?> pair = (Tuple2<?, ?>) one;
                lines.add(path + ".handle[" + i + "].offset", pair.f1);
                stream(path + ".handle[" + i++ + "]", pair.f0, lines);
            }
            lines.add(path + ".state_size", handle.getStateSize());
            optional(path + ".checkpointed_size", handle, "getCheckpointedSize", lines);
            id(path, handle, lines);
            if (OracleReflect.has(handle, "getStorageIdentifier")) {
                lines.text(path + ".storage_identifier", (String) OracleReflect.call(handle, "getStorageIdentifier"));
            }
        } else {
            throw new IllegalStateException("a keyed handle of " + handle.getClass());
        }
    }

    private void incremental(String path, IncrementalRemoteKeyedStateHandle handle, OracleLines lines) throws Throwable {
        lines.add(path, "incremental");
        lines.add(path + ".checkpoint_id", OracleReflect.call(handle, "getCheckpointId"));
        lines.text(path + ".backend_id", ((UUID) OracleReflect.call(handle, "getBackendIdentifier")).toString());
        range(path, handle.getKeyGroupRange(), lines);
        optional(path + ".checkpointed_size", handle, "getCheckpointedSize", lines);
        // Renamed in 1.18.
        stream(path + ".meta_state", OracleReflect.callAny(handle, "getMetaStateHandle", "getMetaDataStateHandle"), lines);
        files(path + ".shared_state", OracleReflect.call(handle, "getSharedState"), lines);
        files(path + ".private_state", OracleReflect.call(handle, "getPrivateState"), lines);
        id(path, handle, lines);
    }

    /** A map up to 1.15, a list of pairs in the order of the file later. */
    private void files(String path, Object files, OracleLines lines) throws Throwable {
        List<String> names = new ArrayList<>();
        List<StreamStateHandle> handles = new ArrayList<>();
        if (files instanceof Map) {
            Map<String, StreamStateHandle> sorted = new TreeMap<>();
            for (Map.Entry<?, ?> one : ((Map<?, ?>) files).entrySet()) {
                sorted.put((String) OracleReflect.call(one.getKey(), "getKeyString"), (StreamStateHandle) one.getValue());
            }
            names.addAll(sorted.keySet());
            handles.addAll(sorted.values());
        } else {
            for (Object one : (Collection<?>) files) {
                names.add((String) OracleReflect.call(one, "getLocalPath"));
                handles.add((StreamStateHandle) OracleReflect.call(one, "getHandle"));
            }
        }
        for (int i = 0; i < names.size(); i++) {
            lines.text(path + "[" + i + "].name", names.get(i));
            stream(path + "[" + i + "]", handles.get(i), lines);
        }
    }

    private void list(String path, Object handles, OracleLines lines) throws Throwable {
        int i = 0;
        for (Object one : (Collection<?>) handles) {
            String at = path + "[" + i++ + "]";
            if (one == null) {
                lines.add(at, "null");
            } else {
                keyed(at, (KeyedStateHandle) one, lines);
            }
        }
    }

    private static void offsets(String path, KeyGroupsStateHandle handle, OracleLines lines) {
        KeyGroupRange range = handle.getKeyGroupRange();
        range(path, range, lines);
        long[] offsets = new long[range.getNumberOfKeyGroups()];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = handle.getOffsetForKeyGroup(range.getStartKeyGroup() + i);
        }
        lines.numbers(path + ".offsets", offsets);
    }

    private static void range(String path, KeyGroupRange range, OracleLines lines) {
        boolean none = range.getNumberOfKeyGroups() <= 0;
        lines.add(path + ".key_groups", none ? "none" : range.getStartKeyGroup() + "..=" + range.getEndKeyGroup());
    }

    /** Since 1.15. */
    private static void id(String path, KeyedStateHandle handle, OracleLines lines) throws Throwable {
        if (OracleReflect.has(handle, "getStateHandleId")) {
            Object id = OracleReflect.call(handle, "getStateHandleId");
            lines.text(path + ".state_handle_id", (String) OracleReflect.call(id, "getKeyString"));
        }
    }

    private static void optional(String path, Object handle, String accessor, OracleLines lines) throws Throwable {
        if (OracleReflect.has(handle, accessor)) {
            lines.add(path, OracleReflect.call(handle, accessor));
        }
    }

    private void directory(String path, Object handle, OracleLines lines) throws Throwable {
        path(path, OracleReflect.call(handle, "getDirectory"), lines);
    }

    private void path(String at, Object path, OracleLines lines) {
        String text = path.toString();
        String above = base.substring(0, base.lastIndexOf('/'));
        if (text.equals(base) || text.startsWith(base + "/")) {
            text = "<base>" + text.substring(base.length());
        } else if (text.startsWith(above + "/")) {
            text = "<above>" + text.substring(above.length());
        }
        lines.text(at, text);
    }
}
