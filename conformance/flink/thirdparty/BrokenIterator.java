package com.acme;

import java.util.List;
import org.apache.flink.runtime.state.KeyValueStateIterator;

/** Over entries that have been collected. */
final class BrokenIterator implements KeyValueStateIterator {
    private final List<BrokenResources.Entry> entries;
    private int at;

    BrokenIterator(List<BrokenResources.Entry> entries) {
        this.entries = entries;
    }

    @Override
    public void next() {
        at++;
    }

    @Override
    public int keyGroup() {
        return entries.get(at).keyGroup;
    }

    @Override
    public byte[] key() {
        return entries.get(at).key;
    }

    @Override
    public byte[] value() {
        return entries.get(at).value;
    }

    @Override
    public int kvStateId() {
        return entries.get(at).state;
    }

    @Override
    public boolean isNewKeyValueState() {
        return at == 0 || entries.get(at - 1).state != kvStateId();
    }

    @Override
    public boolean isNewKeyGroup() {
        return at == 0 || entries.get(at - 1).keyGroup != keyGroup();
    }

    @Override
    public boolean isValid() {
        return at < entries.size();
    }

    @Override
    public void close() {}
}
