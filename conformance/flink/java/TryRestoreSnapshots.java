import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * Tries whether this release reads serializer snapshots of other releases, and values with the serializers that they restore.
 *
 * <p>A line of the input is a name, a snapshot and its values in hex, between tabs and commas; one of the output is the name, a
 * verdict and a reason. The verdict is {@code ok}; {@code another} where values were read and are written as other bytes; or
 * {@code snapshot}, {@code serializer} or {@code values} by what failed.
 */
public class TryRestoreSnapshots {
    public static void main(String[] args) throws Exception {
        if (args.length > 0) {
            System.err.println("usage: TryRestoreSnapshots < LINES\n  NAME TAB SNAPSHOT TAB VALUE,VALUE,...");
            System.exit(args[0].equals("--help") ? 0 : 2);
        }
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split("\t", -1);
            System.out.println(parts[0] + "\t" + verdict(hex(parts[1]), parts[2]));
        }
    }

    private static String verdict(byte[] snapshot, String values) {
        String stage = "snapshot";
        try {
            DataInputDeserializer in = new DataInputDeserializer(snapshot);
            TypeSerializerSnapshot<Object> read =
                    TypeSerializerSnapshot.readVersionedSnapshot(in, TryRestoreSnapshots.class.getClassLoader());
            end(in);
            stage = "serializer";
            TypeSerializer<Object> serializer = read.restoreSerializer();
            stage = "values";
            boolean same = true;
            for (String value : values.isEmpty() ? new String[0] : values.split(",", -1)) {
                DataInputDeserializer from = new DataInputDeserializer(hex(value));
                DataOutputSerializer to = new DataOutputSerializer(64);
                serializer.serialize(serializer.deserialize(from), to);
                end(from);
                same &= Arrays.equals(to.getCopyOfBuffer(), hex(value));
            }
            return same ? "ok\t" : "another\t";
        } catch (Throwable e) {
            return stage + "\t" + TryRestore.reason(e);
        }
    }

    private static void end(DataInputDeserializer in) {
        if (in.available() > 0) {
            throw new IllegalStateException(in.available() + " bytes are left");
        }
    }

    private static byte[] hex(String text) {
        byte[] bytes = new byte[text.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(text.substring(2 * i, 2 * i + 2), 16);
        }
        return bytes;
    }
}
