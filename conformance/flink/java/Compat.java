import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.core.execution.JobClient;


/** What has another name or signature in some of the releases. */
final class Compat {
    private Compat() {}

    /** One argument up to 1.14, a format besides from 1.15 on. */
    static String triggerSavepoint(JobClient client, String directory, String format) throws Exception {
        for (Method method : JobClient.class.getMethods()) {
            if (!method.getName().equals("triggerSavepoint")) {
                continue;
            }
            Class<?>[] types = method.getParameterTypes();
            if (types.length == 2 && types[1].isEnum()) {
                Object constant = constant(types[1], format);
                return (String) ((CompletableFuture<?>) method.invoke(client, directory, constant)).get();
            }
        }
        if (!format.equals("CANONICAL")) {
            throw new IllegalArgumentException("this release has canonical savepoints only");
        }
        Method method = JobClient.class.getMethod("triggerSavepoint", String.class);
        return (String) ((CompletableFuture<?>) method.invoke(client, directory)).get();
    }

    /** Moved to TaskInfo in 2.0. */
    static int subtaskIndex(RuntimeContext context) throws Exception {
        Object holder = context;
        try {
            Method taskInfo = RuntimeContext.class.getMethod("getTaskInfo");
            holder = taskInfo.invoke(context);
        } catch (NoSuchMethodException before119) {
            // The context itself knows.
        }
        Class<?> type = holder == context ? RuntimeContext.class : Class.forName("org.apache.flink.api.common.TaskInfo");
        return (Integer) type.getMethod("getIndexOfThisSubtask").invoke(holder);
    }

    /** Time was replaced by Duration in 2.0. */
    static StateTtlConfig timeToLive(Duration span) throws Exception {
        Object length;
        try {
            Class<?> time = Class.forName("org.apache.flink.api.common.time.Time");
            length = call(time, null, "milliseconds", span.toMillis());
        } catch (ClassNotFoundException since20) {
            length = span;
        }
        return ((StateTtlConfig.Builder) call(StateTtlConfig.class, null, "newBuilder", length)).build();
    }

    static Object constant(Class<?> type, String name) {
        for (Object constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(name)) {
                return constant;
            }
        }
        throw new IllegalArgumentException(type + " has no " + name);
    }

    static void delete(Path path) throws Exception {
        if (Files.exists(path)) {
            List<Path> all;
            try (Stream<Path> walk = Files.walk(path)) {
                all = walk.sorted(Comparator.reverseOrder()).collect(Collectors.toList());
            }
            for (Path one : all) {
                Files.delete(one);
            }
        }
    }

    /** Whether the release has a class. */
    static boolean has(String name) {
        try {
            Class.forName(name);
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    static Object make(String name, Object... arguments) throws Exception {
        return makeAny(name, arguments);
    }

    /** Calls the constructor that takes one of these argument lists, the first that fits. */
    static Object makeAny(String name, Object[]... alternatives) throws Exception {
        Class<?> type = Class.forName(name);
        for (Object[] arguments : alternatives) {
            for (Constructor<?> constructor : type.getDeclaredConstructors()) {
                if (accepts(constructor.getParameterTypes(), arguments)) {
                    constructor.setAccessible(true);
                    return constructor.newInstance(arguments);
                }
            }
        }
        throw new NoSuchMethodException(name + " has " + List.of(type.getDeclaredConstructors()));
    }

    static Object[] args(Object... arguments) {
        return arguments;
    }

    /** Calls the method of that name that takes these arguments, static or on {@code self}, public or not. */
    static Object call(Class<?> type, Object self, String name, Object... arguments) throws Exception {
        List<Method> methods = new ArrayList<>(List.of(type.getMethods()));
        for (Class<?> in = type; in != null; in = in.getSuperclass()) {
            methods.addAll(List.of(in.getDeclaredMethods()));
        }
        for (Method method : methods) {
            if (method.getName().equals(name) && accepts(method.getParameterTypes(), arguments)) {
                method.setAccessible(true);
                return method.invoke(self, arguments);
            }
        }
        throw new NoSuchMethodException(type + "." + name);
    }

    private static boolean accepts(Class<?>[] types, Object[] arguments) {
        if (types.length != arguments.length) {
            return false;
        }
        for (int i = 0; i < types.length; i++) {
            Class<?> boxed =
                    types[i] == int.class ? Integer.class
                            : types[i] == long.class ? Long.class : types[i] == boolean.class ? Boolean.class : types[i];
            if (arguments[i] != null ? !boxed.isInstance(arguments[i]) : types[i].isPrimitive()) {
                return false;
            }
        }
        return true;
    }
}
