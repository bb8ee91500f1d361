/** The content of an object of Flink: one field to a line, path and value. */
class OracleLines {
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    /** Longer bytes are told by their length and a hash. */
    private static final int SHORT = 32;

    private final StringBuilder all = new StringBuilder();

    void add(String path, Object value) {
        all.append(path).append(' ').append(value).append('\n');
    }

    /** Any text of Java, also one with unpaired surrogates. */
    void text(String path, String value) {
        all.append(path).append(' ');
        quote(all, value);
        all.append('\n');
    }

    void bytes(String path, byte[] value) {
        all.append(path).append(' ').append(value.length).append(" bytes ");
        if (value.length <= SHORT) {
            for (byte b : value) {
                all.append(HEX[(b >> 4) & 15]).append(HEX[b & 15]);
            }
        } else {
            // FNV-1a.
            long hash = 0xcbf29ce484222325L;
            for (byte b : value) {
                hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
            }
            all.append('#').append(Long.toHexString(hash));
        }
        all.append('\n');
    }

    void numbers(String path, long[] values) {
        all.append(path).append(" [");
        for (int i = 0; i < values.length; i++) {
            all.append(i == 0 ? "" : " ").append(values[i]);
        }
        all.append("]\n");
    }

    /** A text in quotes, for use within a path, which ends at the first space. */
    static String quoted(String value) {
        StringBuilder out = new StringBuilder();
        quote(out, value);
        return out.toString().replace(" ", "\\u0020");
    }

    private static void quote(StringBuilder out, String value) {
        if (value == null) {
            out.append("null");
            return;
        }
        out.append('"');
        escape(out, value);
        out.append('"');
    }

    /** Everything but printable ASCII as its UTF-16 units. */
    static void escape(StringBuilder out, String value) {
        for (int i = 0; i < value.length(); i++) {
            char unit = value.charAt(i);
            if (unit >= 0x20 && unit < 0x7f && unit != '"' && unit != '\\') {
                out.append(unit);
            } else {
                out.append("\\u");
                for (int shift = 12; shift >= 0; shift -= 4) {
                    out.append(HEX[(unit >> shift) & 15]);
                }
            }
        }
    }

    @Override
    public String toString() {
        return all.toString();
    }
}
