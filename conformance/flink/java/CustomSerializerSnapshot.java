import java.io.IOException;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** A label and any number of longs: a body whose end only this class finds. */
public final class CustomSerializerSnapshot implements TypeSerializerSnapshot<CustomSerializer.Code> {
    private String label;
    private long[] ranges;

    /** For Flink, which reads into it. */
    public CustomSerializerSnapshot() {}

    CustomSerializerSnapshot(String label, long[] ranges) {
        this.label = label;
        this.ranges = ranges;
    }

    @Override
    public int getCurrentVersion() {
        return 7;
    }

    @Override
    public void writeSnapshot(DataOutputView out) throws IOException {
        out.writeUTF(label);
        out.writeInt(ranges.length);
        for (long range : ranges) {
            out.writeLong(range);
        }
    }

    @Override
    public void readSnapshot(int version, DataInputView in, ClassLoader classes) throws IOException {
        label = in.readUTF();
        ranges = new long[in.readInt()];
        for (int i = 0; i < ranges.length; i++) {
            ranges[i] = in.readLong();
        }
    }

    @Override
    public TypeSerializer<CustomSerializer.Code> restoreSerializer() {
        return new CustomSerializer(label, ranges);
    }

    /** What releases up to 1.20 call, and up to 1.18 the only one; so no annotation. */
    public TypeSerializerSchemaCompatibility<CustomSerializer.Code> resolveSchemaCompatibility(
            TypeSerializer<CustomSerializer.Code> serializer) {
        return TypeSerializerSchemaCompatibility.compatibleAsIs();
    }

    /** What releases from 1.19 on call. */
    public TypeSerializerSchemaCompatibility<CustomSerializer.Code> resolveSchemaCompatibility(
            TypeSerializerSnapshot<CustomSerializer.Code> old) {
        return TypeSerializerSchemaCompatibility.compatibleAsIs();
    }
}
