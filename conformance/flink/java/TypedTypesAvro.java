import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Runs one job with state that Avro writes, and takes a canonical savepoint of it for each argument. The content does
 * not depend on release, backend, clock or chance, except for the source's position.
 *
 * <p>By reflection, since no distribution has flink-avro; the script says where to put it.
 */
public class TypedTypesAvro {
    static final String SERIALIZER = "org.apache.flink.formats.avro.typeutils.AvroSerializer";
    static final String RECORD = "org.apache.avro.generic.GenericRecord";

    /** Every type of Avro's. */
    static final String SCHEMA =
            ("{'type':'record','name':'Order','namespace':'com.acme','fields':["
                            + "{'name':'id','type':'long'},"
                            + "{'name':'name','type':['null','string']},"
                            + "{'name':'count','type':'int'},"
                            + "{'name':'weight','type':'double'},"
                            + "{'name':'ratio','type':'float'},"
                            + "{'name':'paid','type':'boolean'},"
                            + "{'name':'nothing','type':'null'},"
                            + "{'name':'payload','type':'bytes'},"
                            + "{'name':'digest','type':{'type':'fixed','name':'Digest','size':4}},"
                            + "{'name':'color','type':{'type':'enum','name':'Color','symbols':['RED','GREEN','BLUE']}},"
                            + "{'name':'tags','type':{'type':'array','items':'string'}},"
                            + "{'name':'stock','type':{'type':'map','values':'int'}},"
                            + "{'name':'origin','type':{'type':'record','name':'Origin','fields':["
                            + "{'name':'city','type':'string'},{'name':'number','type':'int'}]}},"
                            + "{'name':'choice','type':['int','Origin','null']}]}")
                    .replace('\'', '"');

    public static void main(String[] args) throws Exception {
        if (!Compat.has(SERIALIZER)) {
            System.err.println("TypedTypesAvro: flink-avro is not there; see conformance/flink/flink --help");
            System.exit(2);
        }
        TypedJob.takeAll("TypedTypesAvro", "", args, (env, options) -> build(env));
    }

    static void build(StreamExecutionEnvironment env) {
        TypedJob.keyed(TypedJob.numbers(env), "avro", TypedJob::number, Types.LONG, new Records());
    }

    static class Records extends TypedJob.Stateful<Long> {
        private transient Object schema;
        private transient ValueState<Object> value;
        private transient ListState<Object> list;
        private transient MapState<String, Object> map;
        private transient ValueState<Object> reflect;

        @Override
        void register(KeyedStateStore store) throws Exception {
            schema = Compat.call(parser().getClass(), parser(), "parse", SCHEMA);
            TypeSerializer<Object> generic = serializer(Class.forName(RECORD), schema);
            value = store.getState(new ValueStateDescriptor<>("value", generic));
            list = store.getListState(new ListStateDescriptor<>("list", generic));
            map = store.getMapState(new MapStateDescriptor<>("map", StringSerializer.INSTANCE, generic));
            reflect = store.getState(new ValueStateDescriptor<>("reflect", serializer(TypedTypes.Address.class)));
        }

        @Override
        void add(int n) throws Exception {
            value.update(record(n));
            list.add(record(n));
            map.put("mapped-" + n % 2, record(n));
            reflect.update(new TypedTypes.Address("Łódź", n));
        }

        private static Object parser() throws Exception {
            return Compat.make("org.apache.avro.Schema$Parser");
        }

        @SuppressWarnings("unchecked")
        private static TypeSerializer<Object> serializer(Object... arguments) throws Exception {
            return (TypeSerializer<Object>) Compat.make(SERIALIZER, arguments);
        }

        /** Avro makes records from JSON, which spares us to set their fields by reflection. */
        private Object record(int n) throws Exception {
            Object factory = Compat.call(Class.forName("org.apache.avro.io.DecoderFactory"), null, "get");
            Object decoder = Compat.call(factory.getClass(), factory, "jsonDecoder", schema, json(n));
            Object reader = Compat.make("org.apache.avro.generic.GenericDatumReader", schema);
            return Compat.call(reader.getClass(), reader, "read", null, decoder);
        }

        private static String json(int n) {
            String[] choices = {"{'int':" + -n + "}", "{'com.acme.Origin':{'city':'','number':" + n + "}}", "null"};
            return ("{'id':" + n * -1_000_000_007L
                            + ",'name':" + (n % 2 == 0 ? "null" : "{'string':'имя-" + n + "'}")
                            + ",'count':" + -n + ",'weight':" + n / 4.0 + ",'ratio':" + n / 2.0
                            + ",'paid':" + (n % 2 == 0) + ",'nothing':null"
                            + ",'payload':'" + "\u00ff".repeat(n % 4) + "','digest':'abc" + n % 10 + "'"
                            + ",'color':'" + TypedTypes.Color.values()[n % 3] + "'"
                            + ",'tags':" + (n % 3 == 0 ? "[]" : "['','tag-" + n + "']")
                            + ",'stock':" + (n % 3 == 1 ? "{}" : "{'a':" + n + "}")
                            + ",'origin':{'city':'city-" + n + "','number':" + n + "},'choice':" + choices[n % 3] + "}")
                    .replace('\'', '"');
        }
    }
}
