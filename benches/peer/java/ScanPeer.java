import java.util.StringJoiner;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.restore.KeyGroup;
import org.apache.flink.runtime.state.restore.KeyGroupEntry;
import org.apache.flink.runtime.state.restore.SavepointRestoreResult;
import org.apache.flink.runtime.state.restore.ThrowingIterator;

/**
 * Flink's side of scanning: its restore operation over a canonical keyed stream.
 *
 * <p>First from memory, pass after pass until the JIT has settled, then from the file in the same warm JVM.
 */
public class ScanPeer {
    public static void main(String[] args) throws Exception {
        if (args.length < 3 || args.length > 4) {
            System.err.println("usage: ScanPeer FILE MEMORY_PASSES FILE_PASSES [FILE_KEY_GROUPS]\n"
                    + "  prints JSON; FILE_KEY_GROUPS limits what is read from the file, not from memory");
            System.exit(2);
        }
        KeyedFile file = new KeyedFile(args[0]);
        int all = file.groups();
        int groups = args.length > 3 ? Math.min(all, Integer.parseInt(args[3])) : all;
        Passes memory = new Passes().run(Integer.parseInt(args[1]), () -> new Scan(file, file.inMemory(), all));
        Passes disk = new Passes().run(Integer.parseInt(args[2]), () -> new Scan(file, file.onDisk(), groups));
        System.out.println("{\"memory\": " + memory.toJson(file.bytes.length)
                + ", \"file\": " + disk.toJson(file.end(groups)) + "}");
    }

    /** One pass over all entries; the fields are those of {@code Counts} in the benches crate. */
    static final class Scan {
        private long entries;
        private long keyBytes;
        private long valueBytes;
        private long checksum;

        Scan(KeyedFile file, StreamStateHandle stream, int keyGroups) throws Exception {
            try (ThrowingIterator<SavepointRestoreResult> results = file.restore(stream, keyGroups).restore()) {
                while (results.hasNext()) {
                    try (ThrowingIterator<KeyGroup> groups = results.next().getRestoredKeyGroups()) {
                        while (groups.hasNext()) {
                            add(groups.next());
                        }
                    }
                }
            }
        }

        private void add(KeyGroup group) throws Exception {
            try (ThrowingIterator<KeyGroupEntry> all = group.getKeyGroupEntries()) {
                while (all.hasNext()) {
                    KeyGroupEntry entry = all.next();
                    byte[] key = entry.getKey();
                    byte[] value = entry.getValue();
                    entries++;
                    keyBytes += key.length;
                    valueBytes += value.length;
                    // The prefix has one byte.
                    checksum += ends(key, 1) + ends(value, 0);
                }
            }
        }

        private static int ends(byte[] bytes, int from) {
            return from < bytes.length ? (bytes[from] & 0xFF) + (bytes[bytes.length - 1] & 0xFF) : 0;
        }

        @Override
        public String toString() {
            StringJoiner fields = new StringJoiner(", ");
            fields.add("\"entries\": " + entries);
            fields.add("\"key_bytes\": " + keyBytes);
            fields.add("\"value_bytes\": " + valueBytes);
            fields.add("\"checksum\": " + checksum);
            return fields.toString();
        }
    }
}
