import java.io.File;
import java.io.ObjectStreamClass;
import java.lang.reflect.Field;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.flink.util.InstantiationUtil;

/**
 * Prints the classes of this release that Java serialization puts into serializer snapshots, with their serialVersionUID: a
 * snapshot that names one which is missing, or has another, cannot be read.
 */
public class TryRestoreClasses {
    /** Logical and data types, serializers, generated code. */
    static final List<String> WHERE =
            List.of(
                    "org/apache/flink/api/common/typeutils/", "org/apache/flink/api/java/typeutils/runtime/",
                    "org/apache/flink/table/types/", "org/apache/flink/table/dataview/", "org/apache/flink/table/catalog/ObjectIdentifier.",
                    "org/apache/flink/table/runtime/typeutils/", "org/apache/flink/table/runtime/generated/");

    /** Of functions and operators, only what they keep and what orders it. */
    static final List<String> PARTLY =
            List.of(
                    "org/apache/flink/table/runtime/functions/aggregate/", "org/apache/flink/table/runtime/operators/rank/",
                    "org/apache/flink/table/planner/functions/aggfunctions/");

    /** Never in state: type inference, and what Kryo makes up for a missing class. */
    static final List<String> NOT = List.of("/inference/", "/extraction/", "/kryo/");

    public static void main(String[] args) throws Exception {
        if (args.length > 0) {
            System.err.println("usage: TryRestoreClasses\n  prints CLASS TAB SERIAL_VERSION_UID TAB TOLERATED,TOLERATED...");
            System.exit(args[0].equals("--help") ? 0 : 2);
        }
        TreeMap<String, Long> all = new TreeMap<>();
        for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (path.endsWith(".jar")) {
                try (JarFile jar = new JarFile(path)) {
                    for (JarEntry entry : Collections.list(jar.entries())) {
                        add(entry.getName(), all);
                    }
                }
            }
        }
        Map<?, ?> tolerated = tolerated();
        all.forEach((name, uid) -> System.out.println(name + "\t" + uid + "\t" + others(tolerated.get(name), uid)));
    }

    /** From 1.19 on, some streams may have another number: by class, a map from its number to those. */
    private static Map<?, ?> tolerated() throws Exception {
        for (Field field : InstantiationUtil.class.getDeclaredFields()) {
            if (field.getType().getSimpleName().equals("VersionMismatchHandler")) {
                field.setAccessible(true);
                Object handler = field.get(null);
                for (Field inner : handler.getClass().getDeclaredFields()) {
                    inner.setAccessible(true);
                    if (inner.get(handler) instanceof Map) {
                        return (Map<?, ?>) inner.get(handler);
                    }
                }
            }
        }
        return Map.of();
    }

    private static String others(Object byNumber, Long uid) {
        Object others = byNumber == null ? null : ((Map<?, ?>) byNumber).get(uid);
        return others == null ? "" : String.valueOf(others).replaceAll("[\\[\\] ]", "");
    }

    private static void add(String entry, TreeMap<String, Long> all) {
        // Not anonymous ones.
        if (!entry.endsWith(".class") || entry.matches(".*\\$\\d+.*") || NOT.stream().anyMatch(entry::contains)) {
            return;
        }
        boolean kept = entry.endsWith("Accumulator.class") || entry.endsWith("Comparator.class");
        if (WHERE.stream().noneMatch(entry::startsWith) && !(kept && PARTLY.stream().anyMatch(entry::startsWith))) {
            return;
        }
        String name = entry.substring(0, entry.length() - ".class".length()).replace('/', '.');
        try {
            Class<?> type = Class.forName(name, false, TryRestoreClasses.class.getClassLoader());
            // As a class object, an accumulator stands there though it is not serializable.
            if (java.io.Serializable.class.isAssignableFrom(type) || name.endsWith("Accumulator")) {
                all.put(name, ObjectStreamClass.lookupAny(type).getSerialVersionUID());
            }
        } catch (LinkageError | ClassNotFoundException needsWhatIsNotThere) {
            // Neither could Flink load it.
        }
    }
}
