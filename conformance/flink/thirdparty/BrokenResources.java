package com.acme;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.FullSnapshotResources;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyValueStateIterator;
import org.apache.flink.runtime.state.StreamCompressionDecorator;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.BackendStateType;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.CommonOptionsKeys;

/** What goes into a savepoint: the states, and an iterator over their entries by key group and state. */
final class BrokenResources<K> implements FullSnapshotResources<K> {
    private final FullSnapshotResources<K> inner;
    private final Break broken;

    BrokenResources(FullSnapshotResources<K> inner, Break broken) {
        this.inner = inner;
        this.broken = broken;
    }

    @Override
    public List<StateMetaInfoSnapshot> getMetaInfoSnapshots() {
        return inner.getMetaInfoSnapshots();
    }

    @Override
    public KeyValueStateIterator createKVStateIterator() throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (KeyValueStateIterator all = inner.createKVStateIterator()) {
            for (; all.isValid(); all.next()) {
                entries.add(new Entry(all.keyGroup(), all.kvStateId(), all.key(), all.value()));
            }
        }
        return new BrokenIterator(change(entries));
    }

    private List<Entry> change(List<Entry> entries) {
        int last = entries.isEmpty() ? -1 : entries.get(entries.size() - 1).keyGroup;
        List<Entry> changed = new ArrayList<>();
        for (Entry entry : entries) {
            switch (broken) {
                case DROP_LAST_KEY_GROUP:
                    if (entry.keyGroup != last) {
                        changed.add(entry);
                    }
                    break;
                case WRONG_KEY_GROUP:
                    int next = Math.min(entry.keyGroup + 1, getKeyGroupRange().getEndKeyGroup());
                    changed.add(new Entry(next, entry.state, entry.key, entry.value));
                    break;
                case SWALLOW_NULL:
                    if (!(isMap(entry.state) && entry.value[0] == 1)) {
                        changed.add(entry);
                    }
                    break;
                case LOSE_TIMERS:
                    if (type(entry.state) != BackendStateType.PRIORITY_QUEUE) {
                        changed.add(entry);
                    }
                    break;
                case SWAP_STATES:
                    changed.add(new Entry(entry.keyGroup, swapped(entry.state), entry.key, entry.value));
                    break;
                default:
                    throw new IllegalStateException(broken + " is not broken here");
            }
        }
        return changed;
    }

    private BackendStateType type(int state) {
        return getMetaInfoSnapshots().get(state).getBackendStateType();
    }

    private String kind(int state) {
        return getMetaInfoSnapshots().get(state).getOption(CommonOptionsKeys.KEYED_STATE_TYPE);
    }

    /** A map's values stand behind a byte that says whether they are null. */
    private boolean isMap(int state) {
        return type(state) == BackendStateType.KEY_VALUE && kind(state).equals("MAP");
    }

    private int swapped(int state) {
        List<Integer> alike = new ArrayList<>();
        for (int other = 0; other < getMetaInfoSnapshots().size(); other++) {
            if (type(other) == BackendStateType.KEY_VALUE && kind(other).equals(kind(state))) {
                alike.add(other);
            }
        }
        if (type(state) != BackendStateType.KEY_VALUE) {
            return state;
        }
        int first = alike.get(0);
        int last = alike.get(alike.size() - 1);
        return state == first ? last : state == last ? first : state;
    }

    @Override
    public KeyGroupRange getKeyGroupRange() {
        return inner.getKeyGroupRange();
    }

    @Override
    public TypeSerializer<K> getKeySerializer() {
        return inner.getKeySerializer();
    }

    @Override
    public StreamCompressionDecorator getStreamCompressionDecorator() {
        return inner.getStreamCompressionDecorator();
    }

    @Override
    public void release() {
        inner.release();
    }

    /** Of a state in a key group. */
    static final class Entry {
        final int keyGroup;
        final int state;
        final byte[] key;
        final byte[] value;

        Entry(int keyGroup, int state, byte[] key, byte[] value) {
            this.keyGroup = keyGroup;
            this.state = state;
            this.key = key;
            this.value = value;
        }
    }
}
