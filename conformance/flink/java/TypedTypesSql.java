import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.typeinfo.BasicArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;

/**
 * Runs one job of SQL queries, and takes a canonical savepoint of it for each argument: RowData as keys and as values,
 * with fields of most SQL types, accumulators and their views.
 *
 * <p>The content does not depend on backend, clock or chance, except for the source's position. It depends on the
 * release, since the planner chooses operators, states and ids. It numbers the operators that it makes in one JVM, so
 * names are the same only in the first savepoint of a run.
 */
public class TypedTypesSql {
    static final TypeInformation<Row> ORDER =
            Types.ROW_NAMED(
                    new String[] {
                        "id", "name", "price", "discount", "placed", "due", "at_time", "paid", "quantity", "weight",
                        "digest", "tags", "stock", "origin", "rowtime"
                    },
                    Types.LONG, Types.STRING, Types.BIG_DEC, Types.BIG_DEC, Types.LOCAL_DATE_TIME, Types.LOCAL_DATE,
                    Types.LOCAL_TIME, Types.BOOLEAN, Types.INT, Types.DOUBLE,
                    Types.PRIMITIVE_ARRAY(Types.BYTE), BasicArrayTypeInfo.STRING_ARRAY_TYPE_INFO,
                    Types.MAP(Types.STRING, Types.INT), Types.ROW(Types.INT, Types.STRING), Types.INSTANT);

    static final String[] QUERIES = {
        // A text key; views of distinct values.
        "SELECT name, COUNT(*), SUM(quantity), AVG(discount), MAX(placed), COUNT(DISTINCT quantity)"
                + " FROM orders GROUP BY name",
        // A key of two fields, one of them wide and sometimes null.
        "SELECT id, price, LAST_VALUE(paid), COLLECT(name) FROM orders GROUP BY id, price",
        // Retractions: an aggregate of an aggregate. The outer one keeps all values in a view.
        "SELECT n, MAX(total) FROM"
                + " (SELECT name, COUNT(*) AS n, SUM(price) AS total FROM orders GROUP BY name) GROUP BY n",
        // No key, and input that is retracted: a sorted map, whose serializer holds code that the planner made.
        "SELECT name, total, r FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY total) AS r FROM"
                + " (SELECT name, SUM(quantity) AS total FROM orders GROUP BY name)) WHERE r <= 2",
        // Whole rows: the last one of a key, the first two of a key, and all on either side of a join.
        "SELECT " + fields() + " FROM (SELECT *, ROW_NUMBER() OVER"
                + " (PARTITION BY id ORDER BY rowtime DESC) AS r FROM orders) WHERE r = 1",
        "SELECT id, name, placed, r FROM"
                + " (SELECT *, ROW_NUMBER() OVER (PARTITION BY paid ORDER BY price, name) AS r FROM orders)"
                + " WHERE r <= 2",
        "SELECT a.tags, b.stock FROM orders a JOIN orders b ON a.id = b.quantity",
    };

    public static void main(String[] args) throws Exception {
        TypedJob.takeAll("TypedTypesSql", "", args, (env, options) -> build(env));
    }

    static void build(StreamExecutionEnvironment env) {
        StreamTableEnvironment tables =
                StreamTableEnvironment.create(env, EnvironmentSettings.newInstance().inStreamingMode().build());
        DataStream<Row> orders =
                TypedJob.numbers(env).map(TypedTypesSql::order).returns(ORDER).name("orders").uid("orders");
        tables.createTemporaryView("orders", orders, schema());
        for (String query : QUERIES) {
            tables.toChangelogStream(tables.sqlQuery(query));
        }
    }

    static String fields() {
        return "id, name, price, discount, placed, due, at_time, paid, quantity, weight, digest, tags, stock, origin";
    }

    static Schema schema() {
        return Schema.newBuilder()
                .column("id", "BIGINT")
                .column("name", "STRING")
                .column("price", "DECIMAL(30, 5)")
                .column("discount", "DECIMAL(10, 2)")
                .column("placed", "TIMESTAMP(9)")
                .column("due", "DATE")
                .column("at_time", "TIME(0)")
                .column("paid", "BOOLEAN")
                .column("quantity", "INT")
                .column("weight", "DOUBLE")
                .column("digest", "VARBINARY(16)")
                .column("tags", "ARRAY<STRING>")
                .column("stock", "MAP<STRING, INT>")
                .column("origin", "ROW<shelf INT, city STRING>")
                .column("rowtime", "TIMESTAMP_LTZ(3)")
                // Of the stream, which has none: nothing is ever complete.
                .watermark("rowtime", "SOURCE_WATERMARK()")
                .build();
    }

    static Row order(long n) {
        int k = (int) (n % TypedJob.KEYS);
        Map<String, Integer> stock = new TreeMap<>();
        stock.put("", k);
        stock.put("a longer key", n % 3 == 0 ? null : -k);
        Row row = new Row(ORDER.getArity());
        Object[] fields = {
            (long) k,
            n % 4 == 0 ? "имя" : n % 4 == 1 ? "a name of more than eight bytes" : n % 4 == 2 ? "" : null,
            k == 4 ? null : new BigDecimal("123456789012345678901234.56789").subtract(BigDecimal.valueOf(k)),
            k == 2 ? null : BigDecimal.valueOf(1_000 * n - 5_005, 2),
            n % 5 == 4 ? null : LocalDateTime.of(1969 + k, 12, 31, 23, 59, 59, 123_456_789),
            LocalDate.of(1965 + k, 1, 1),
            LocalTime.of(k, 59, 58),
            n % 2 == 0,
            (int) n / 3,
            n / 4.0,
            new byte[] {(byte) n, -1},
            n % 5 == 3 ? null : new String[] {"tag", null, "a tag of more than seven bytes"},
            stock,
            n % 5 == 2 ? null : Row.of(k, "Łódź"),
            Instant.ofEpochMilli(1_700_000_000_000L + n),
        };
        for (int i = 0; i < fields.length; i++) {
            row.setField(i, fields[i]);
        }
        return row;
    }
}
