import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** Seconds of passes that have to find the same. */
final class Passes {
    private final List<String> seconds = new ArrayList<>();
    private String found;

    /** Runs it so often; what it returns is not looked at before the clock has stopped. */
    Passes run(int passes, Callable<?> pass) throws Exception {
        for (int i = 0; i < passes; i++) {
            long start = System.nanoTime();
            Object result = pass.call();
            seconds.add(String.valueOf((System.nanoTime() - start) / 1e9));
            String text = result.toString();
            if (found != null && !found.equals(text)) {
                throw new IllegalStateException("two passes differ: " + found + ", " + text);
            }
            found = text;
        }
        return this;
    }

    /** With the fields of what was found. */
    String toJson(long bytes) {
        return "{\"bytes\": " + bytes + ", " + found + ", \"seconds\": [" + String.join(", ", seconds) + "]}";
    }
}
