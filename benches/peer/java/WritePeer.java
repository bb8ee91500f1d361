import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointStreamWithResultProvider;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.FullSnapshotAsyncWriter;
import org.apache.flink.runtime.state.FullSnapshotResources;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyValueStateIterator;
import org.apache.flink.runtime.state.SnappyStreamCompressionDecorator;
import org.apache.flink.runtime.state.StreamCompressionDecorator;
import org.apache.flink.runtime.state.UncompressedStreamCompressionDecorator;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStreamFactory;
import org.apache.flink.runtime.state.memory.MemCheckpointStreamFactory;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.restore.KeyGroup;
import org.apache.flink.runtime.state.restore.KeyGroupEntry;
import org.apache.flink.runtime.state.restore.SavepointRestoreResult;
import org.apache.flink.runtime.state.restore.ThrowingIterator;

/**
 * Flink's side of writing: {@code FullSnapshotAsyncWriter} over the entries of a stream that it has read into memory.
 *
 * <p>First into memory, pass after pass until the JIT has settled, then into a file; the last one is left as OUT.
 */
public class WritePeer {
    /** The defaults of {@code state.storage.fs.memory-threshold} and {@code state.storage.fs.write-buffer-size}. */
    private static final int MEMORY_THRESHOLD = 20 * 1024;

    private static final int WRITE_BUFFER = 4096;

    public static void main(String[] args) throws Exception {
        if (args.length != 5) {
            System.err.println("usage: WritePeer FILE MEMORY_PASSES FILE_PASSES OUT plain|snappy\n"
                    + "  prints JSON; also writes OUT.offsets");
            System.exit(2);
        }
        Content content = new Content(new KeyedFile(args[0]), args[4].equals("snappy"));
        Path out = Paths.get(args[3]).toAbsolutePath();
        Path place = Files.createTempDirectory(out.getParent(), "flink-");
        org.apache.flink.core.fs.Path directory = new org.apache.flink.core.fs.Path(place.toUri());
        CheckpointStreamFactory memory = new MemCheckpointStreamFactory(Integer.MAX_VALUE);
        CheckpointStreamFactory disk = new FsCheckpointStreamFactory(
                LocalFileSystem.getSharedInstance(), directory, directory, MEMORY_THRESHOLD, WRITE_BUFFER);
        Passes toMemory = new Passes().run(Integer.parseInt(args[1]), () -> content.write(memory));
        Passes toFile = new Passes().run(Integer.parseInt(args[2]), () -> content.write(disk).keptAs(out));
        Files.delete(place);
        System.out.println("{\"memory\": " + toMemory.toJson(content.length)
                + ", \"file\": " + toFile.toJson(content.length) + "}");
    }

    /** What the writer gave back. */
    static final class Written {
        private final KeyGroupsSavepointStateHandle handle;
        private Path out;

        Written(KeyGroupsSavepointStateHandle handle) {
            this.handle = handle;
        }

        Written keptAs(Path path) {
            out = path;
            return this;
        }

        /** Moves the file to where it is kept, and writes its offsets beside it. */
        @Override
        public String toString() {
            try {
                if (out != null) {
                    FileStateHandle file = (FileStateHandle) handle.getDelegateStateHandle();
                    Files.move(Paths.get(file.getFilePath().toUri()), out, StandardCopyOption.REPLACE_EXISTING);
                    KeyGroupRange range = handle.getKeyGroupRange();
                    List<String> lines = new ArrayList<>();
                    lines.add(range.getStartKeyGroup() + " " + range.getNumberOfKeyGroups());
                    for (int group : range) {
                        lines.add(String.valueOf(handle.getOffsetForKeyGroup(group)));
                    }
                    Files.write(Paths.get(out + ".offsets"), lines);
                }
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
            return "\"state_size\": " + handle.getStateSize();
        }
    }

    /** Entries in the order of the stream, as a state backend would hand them over. */
    static final class Content implements FullSnapshotResources<Long> {
        private final KeyGroupRange range;
        private final StreamCompressionDecorator compression;
        private final List<StateMetaInfoSnapshot> states = new ArrayList<>();
        private final List<byte[]> keys = new ArrayList<>();
        private final List<byte[]> values = new ArrayList<>();
        private final List<Run> runs = new ArrayList<>();
        final long length;

        Content(KeyedFile file, boolean snappy) throws Exception {
            length = file.bytes.length;
            range = file.range(file.groups());
            compression = snappy
                    ? SnappyStreamCompressionDecorator.INSTANCE
                    : UncompressedStreamCompressionDecorator.INSTANCE;
            try (ThrowingIterator<SavepointRestoreResult> results =
                    file.restore(file.inMemory(), file.groups()).restore()) {
                SavepointRestoreResult result = results.next();
                states.addAll(result.getStateMetaInfoSnapshots());
                try (ThrowingIterator<KeyGroup> groups = result.getRestoredKeyGroups()) {
                    while (groups.hasNext()) {
                        add(groups.next());
                    }
                }
            }
        }

        private void add(KeyGroup group) throws Exception {
            try (ThrowingIterator<KeyGroupEntry> all = group.getKeyGroupEntries()) {
                Run run = null;
                while (all.hasNext()) {
                    KeyGroupEntry entry = all.next();
                    if (run == null || run.state != entry.getKvStateId()) {
                        run = new Run(group.getKeyGroupId(), entry.getKvStateId(), keys.size(), run == null);
                        runs.add(run);
                    }
                    keys.add(entry.getKey());
                    values.add(entry.getValue());
                }
            }
        }

        Written write(CheckpointStreamFactory factory) throws Exception {
            FullSnapshotAsyncWriter<Long> writer = new FullSnapshotAsyncWriter<>(
                    SavepointType.savepoint(SavepointFormatType.CANONICAL),
                    () -> CheckpointStreamWithResultProvider.createSimpleStream(
                            CheckpointedStateScope.EXCLUSIVE, factory),
                    this);
            return new Written((KeyGroupsSavepointStateHandle)
                    writer.get(new CloseableRegistry()).getJobManagerOwnedSnapshot());
        }

        @Override
        public List<StateMetaInfoSnapshot> getMetaInfoSnapshots() {
            return states;
        }

        @Override
        public KeyValueStateIterator createKVStateIterator() {
            return new Iterator();
        }

        @Override
        public KeyGroupRange getKeyGroupRange() {
            return range;
        }

        @Override
        public TypeSerializer<Long> getKeySerializer() {
            return LongSerializer.INSTANCE;
        }

        @Override
        public StreamCompressionDecorator getStreamCompressionDecorator() {
            return compression;
        }

        @Override
        public void release() {}

        /** Entries of one state in one key group, from an index on. */
        private static final class Run {
            private final int group;
            private final int state;
            private final int start;
            private final boolean first;

            Run(int group, int state, int start, boolean first) {
                this.group = group;
                this.state = state;
                this.start = start;
                this.first = first;
            }
        }

        private final class Iterator implements KeyValueStateIterator {
            private int at;
            private int run;

            @Override
            public void next() {
                at++;
                if (run + 1 < runs.size() && runs.get(run + 1).start == at) {
                    run++;
                }
            }

            @Override
            public int keyGroup() {
                return runs.get(run).group;
            }

            @Override
            public byte[] key() {
                return keys.get(at);
            }

            @Override
            public byte[] value() {
                return values.get(at);
            }

            @Override
            public int kvStateId() {
                return runs.get(run).state;
            }

            @Override
            public boolean isNewKeyValueState() {
                return runs.get(run).start == at;
            }

            @Override
            public boolean isNewKeyGroup() {
                return runs.get(run).start == at && runs.get(run).first;
            }

            @Override
            public boolean isValid() {
                return at < keys.size();
            }

            @Override
            public void close() {}
        }
    }
}
