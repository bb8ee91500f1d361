import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** A serializer with values, and how these look as JSON. */
final class SerializersCase {
    /** How a value looks as JSON. */
    interface Form {
        String of(Object value) throws Exception;
    }

    /** How a value is turned into bytes, where the serializer itself only reads. */
    interface Writer {
        void write(Object value, DataOutputSerializer out) throws Exception;
    }

    final String name;
    private final TypeSerializer<Object> serializer;
    private final List<Object> values;
    private Form form = SerializersJson::of;
    private Writer writer;
    private boolean opaque;
    private boolean hashed;
    private boolean nullUnreadable;

    @SuppressWarnings("unchecked")
    private SerializersCase(String name, TypeSerializer<?> serializer, Object[] values) {
        this.name = name;
        this.serializer = (TypeSerializer<Object>) serializer;
        this.values = Arrays.asList(values);
        this.writer = this.serializer::serialize;
    }

    static SerializersCase add(
            List<SerializersCase> cases, String name, TypeSerializer<?> serializer, Object... values) {
        SerializersCase one = new SerializersCase(name, serializer, values);
        cases.add(one);
        return one;
    }

    /** With another form than the one that the values' own classes have. */
    SerializersCase as(Form form) {
        this.form = form;
        return this;
    }

    /** The bytes cannot be understood without the value's class; they are the form. */
    SerializersCase opaque() {
        opaque = true;
        return this;
    }

    /** The hash codes follow from the values. */
    SerializersCase hashed() {
        hashed = true;
        return this;
    }

    /** Flink does not read the whole of what it writes for null. */
    SerializersCase nullUnreadable() {
        nullUnreadable = true;
        return this;
    }

    SerializersCase writtenBy(Writer writer) {
        this.writer = writer;
        return this;
    }

    String line() throws Exception {
        try {
            List<byte[]> written = new ArrayList<>();
            for (Object value : values) {
                written.add(bytes(value));
            }
            // Afterwards: a snapshot may list the classes that its serializer has met.
            byte[] snapshot = snapshot();
            TypeSerializer<Object> restored = restore(snapshot);
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < values.size(); i++) {
                lines.add(value(restored, values.get(i), written.get(i)));
            }
            return String.format(
                    "{\"name\": %s, \"type\": %s, \"length\": %d, \"snapshot\": \"%s\", \"values\": [%s]}",
                    SerializersJson.text(name), SerializersJson.text(serializer.getClass().getName()),
                    serializer.getLength(), SerializersJson.hex(snapshot), String.join(", ", lines));
        } catch (Exception e) {
            throw new IllegalStateException("case " + name, e);
        }
    }

    private String value(TypeSerializer<Object> restored, Object value, byte[] bytes) throws Exception {
        String json = opaque ? SerializersJson.opaque(bytes) : form.of(value);
        String line = "{\"bytes\": \"" + SerializersJson.hex(bytes) + "\", \"json\": " + json;
        if (value == null && nullUnreadable) {
            return line + "}";
        }
        Object back = readBack(restored, bytes);
        boolean equal = Objects.deepEquals(value, back) || !opaque && json.equals(form.of(back));
        if (!equal) {
            throw new IllegalStateException(value + " is read back as " + back);
        }
        return line + (hashed && back != null ? ", \"hash\": " + back.hashCode() : "") + "}";
    }

    private byte[] bytes(Object value) throws Exception {
        DataOutputSerializer out = new DataOutputSerializer(64);
        writer.write(value, out);
        return out.getCopyOfBuffer();
    }

    private byte[] snapshot() throws Exception {
        DataOutputSerializer out = new DataOutputSerializer(1024);
        TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
        return out.getCopyOfBuffer();
    }

    private static TypeSerializer<Object> restore(byte[] snapshot) throws Exception {
        DataInputDeserializer in = new DataInputDeserializer(snapshot);
        ClassLoader loader = SerializersCase.class.getClassLoader();
        TypeSerializer<Object> restored =
                TypeSerializerSnapshot.<Object>readVersionedSnapshot(in, loader).restoreSerializer();
        checkConsumed(in);
        return restored;
    }

    private static Object readBack(TypeSerializer<Object> restored, byte[] bytes) throws Exception {
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        Object back = restored.deserialize(in);
        checkConsumed(in);
        return back;
    }

    private static void checkConsumed(DataInputDeserializer in) {
        if (in.available() != 0) {
            throw new IllegalStateException(in.available() + " bytes are left");
        }
    }
}
