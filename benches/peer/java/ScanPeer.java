import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.StringJoiner;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeOffsets;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.StateSerializerProvider;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.apache.flink.runtime.state.restore.FullSnapshotRestoreOperation;
import org.apache.flink.runtime.state.restore.KeyGroup;
import org.apache.flink.runtime.state.restore.KeyGroupEntry;
import org.apache.flink.runtime.state.restore.SavepointRestoreResult;
import org.apache.flink.runtime.state.restore.ThrowingIterator;

/**
 * Flink's side of {@code benches/peer/scan}: its restore operation over a canonical keyed stream with Long keys.
 *
 * <p>First from memory, pass after pass until the JIT has settled, then from the file in the same warm JVM.
 */
public class ScanPeer {
    public static void main(String[] args) throws Exception {
        if (args.length < 3 || args.length > 4) {
            System.err.println("usage: ScanPeer FILE MEMORY_PASSES FILE_PASSES [FILE_KEY_GROUPS]\n"
                    + "  FILE.offsets has the first key group and their count, then an offset a line; prints JSON.\n"
                    + "  FILE_KEY_GROUPS limits what is read from the file, not from memory");
            System.exit(2);
        }
        Path path = Paths.get(args[0]).toAbsolutePath();
        List<String> handle = Files.readAllLines(Paths.get(path + ".offsets"));
        String[] range = handle.get(0).split(" ");
        int first = Integer.parseInt(range[0]);
        int count = Integer.parseInt(range[1]);
        long[] offsets = handle.subList(1, count + 1).stream().mapToLong(Long::parseLong).toArray();

        byte[] bytes = Files.readAllBytes(path);
        StreamStateHandle memory = new ByteStreamStateHandle("memory", bytes);
        String fromMemory = measure(first, offsets, memory, bytes.length, Integer.parseInt(args[1]));

        int groups = args.length > 3 ? Math.min(count, Integer.parseInt(args[3])) : count;
        // Sections follow each other; an offset of 0 belongs to a key group without state.
        long end = Arrays.stream(offsets, groups, count).filter(offset -> offset > 0).min().orElse(bytes.length);
        File file = path.toFile();
        StreamStateHandle local = new FileStateHandle(new org.apache.flink.core.fs.Path(file.toURI()), file.length());
        String fromFile = measure(first, Arrays.copyOf(offsets, groups), local, end, Integer.parseInt(args[2]));
        System.out.println("{\"memory\": " + fromMemory + ", \"file\": " + fromFile + "}");
    }

    static String measure(int first, long[] offsets, StreamStateHandle stream, long bytes, int passes)
            throws Exception {
        List<String> seconds = new ArrayList<>();
        Scan scan = null;
        for (int i = 0; i < passes; i++) {
            long start = System.nanoTime();
            Scan pass = new Scan(first, offsets, stream);
            seconds.add(String.valueOf((System.nanoTime() - start) / 1e9));
            if (scan != null && !scan.toString().equals(pass.toString())) {
                throw new IllegalStateException("two scans differ: " + scan + ", " + pass);
            }
            scan = pass;
        }
        return "{\"bytes\": " + bytes + ", " + scan + ", \"seconds\": [" + String.join(", ", seconds) + "]}";
    }

    /** One pass over all entries; the fields are those of {@code Counts} in the benches crate. */
    static final class Scan {
        private long entries;
        private long keyBytes;
        private long valueBytes;
        private long checksum;

        Scan(int first, long[] offsets, StreamStateHandle stream) throws Exception {
            KeyGroupRange range = KeyGroupRange.of(first, first + offsets.length - 1);
            KeyGroupRangeOffsets places = new KeyGroupRangeOffsets(range, offsets);
            FullSnapshotRestoreOperation<Long> operation = new FullSnapshotRestoreOperation<>(
                    range,
                    ScanPeer.class.getClassLoader(),
                    Collections.singletonList(new KeyGroupsSavepointStateHandle(places, stream)),
                    StateSerializerProvider.fromNewRegisteredSerializer(LongSerializer.INSTANCE));
            try (ThrowingIterator<SavepointRestoreResult> results = operation.restore()) {
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
