import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** JSON as the suite's protocol has it, with the Jackson that every release brings along. */
final class ScenarioJson {
    static final ObjectMapper MAPPER = new ObjectMapper();
    static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ScenarioJson() {}

    static JsonNode parse(String text) throws IOException {
        return MAPPER.readTree(text);
    }

    /** One line, in UTF-8 once it is written. */
    static String line(JsonNode node) throws IOException {
        return MAPPER.writeValueAsString(node);
    }

    /** A member that has to be there. */
    static JsonNode member(JsonNode node, String name) {
        JsonNode found = node.get(name);
        if (found == null) {
            throw new IllegalArgumentException("no member " + name + " in " + shown(node));
        }
        return found;
    }

    /** The text of a member, or null if it is not there. */
    static String text(JsonNode node, String name) {
        JsonNode found = node.get(name);
        return found == null || found.isNull() ? null : found.asText();
    }

    static boolean flag(JsonNode node, String name) {
        return node.has(name) && node.get(name).asBoolean();
    }

    static List<String> strings(JsonNode array) {
        List<String> strings = new ArrayList<>();
        array.forEach(one -> strings.add(one.asText()));
        return strings;
    }

    static ArrayNode array(Iterable<? extends JsonNode> elements) {
        ArrayNode array = NODES.arrayNode();
        elements.forEach(array::add);
        return array;
    }

    static ArrayNode stringArray(Iterable<String> elements) {
        ArrayNode array = NODES.arrayNode();
        elements.forEach(array::add);
        return array;
    }

    /** A string, or its UTF-16 units where a surrogate has no partner, which UTF-8 cannot carry. */
    static JsonNode string(String text) {
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (Character.isHighSurrogate(unit) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(unit)) {
                StringBuilder hex = new StringBuilder();
                text.chars().forEach(one -> hex.append(String.format("%04x", one)));
                ObjectNode units = NODES.objectNode();
                return units.put("utf16", hex.toString());
            }
        }
        return NODES.textNode(text);
    }

    static String string(JsonNode node) {
        if (!node.isObject()) {
            return node.asText();
        }
        String hex = member(node, "utf16").asText();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < hex.length(); i += 4) {
            text.append((char) Integer.parseInt(hex.substring(i, i + 4), 16));
        }
        return text.toString();
    }

    static JsonNode bytes(byte[] bytes) {
        StringBuilder hex = new StringBuilder();
        for (byte one : bytes) {
            hex.append(Character.forDigit(one >> 4 & 15, 16)).append(Character.forDigit(one & 15, 16));
        }
        return NODES.textNode(hex.toString());
    }

    static byte[] bytes(JsonNode node) {
        String hex = node.asText();
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }
        return bytes;
    }

    /** The fewest digits that read back to the same float; Java's own text has some more now and then. */
    static JsonNode number(float number) {
        if (Float.isNaN(number) || Float.isInfinite(number)) {
            return NODES.textNode(Float.toString(number));
        }
        for (int digits = 0; digits < 9; digits++) {
            String text = String.format(Locale.ROOT, "%." + digits + "e", new BigDecimal(number));
            if (Float.parseFloat(text) == number && number != 0) {
                return NODES.numberNode(Double.parseDouble(text));
            }
        }
        return NODES.numberNode(Double.parseDouble(Float.toString(number)));
    }

    static JsonNode number(double number) {
        boolean special = Double.isNaN(number) || Double.isInfinite(number);
        return special ? NODES.textNode(Double.toString(number)) : NODES.numberNode(number);
    }

    private static String shown(JsonNode node) {
        String text = node.toString();
        return text.length() < 200 ? text : text.substring(0, 200) + "...";
    }
}
