import java.io.ByteArrayInputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeutils.NestedSerializersSnapshotDelegate;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputViewStreamWrapper;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.util.LinkedOptionalMap;

/**
 * A serializer snapshot in its versioned form: which object Flink makes of it, and with which bytes it would write that object
 * again. What Flink kept of the input is what it writes.
 */
class OracleSnapshot implements Oracle.Kind {
    static final ClassLoader LOADER = OracleSnapshot.class.getClassLoader();

    private static final Map<Class<?>, List<Field>> FIELDS = new LinkedHashMap<>();

    private static final class Result {
        TypeSerializerSnapshot<?> snapshot;
        int consumed;
    }

    @Override
    public Object read(byte[] bytes) throws Throwable {
        ByteArrayInputStream in = new ByteArrayInputStream(bytes);
        Result result = new Result();
        result.snapshot = TypeSerializerSnapshot.readVersionedSnapshot(new DataInputViewStreamWrapper(in), LOADER);
        result.consumed = bytes.length - in.available();
        return result;
    }

    @Override
    public void render(Object value, OracleLines lines) throws Throwable {
        Result result = (Result) value;
        lines.add("consumed", result.consumed);
        render(result.snapshot, "", lines);
    }

    /** The classes of the snapshot and of those nested in it, and its bytes. */
    static void render(TypeSerializerSnapshot<?> snapshot, String path, OracleLines lines) throws Throwable {
        StringBuilder tree = new StringBuilder();
        classes(snapshot, tree);
        lines.add(path + "classes", tree);
        DataOutputSerializer out = new DataOutputSerializer(256);
        try {
            TypeSerializerSnapshot.writeVersionedSnapshot(out, snapshot);
        } catch (Exception refused) {
            lines.add(path + "written", "! " + refused.getClass().getName());
            return;
        }
        lines.add(path + "written", hex(out.getCopyOfBuffer()));
    }

    private static void classes(TypeSerializerSnapshot<?> snapshot, StringBuilder tree) throws Exception {
        tree.append(snapshot.getClass().getName());
        String separator = "(";
        for (TypeSerializerSnapshot<?> nested : nested(snapshot)) {
            tree.append(separator);
            classes(nested, tree);
            separator = " ";
        }
        if (!separator.equals("(")) {
            tree.append(')');
        }
    }

    private static List<TypeSerializerSnapshot<?>> nested(Object owner) throws Exception {
        List<TypeSerializerSnapshot<?>> all = new ArrayList<>();
        for (Field field : fields(owner.getClass())) {
            Object value = field.get(owner);
            if (value instanceof TypeSerializerSnapshot) {
                all.add((TypeSerializerSnapshot<?>) value);
            } else if (value instanceof NestedSerializersSnapshotDelegate) {
                for (TypeSerializerSnapshot<?> one : ((NestedSerializersSnapshotDelegate) value).getNestedSerializerSnapshots()) {
                    all.add(one);
                }
            } else if (value instanceof LinkedOptionalMap) {
                Map<?, ?> entries = (Map<?, ?>) only(value, "underlyingMap");
                for (Object entry : entries.values()) {
                    Object kept = only(entry, "value");
                    if (kept instanceof TypeSerializerSnapshot) {
                        all.add((TypeSerializerSnapshot<?>) kept);
                    }
                }
            } else if (value != null && value.getClass().getSimpleName().equals("PojoSerializerSnapshotData")) {
                all.addAll(nested(value));
            }
        }
        return all;
    }

    /** The value of a field. */
    private static Object only(Object owner, String name) throws Exception {
        for (Field field : fields(owner.getClass())) {
            if (field.getName().equals(name)) {
                return field.get(owner);
            }
        }
        throw new NoSuchFieldException(name);
    }

    /** Those of objects, in the order in which they are declared, which is that of the bytes. */
    private static List<Field> fields(Class<?> type) {
        List<Field> known = FIELDS.get(type);
        if (known == null) {
            known = new ArrayList<>();
            for (Class<?> one = type; one != null && one != Object.class; one = one.getSuperclass()) {
                for (Field field : one.getDeclaredFields()) {
                    if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
                        field.setAccessible(true);
                        known.add(field);
                    }
                }
            }
            FIELDS.put(type, known);
        }
        return known;
    }

    static String hex(byte[] bytes) {
        StringBuilder text = new StringBuilder(2 * bytes.length);
        for (byte b : bytes) {
            text.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
        }
        return text.toString();
    }
}
