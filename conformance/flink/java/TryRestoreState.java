import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.memory.DataInputViewStreamWrapper;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.io.disk.iomanager.IOManagerAsync;
import org.apache.flink.runtime.memory.MemoryManager;
import org.apache.flink.runtime.state.DefaultOperatorStateBackendBuilder;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedBackendSerializationProxy;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.TaskStateManager;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.runtime.taskmanager.TaskManagerRuntimeInfo;

/** Restores the managed state of a savepoint, subtask by subtask, with the release's own backends and without a job. */
class TryRestoreState implements AutoCloseable {
    private static final ClassLoader CLASSES = TryRestoreState.class.getClassLoader();

    private final Path scratch;
    private final Configuration conf = new Configuration();
    private final ExecutionConfig execution = new ExecutionConfig();
    private final IOManagerAsync files;
    private final MemoryManager memory = MemoryManager.create(64 << 20, MemoryManager.DEFAULT_PAGE_SIZE);
    private final Environment environment;
    private final Map<String, StateBackend> backends = new TreeMap<>();

    TryRestoreState(Path scratch) throws Exception {
        this.scratch = Files.createDirectories(scratch.resolve("state"));
        conf.setString("state.backend.rocksdb.memory.managed", "false");
        files = new IOManagerAsync(this.scratch.toString());
        environment = environment();
        backends.put("hashmap", backend("org.apache.flink.runtime.state.hashmap.HashMapStateBackend"));
        backends.put("rocksdb", backend(rocksdb()));
    }

    /** Why the backends cannot restore, each reason once; empty if they can. */
    Set<String> restore(CheckpointMetadata metadata) throws Exception {
        Set<String> failed = new TreeSet<>();
        for (OperatorState operator : metadata.getOperatorStates()) {
            for (OperatorSubtaskState subtask : operator.getStates()) {
                restoreOperatorState(subtask, failed);
                restoreKeyedState(operator, subtask, failed);
            }
        }
        return failed;
    }

    private void restoreOperatorState(OperatorSubtaskState subtask, Set<String> failed) throws Exception {
        Collection<OperatorStateHandle> handles = subtask.getManagedOperatorState();
        if (handles.isEmpty()) {
            return;
        }
        try (CloseableRegistry registry = new CloseableRegistry()) {
            new DefaultOperatorStateBackendBuilder(CLASSES, execution, true, handles, registry).build().dispose();
        } catch (Throwable e) {
            failed.add("operator state: " + reason(e));
        }
    }

    private void restoreKeyedState(OperatorState operator, OperatorSubtaskState subtask, Set<String> failed) {
        List<KeyedStateHandle> handles = new ArrayList<>(subtask.getManagedKeyedState());
        if (handles.isEmpty()) {
            return;
        }
        TypeSerializer<?> keySerializer;
        try {
            keySerializer = keySerializer(handles.get(0));
        } catch (Throwable e) {
            failed.add("header: " + reason(e));
            return;
        }
        for (Map.Entry<String, StateBackend> backend : backends.entrySet()) {
            if (reads(backend.getKey(), handles.get(0))) {
                try {
                    restore(backend.getValue(), operator, keySerializer, handles);
                } catch (Throwable e) {
                    failed.add(backend.getKey() + ": " + reason(e));
                }
            }
        }
    }

    /** What this class does not provide says nothing about the release. */
    private static String reason(Throwable e) {
        if (TryRestore.root(e) instanceof Missing) {
            throw (Missing) TryRestore.root(e);
        }
        return TryRestore.reason(e);
    }

    /** Canonical state is everybody's; what is native belongs to one backend. */
    private static boolean reads(String backend, KeyedStateHandle handle) {
        return handle instanceof KeyGroupsSavepointStateHandle
                || handle instanceof IncrementalRemoteKeyedStateHandle == backend.equals("rocksdb");
    }

    private static TypeSerializer<?> keySerializer(KeyedStateHandle handle) throws Exception {
        Object stream =
                handle instanceof KeyGroupsStateHandle
                        ? ((KeyGroupsStateHandle) handle).getDelegateStateHandle()
                        : ReadMetadata.metaOf(handle);
        try (FSDataInputStream in = (FSDataInputStream) Compat.call(stream.getClass(), stream, "openInputStream")) {
            KeyedBackendSerializationProxy<?> header = new KeyedBackendSerializationProxy<>(CLASSES);
            header.read(new DataInputViewStreamWrapper(in));
            return header.getKeySerializerSnapshot().restoreSerializer();
        }
    }

    /** Parameters are one object since 1.19. */
    private void restore(
            StateBackend backend, OperatorState operator, TypeSerializer<?> keySerializer, List<KeyedStateHandle> handles)
            throws Throwable {
        try (CloseableRegistry registry = new CloseableRegistry()) {
            Object[] parameters = {
                environment, environment.getJobID(), "try", keySerializer, operator.getMaxParallelism(),
                handles.get(0).getKeyGroupRange(), null, TtlTimeProvider.DEFAULT, new UnregisteredMetricsGroup(), handles,
                registry
            };
            String impl = "org.apache.flink.runtime.state.KeyedStateBackendParametersImpl";
            Object restored =
                    Compat.has(impl)
                            ? Compat.call(backend.getClass(), backend, "createKeyedStateBackend", Compat.make(impl, parameters))
                            : Compat.call(backend.getClass(), backend, "createKeyedStateBackend", parameters);
            Compat.call(restored.getClass(), restored, "dispose");
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static String rocksdb() {
        String upTo1 = "org.apache.flink.contrib.streaming.state.EmbeddedRocksDBStateBackend";
        return Compat.has(upTo1) ? upTo1 : "org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend";
    }

    private StateBackend backend(String name) throws Exception {
        Object backend = Compat.make(name);
        Object configured = Compat.call(backend.getClass(), backend, "configure", conf, CLASSES);
        if (name.contains("RocksDB")) {
            String directory = scratch.resolve("rocksdb").toString();
            Compat.call(configured.getClass(), configured, "setDbStoragePath", directory);
        }
        return (StateBackend) configured;
    }

    @Override
    public void close() throws Exception {
        files.close();
        memory.shutdown();
        Compat.delete(scratch);
    }

    /** Whatever the backends ask of a task, and nothing else. */
    private Environment environment() throws Exception {
        String[] directories = {scratch.toString()};
        Map<String, Object> manager = new HashMap<>();
        manager.put("getConfiguration", conf);
        manager.put("getTmpDirectories", directories);
        manager.put("getTmpWorkingDirectory", scratch.toFile());
        Map<String, Object> states = new HashMap<>();
        states.put("createLocalRecoveryConfig", localRecovery());
        String info = "org.apache.flink.api.common.TaskInfo";
        Map<String, Object> task = new HashMap<>();
        task.put("getJobID", new JobID(0, 1));
        task.put("getExecutionConfig", execution);
        task.put("getTaskConfiguration", conf);
        task.put("getJobConfiguration", conf);
        task.put("getTaskInfo", Compat.make(Compat.has(info + "Impl") ? info + "Impl" : info, "try", 1, 0, 1, 0));
        task.put("getUserCodeClassLoader",
                Compat.call(Class.forName("org.apache.flink.util.SimpleUserCodeClassLoader"), null, "create", CLASSES));
        task.put("getTaskManagerInfo", answering(TaskManagerRuntimeInfo.class, manager));
        task.put("getTaskStateManager", answering(TaskStateManager.class, states));
        task.put("getMetricGroup", new UnregisteredMetricsGroup());
        task.put("getIOManager", files);
        task.put("getMemoryManager", memory);
        return answering(Environment.class, task);
    }

    private static Object localRecovery() throws Exception {
        String name = "org.apache.flink.runtime.state.LocalRecoveryConfig";
        return Compat.makeAny(name, Compat.args((Object) null), Compat.args(false, null), Compat.args(false, false, null));
    }

    /** An interface that returns these values, and otherwise does what it does by default. */
    private static <T> T answering(Class<T> type, Map<String, Object> answers) {
        InvocationHandler handler =
                (proxy, method, arguments) -> {
                    if (answers.containsKey(method.getName())) {
                        return answers.get(method.getName());
                    }
                    if (method.isDefault()) {
                        return InvocationHandler.invokeDefault(proxy, method, arguments);
                    }
                    throw new Missing(type.getSimpleName() + "." + method.getName());
                };
        return type.cast(Proxy.newProxyInstance(CLASSES, new Class<?>[] {type}, handler));
    }

    /** The fault of this driver. */
    private static class Missing extends RuntimeException {
        Missing(String what) {
            super("TryRestoreState does not provide " + what);
        }
    }
}
