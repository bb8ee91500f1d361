import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** A serializer of the user with a snapshot of its own: what it writes has no length that others could know. */
public final class CustomSerializer extends TypeSerializer<CustomSerializer.Code> {
    private static final long serialVersionUID = 1L;

    /** Written as a byte with the number of letters, a byte for each of them, and the digits in 8 bytes. */
    public static final class Code {
        final String letters;
        final long digits;

        Code(String letters, long digits) {
            this.letters = letters;
            this.digits = digits;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Code && ((Code) other).letters.equals(letters) && ((Code) other).digits == digits;
        }

        @Override
        public int hashCode() {
            return 31 * letters.hashCode() + Long.hashCode(digits);
        }
    }

    private final String label;
    private final long[] ranges;

    CustomSerializer(String label, long... ranges) {
        this.label = label;
        this.ranges = ranges;
    }

    @Override
    public void serialize(Code code, DataOutputView out) throws IOException {
        out.writeByte(code.letters.length());
        // Not writeBytes: Flink's own output skips as many bytes again.
        out.write(code.letters.getBytes(StandardCharsets.US_ASCII));
        out.writeLong(code.digits);
    }

    @Override
    public Code deserialize(DataInputView in) throws IOException {
        StringBuilder letters = new StringBuilder();
        for (int left = in.readUnsignedByte(); left > 0; left--) {
            letters.append((char) in.readUnsignedByte());
        }
        return new Code(letters.toString(), in.readLong());
    }

    @Override
    public Code deserialize(Code reuse, DataInputView in) throws IOException {
        return deserialize(in);
    }

    @Override
    public void copy(DataInputView in, DataOutputView out) throws IOException {
        serialize(deserialize(in), out);
    }

    @Override
    public Code copy(Code code) {
        return code;
    }

    @Override
    public Code copy(Code code, Code reuse) {
        return code;
    }

    @Override
    public Code createInstance() {
        return new Code("", 0);
    }

    @Override
    public boolean isImmutableType() {
        return true;
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public TypeSerializer<Code> duplicate() {
        return this;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CustomSerializer && ((CustomSerializer) other).label.equals(label);
    }

    @Override
    public int hashCode() {
        return label.hashCode();
    }

    @Override
    public TypeSerializerSnapshot<Code> snapshotConfiguration() {
        return new CustomSerializerSnapshot(label, ranges);
    }
}
