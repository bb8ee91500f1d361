import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.runtime.util.EnvironmentInformation;

/**
 * Writes what the built-in serializers of a release give: a line of JSON for each, with its snapshot and with values as
 * bytes and as JSON. The content does not depend on clock or chance.
 *
 * <p>Each value is read back first, by the serializer that its snapshot restores.
 */
public class Serializers {
    public static void main(String[] args) throws Exception {
        if (args.length != 1 || args[0].startsWith("-")) {
            System.err.println("usage: Serializers FILE");
            System.exit(args.length == 1 && (args[0].equals("--help") || args[0].equals("-h")) ? 0 : 2);
        }
        Path into = Paths.get(args[0]);
        List<String> lines = new ArrayList<>();
        lines.add("{\"serializers\": 1, \"flink\": \"" + EnvironmentInformation.getVersion() + "\"}");
        Set<String> names = new HashSet<>();
        for (SerializersCase one : cases()) {
            if (!names.add(one.name)) {
                throw new IllegalStateException("two cases are named " + one.name);
            }
            lines.add(one.line());
        }
        Files.write(into, lines, StandardCharsets.US_ASCII);
        System.out.println(into);
    }

    private static List<SerializersCase> cases() throws Exception {
        List<SerializersCase> cases = new ArrayList<>();
        SerializersCore.addTo(cases);
        SerializersUser.addTo(cases);
        SerializersRuntime.addTo(cases);
        SerializersCep.addTo(cases);
        SerializersScala.addTo(cases);
        SerializersSql.addTo(cases);
        return cases;
    }
}
