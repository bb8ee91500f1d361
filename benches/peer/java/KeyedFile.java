import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeOffsets;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.StateSerializerProvider;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.apache.flink.runtime.state.restore.FullSnapshotRestoreOperation;

/** A canonical keyed stream with Long keys; FILE.offsets has the first key group and their count, then an offset a line. */
final class KeyedFile {
    final Path path;
    final byte[] bytes;
    private final int first;
    private final long[] offsets;

    KeyedFile(String name) throws Exception {
        path = Paths.get(name).toAbsolutePath();
        bytes = Files.readAllBytes(path);
        List<String> handle = Files.readAllLines(Paths.get(path + ".offsets"));
        String[] range = handle.get(0).split(" ");
        first = Integer.parseInt(range[0]);
        offsets = handle.subList(1, Integer.parseInt(range[1]) + 1).stream().mapToLong(Long::parseLong).toArray();
    }

    int groups() {
        return offsets.length;
    }

    KeyGroupRange range(int groups) {
        return KeyGroupRange.of(first, first + groups - 1);
    }

    /** Where the sections of the first key groups end: they follow each other, and offset 0 says that there is none. */
    long end(int groups) {
        return Arrays.stream(offsets, groups, offsets.length).filter(offset -> offset > 0).min().orElse(bytes.length);
    }

    StreamStateHandle inMemory() {
        return new ByteStreamStateHandle("memory", bytes);
    }

    StreamStateHandle onDisk() {
        File file = path.toFile();
        return new FileStateHandle(new org.apache.flink.core.fs.Path(file.toURI()), file.length());
    }

    /** What a backend restores the first key groups with. */
    FullSnapshotRestoreOperation<Long> restore(StreamStateHandle stream, int groups) {
        KeyGroupRangeOffsets places = new KeyGroupRangeOffsets(range(groups), Arrays.copyOf(offsets, groups));
        return new FullSnapshotRestoreOperation<>(
                range(groups),
                KeyedFile.class.getClassLoader(),
                Collections.singletonList(new KeyGroupsSavepointStateHandle(places, stream)),
                StateSerializerProvider.fromNewRegisteredSerializer(LongSerializer.INSTANCE));
    }
}
