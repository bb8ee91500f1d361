import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Accessors that not every release has; looked up once for each class. */
class OracleReflect {
    private static final Map<String, Optional<Method>> KNOWN = new HashMap<>();

    /** Whether {@code self} has an accessor of that name. */
    static boolean has(Object self, String name) {
        return find(self.getClass(), name).isPresent();
    }

    /** What the accessor says. */
    static Object call(Object self, String name) throws Throwable {
        Optional<Method> method = find(self.getClass(), name);
        try {
            return method.orElseThrow(() -> new NoSuchMethodException(self.getClass() + "." + name)).invoke(self);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /** What the first of the accessors says that the release has: some were renamed. */
    static Object callAny(Object self, String... names) throws Throwable {
        for (String name : names) {
            if (has(self, name)) {
                return call(self, name);
            }
        }
        throw new NoSuchMethodException(self.getClass() + " has none of " + String.join(", ", names));
    }

    /** Whether the class of {@code self}, or one above it, has that simple name. */
    static boolean is(Object self, String simpleName) {
        for (Class<?> type = self.getClass(); type != null; type = type.getSuperclass()) {
            if (type.getSimpleName().equals(simpleName)) {
                return true;
            }
        }
        return false;
    }

    private static Optional<Method> find(Class<?> type, String name) {
        return KNOWN.computeIfAbsent(type.getName() + "#" + name, key -> look(type, name));
    }

    private static Optional<Method> look(Class<?> type, String name) {
        for (Class<?> in = type; in != null; in = in.getSuperclass()) {
            for (Method method : in.getDeclaredMethods()) {
                if (method.getName().equals(name) && method.getParameterCount() == 0 && !method.isBridge()) {
                    method.setAccessible(true);
                    return Optional.of(method);
                }
            }
        }
        return Optional.empty();
    }
}
