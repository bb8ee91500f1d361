import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import scala.Enumeration;
import scala.Option;
import scala.Product;
import scala.Some;
import scala.Tuple2;
import scala.Tuple3;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.runtime.BoxedUnit;
import scala.util.Either;
import scala.util.Left;
import scala.util.Right;
import scala.util.Success;
import scala.util.Try;

/** Serializers of the Scala API, which ended with 1.20. */
final class SerializersScala {
    private static final String TYPEUTILS = "org.apache.flink.api.scala.typeutils.";

    private SerializersScala() {}

    static void addTo(List<SerializersCase> cases) throws Exception {
        if (!Compat.has(TYPEUTILS + "OptionSerializer")) {
            return;
        }
        products(cases);
        alternatives(cases);
        SerializersCase.add(cases, "scala-unit", make("UnitSerializer"), BoxedUnit.UNIT).as(unit -> "null");
        SerializersCase.add(
                cases, "scala-enumeration", make("EnumValueSerializer", Colours.MODULE$),
                Colours.MODULE$.red, Colours.MODULE$.green, Colours.MODULE$.blue)
                .as(value -> SerializersJson.text(value.toString()));
        sequences(cases);
    }

    private static TypeSerializer<?> make(String name, Object... arguments) throws Exception {
        return (TypeSerializer<?>) Compat.make(TYPEUTILS + name, arguments);
    }

    private static void products(List<SerializersCase> cases) throws Exception {
        TypeSerializer<?>[] fields = {IntSerializer.INSTANCE, StringSerializer.INSTANCE, IntSerializer.INSTANCE};
        SerializersCase.add(
                cases, "scala-case-class", make("ScalaCaseClassSerializer", Tuple3.class, fields),
                new Tuple3<>(5, "x", -1), new Tuple3<>(0, null, 0)).as(SerializersScala::productForm).hashed();
        Class<?> api = Class.forName("org.apache.flink.api.scala.package$");
        Object module = api.getField("MODULE$").get(null);
        TypeInformation<?> pair =
                (TypeInformation<?>) Compat.call(api, module, "createTuple2TypeInformation", Types.INT, Types.STRING);
        SerializersCase.add(
                cases, "scala-tuple2", SerializersUser.serializer(pair, SerializersUser.config()),
                new Tuple2<>(5, "x"), new Tuple2<>(-5, "")).as(SerializersScala::productForm).hashed();
    }

    private static String productForm(Object value) throws Exception {
        Product product = (Product) value;
        List<Object> fields = new ArrayList<>();
        for (int i = 0; i < product.productArity(); i++) {
            fields.add(product.productElement(i));
        }
        return SerializersJson.array(fields, SerializersJson::of);
    }

    private static void alternatives(List<SerializersCase> cases) throws Exception {
        SerializersCase.add(
                cases, "scala-option", make("OptionSerializer", IntSerializer.INSTANCE),
                Option.empty(), new Some<>(5), new Some<>(-5)).as(SerializersScala::optionForm).hashed();
        SerializersCase.add(
                cases, "scala-either", make("EitherSerializer", IntSerializer.INSTANCE, StringSerializer.INSTANCE),
                new Left<>(5), new Right<>("a")).as(SerializersScala::eitherForm);
        // A failure is an exception for Kryo.
        SerializersCase.add(
                cases, "scala-try", make("TrySerializer", StringSerializer.INSTANCE, SerializersUser.config()),
                new Success<>("a"), new Success<>(""))
                .as(value -> SerializersJson.object("success", SerializersJson.of(((Try<?>) value).get())));
    }

    private static String optionForm(Object option) throws Exception {
        return ((Option<?>) option).isEmpty()
                ? "null"
                : SerializersJson.object("some", SerializersJson.of(((Option<?>) option).get()));
    }

    private static String eitherForm(Object value) throws Exception {
        Either<?, ?> either = (Either<?, ?>) value;
        Object inside = ((Product) either).productElement(0);
        return SerializersJson.object(either.isLeft() ? "left" : "right", SerializersJson.of(inside));
    }

    /** The snapshot holds Scala code that makes the builder of the collection. */
    private static void sequences(List<SerializersCase> cases) throws Exception {
        String code =
                "implicitly[scala.collection.generic.CanBuildFrom[scala.collection.Seq[String], String, "
                        + "scala.collection.Seq[String]]]";
        SerializersCase.add(
                cases, "scala-traversable", make("TraversableSerializer", StringSerializer.INSTANCE, code),
                seq(), seq("a"), seq("a", null, "")).as(SerializersScala::seqForm);
    }

    private static Seq<?> seq(Object... elements) {
        return JavaConverters.asScalaBufferConverter(Arrays.asList(elements)).asScala().toList();
    }

    private static String seqForm(Object seq) throws Exception {
        List<Object> elements = new ArrayList<>();
        Iterator<?> iterator = ((Seq<?>) seq).iterator();
        while (iterator.hasNext()) {
            elements.add(iterator.next());
        }
        return SerializersJson.array(elements, SerializersJson::of);
    }

    /** Like an object that the Scala compiler makes; the ids are not the positions. */
    public static class Colours extends Enumeration {
        private static final long serialVersionUID = 1;

        public static final Colours MODULE$ = new Colours();

        final Value red = Value(0, "red");
        final Value green = Value(7, "green");
        final Value blue = Value(3, "blue");
    }
}
