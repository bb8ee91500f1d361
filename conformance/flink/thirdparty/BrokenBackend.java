package com.acme;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateBackend;
import org.apache.flink.runtime.state.SavepointResources;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;

/** Hands everything to the hashmap backend, but for what is broken. */
final class BrokenBackend implements StateBackend {
    private static final long serialVersionUID = 1;

    private final HashMapStateBackend inner = new HashMapStateBackend();
    private final Break broken;

    BrokenBackend(Break broken) {
        this.broken = broken;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <K> CheckpointableKeyedStateBackend<K> createKeyedStateBackend(KeyedStateBackendParameters<K> parameters)
            throws Exception {
        KeyedStateBackendParameters<K> changed = parameters;
        if (broken == Break.RESTORE_FIRST_PART) {
            changed = around(KeyedStateBackendParameters.class, parameters, "getStateHandles", handles -> {
                List<KeyedStateHandle> all = new ArrayList<>((Collection<KeyedStateHandle>) handles);
                return all.subList(0, Math.min(1, all.size()));
            });
        }
        CheckpointableKeyedStateBackend<K> backend = inner.createKeyedStateBackend(changed);
        if (!broken.isInSavepoint()) {
            return backend;
        }
        return around(CheckpointableKeyedStateBackend.class, backend, "savepoint", taken -> {
            SavepointResources<K> resources = (SavepointResources<K>) taken;
            return new SavepointResources<>(
                    new BrokenResources<>(resources.getSnapshotResources(), broken), resources.getPreferredSnapshotExecutionType());
        });
    }

    @Override
    public OperatorStateBackend createOperatorStateBackend(OperatorStateBackendParameters parameters) throws Exception {
        return inner.createOperatorStateBackend(parameters);
    }

    @Override
    public boolean supportsNoClaimRestoreMode() {
        return inner.supportsNoClaimRestoreMode();
    }

    @Override
    public boolean supportsSavepointFormat(SavepointFormatType format) {
        return format == SavepointFormatType.CANONICAL;
    }

    /** Something that changes a result. */
    private interface Change {
        Object apply(Object result);
    }

    /** The same, but for the result of one method; by reflection, since the interfaces grow from release to release. */
    @SuppressWarnings("unchecked")
    private static <T> T around(Class<?> type, T inner, String method, Change change) {
        return (T) Proxy.newProxyInstance(BrokenBackend.class.getClassLoader(), new Class<?>[] {type}, (proxy, called, arguments) -> {
            Object result = invoke(inner, called, arguments);
            return called.getName().equals(method) ? change.apply(result) : result;
        });
    }

    private static Object invoke(Object inner, Method method, Object[] arguments) throws Throwable {
        try {
            method.setAccessible(true);
            return method.invoke(inner, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
