import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Says what this release's own readers make of bytes: whether they accept them, and what is in the objects they build.
 *
 * <p>A request on standard input is a frame: the kind (one byte), a length (four, big-endian), that many bytes. Requests may
 * be sent ahead; answers come in their order. An answer on standard output is a length and a text in UTF-8. Its first line is
 *
 * <ul>
 *   <li>{@code accept}, and the lines below are the content, one field each: path, space, value;
 *   <li>{@code reject CLASS PLACE MESSAGE}: the reader threw that; PLACE is the first frame in Flink's own code, and a cause
 *       follows behind {@code <-};
 *   <li>{@code broken CLASS PLACE MESSAGE}: rendering what was accepted failed, a mistake of this program;
 *   <li>{@code timeout}: the reader took too long, and the process is at its end.
 * </ul>
 */
public class Oracle {
    /** A reader of Flink. */
    interface Kind {
        /** What Flink's reader makes of the bytes, or its exception. */
        Object read(byte[] bytes) throws Throwable;

        /** What is in it. */
        void render(Object value, OracleLines lines) throws Throwable;
    }

    private static final Map<Character, Kind> KINDS = new HashMap<>();

    /** After so long an input counts as one that Flink never finishes. */
    private static final long MOST_MILLISECONDS = 5_000;

    /** No input of a comparison is as large as that. */
    private static final int MOST_BYTES = 64 << 20;

    private static DataOutputStream answers;

    /** When the input at hand was begun; 0 between two. */
    private static volatile long begun;

    private static void register(char kind, Kind reader) {
        KINDS.put(kind, reader);
    }

    private static void registerAll() throws Exception {
        register('m', new OracleMetadata());
        register('k', new OracleKeyed());
        register('s', new OracleSnapshot());
    }

    public static void main(String[] args) throws Exception {
        answers = new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16));
        // Whatever else wants to say something says it there.
        System.setOut(System.err);
        registerAll();
        Thread watchdog = new Thread(Oracle::watch, "watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
        BufferedInputStream buffered = new BufferedInputStream(new FileInputStream(FileDescriptor.in), 1 << 16);
        DataInputStream requests = new DataInputStream(buffered);
        while (true) {
            int kind = requests.read();
            if (kind < 0) {
                break;
            }
            int length = requests.readInt();
            if (length < 0 || length > MOST_BYTES) {
                throw new IOException("a request of " + length + " bytes");
            }
            byte[] bytes = new byte[length];
            requests.readFully(bytes);
            Kind reader = KINDS.get((char) kind);
            if (reader == null) {
                throw new EOFException("no reader of the kind " + (char) kind);
            }
            begun = System.nanoTime() | 1;
            String answer = answer(reader, bytes);
            begun = 0;
            send(answer);
            if (buffered.available() == 0) {
                flush();
            }
        }
        flush();
    }

    private static String answer(Kind reader, byte[] bytes) {
        Object value;
        try {
            value = reader.read(bytes);
        } catch (Throwable refused) {
            return "reject " + describe(refused);
        }
        OracleLines lines = new OracleLines();
        try {
            reader.render(value, lines);
        } catch (Throwable broken) {
            return "broken " + describe(broken);
        }
        return "accept\n" + lines;
    }

    private static String describe(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        int causes = 0;
        for (Throwable one = thrown; one != null && causes < 4; one = one.getCause(), causes++) {
            if (causes > 0) {
                text.append(" <- ");
            }
            text.append(one.getClass().getName()).append(' ').append(place(one)).append(' ');
            OracleLines.escape(text, one.getMessage() == null ? "" : one.getMessage());
        }
        return text.toString();
    }

    private static String place(Throwable thrown) {
        for (StackTraceElement frame : thrown.getStackTrace()) {
            String name = frame.getClassName();
            if (name.startsWith("org.apache.flink.") && !name.endsWith(".Preconditions")) {
                return name.substring(name.lastIndexOf('.') + 1) + "." + frame.getMethodName();
            }
        }
        return "-";
    }

    private static synchronized void send(String answer) throws IOException {
        byte[] text = answer.getBytes(StandardCharsets.UTF_8);
        answers.writeInt(text.length);
        answers.write(text);
    }

    private static synchronized void flush() throws IOException {
        answers.flush();
    }

    private static void watch() {
        try {
            while (true) {
                Thread.sleep(250);
                long start = begun;
                if (start != 0 && (System.nanoTime() - start) / 1_000_000 > MOST_MILLISECONDS) {
                    send("timeout");
                    flush();
                    Runtime.getRuntime().halt(3);
                }
            }
        } catch (InterruptedException | IOException end) {
            Runtime.getRuntime().halt(4);
        }
    }
}
