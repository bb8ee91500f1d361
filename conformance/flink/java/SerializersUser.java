import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.BooleanValueSerializer;
import org.apache.flink.api.common.typeutils.base.ByteValueSerializer;
import org.apache.flink.api.common.typeutils.base.CharValueSerializer;
import org.apache.flink.api.common.typeutils.base.DoubleValueSerializer;
import org.apache.flink.api.common.typeutils.base.FloatValueSerializer;
import org.apache.flink.api.common.typeutils.base.IntValueSerializer;
import org.apache.flink.api.common.typeutils.base.LongValueSerializer;
import org.apache.flink.api.common.typeutils.base.NullValueSerializer;
import org.apache.flink.api.common.typeutils.base.ShortValueSerializer;
import org.apache.flink.api.common.typeutils.base.StringValueSerializer;
import org.apache.flink.api.java.typeutils.runtime.CopyableValueSerializer;
import org.apache.flink.api.java.typeutils.runtime.ValueSerializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.runtime.state.JavaSerializer;
import org.apache.flink.types.BooleanValue;
import org.apache.flink.types.ByteValue;
import org.apache.flink.types.CharValue;
import org.apache.flink.types.DoubleValue;
import org.apache.flink.types.FloatValue;
import org.apache.flink.types.IntValue;
import org.apache.flink.types.LongValue;
import org.apache.flink.types.NullValue;
import org.apache.flink.types.ShortValue;
import org.apache.flink.types.StringValue;
import org.apache.flink.types.Value;

/** Serializers of user classes: POJOs, Kryo, values and Java serialization. */
public final class SerializersUser {
    static final String KRYO = "org.apache.flink.api.java.typeutils.runtime.kryo.KryoSerializer";

    private SerializersUser() {}

    static void addTo(List<SerializersCase> cases) throws Exception {
        pojos(cases);
        kryo(cases);
        values(cases);
        opaqueValues(cases);
    }

    /** The serializers' part of the configuration is apart from 1.19 on. */
    static Object config() throws Exception {
        ExecutionConfig config = new ExecutionConfig();
        try {
            return Compat.call(ExecutionConfig.class, config, "getSerializerConfig");
        } catch (NoSuchMethodException before119) {
            return config;
        }
    }

    static TypeSerializer<?> serializer(TypeInformation<?> type, Object config) throws Exception {
        return (TypeSerializer<?>) Compat.call(type.getClass(), type, "createSerializer", config);
    }

    private static void pojo(List<SerializersCase> cases, String name, Class<?> type, Object config, Object... values)
            throws Exception {
        SerializersCase.add(cases, name, serializer(TypeInformation.of(type), config), values)
                .as(value -> SerializersJson.pojo(value, type));
    }

    private static void pojos(List<SerializersCase> cases) throws Exception {
        Person ada = new Person(36, "Ada", 7L);
        pojo(
                cases, "pojo", Person.class, config(),
                null, ada, new Person(-1, null, null), new Person(0, "\u00e9" + SerializersCore.EMOJI, Long.MIN_VALUE));
        Object registered = config();
        Compat.call(registered.getClass(), registered, "registerPojoType", Student.class);
        Compat.call(registered.getClass(), registered, "registerPojoType", Teacher.class);
        pojo(
                cases, "pojo-registered-subclass", Person.class, registered,
                null, ada, new Student(20, "Bob", null, 3), new Teacher(50, null, 1L, "maths"));
        pojo(cases, "pojo-other-subclass", Person.class, config(), null, ada, new Student(20, "Bob", null, 3));
        pojo(
                cases, "pojo-nested", Course.class, config(),
                null, new Course(), new Course("flink", ada, TimeUnit.HOURS),
                new Course(null, new Student(20, "Bob", null, 3), null));
        Arrays arrays = new Arrays();
        arrays.bytes = new byte[] {1, -1};
        arrays.ints = new int[] {1, 2};
        arrays.boxed = new Integer[] {1, null};
        arrays.strings = new String[] {"a", null, ""};
        arrays.nested = new long[][] {{1}, null, {}};
        pojo(cases, "pojo-of-arrays", Arrays.class, config(), null, new Arrays(), arrays);
        // Before 2.0 these fields are left to Kryo.
        if (Compat.has(SerializersCore.SET)) {
            Collections collections = new Collections();
            collections.list = java.util.Arrays.asList("a", null, "");
            collections.map = java.util.Collections.singletonMap("k", 1);
            collections.set = new LinkedHashSet<>(List.of(-5L, 5L));
            Collections empty = new Collections();
            empty.list = new ArrayList<>();
            empty.map = Map.of();
            empty.set = Set.of();
            Collections nulls = new Collections();
            nulls.map = java.util.Collections.singletonMap(null, null);
            nulls.set = java.util.Collections.singleton(null);
            pojo(
                    cases, "pojo-of-collections", Collections.class, config(),
                    null, new Collections(), collections, empty, nulls);
        }
    }

    private static void kryo(List<SerializersCase> cases) throws Exception {
        Gadget gadget = new Gadget(5, "hey");
        TypeSerializer<?> any = (TypeSerializer<?>) Compat.make(KRYO, Object.class, config());
        SerializersCase.add(
                cases, "kryo-object", any,
                null, "abc", "\u00e9", 1, -1, 300, 5L, 1.5f, 2.5, true, gadget, new ArrayList<>(List.of("a", "b", "a")),
                new ArrayList<>(List.of(1, 2))).opaque();
        TypeSerializer<?> own = (TypeSerializer<?>) Compat.make(KRYO, Gadget.class, config());
        SerializersCase.add(cases, "kryo-class", own, null, gadget, new Gadget(-1, null)).opaque();

        Object config = config();
        Class<?> type = config.getClass();
        Compat.call(type, config, "registerKryoType", StringBuilder.class);
        Compat.call(type, config, "registerTypeWithKryoSerializer", Wheel.class, WheelSerializer.class);
        Compat.call(type, config, "registerTypeWithKryoSerializer", Gadget.class, new GadgetSerializer());
        Compat.call(type, config, "addDefaultKryoSerializer", Person.class, WheelSerializer.class);
        Compat.call(type, config, "addDefaultKryoSerializer", Course.class, new GadgetSerializer());
        TypeSerializer<?> registered = (TypeSerializer<?>) Compat.make(KRYO, Wheel.class, config);
        SerializersCase.add(cases, "kryo-registrations", registered, null, new Wheel(26)).opaque();
    }

    private static void values(List<SerializersCase> cases) {
        SerializersCase.add(
                cases, "boolean-value", BooleanValueSerializer.INSTANCE,
                new BooleanValue(true), new BooleanValue(false)).hashed();
        SerializersCase.add(
                cases, "byte-value", ByteValueSerializer.INSTANCE,
                new ByteValue((byte) 0), new ByteValue(Byte.MIN_VALUE)).hashed();
        SerializersCase.add(
                cases, "short-value", ShortValueSerializer.INSTANCE,
                new ShortValue((short) 1), new ShortValue(Short.MIN_VALUE)).hashed();
        SerializersCase.add(
                cases, "int-value", IntValueSerializer.INSTANCE,
                new IntValue(0), new IntValue(42), new IntValue(Integer.MIN_VALUE)).hashed();
        SerializersCase.add(
                cases, "long-value", LongValueSerializer.INSTANCE,
                new LongValue(0), new LongValue(42), new LongValue(Long.MIN_VALUE)).hashed();
        SerializersCase.add(
                cases, "char-value", CharValueSerializer.INSTANCE,
                new CharValue('A'), new CharValue('\ud83d'), new CharValue('\0')).hashed();
        SerializersCase.add(
                cases, "float-value", FloatValueSerializer.INSTANCE,
                new FloatValue(1.1f), new FloatValue(-0f), new FloatValue(Float.NaN)).hashed();
        SerializersCase.add(
                cases, "double-value", DoubleValueSerializer.INSTANCE,
                new DoubleValue(2.5), new DoubleValue(-0d), new DoubleValue(Double.NEGATIVE_INFINITY)).hashed();
        SerializersCase.add(
                cases, "string-value", StringValueSerializer.INSTANCE,
                new StringValue(""), new StringValue("a"), new StringValue("hello"), new StringValue("\u20ac"),
                new StringValue(SerializersCore.EMOJI), new StringValue("\ud83d"), new StringValue("x".repeat(127)),
                new StringValue("x".repeat(128))).hashed();
        SerializersCase.add(cases, "null-value", NullValueSerializer.INSTANCE, NullValue.getInstance()).hashed();
        SerializersCase.add(
                cases, "value-int", new ValueSerializer<>(IntValue.class), new IntValue(5), new IntValue(-5)).hashed();
        SerializersCase.add(
                cases, "value-string", new ValueSerializer<>(StringValue.class),
                new StringValue(""), new StringValue("\u20ac")).hashed();
        SerializersCase.add(
                cases, "value-null", new ValueSerializer<>(NullValue.class), NullValue.getInstance()).hashed();
        SerializersCase.add(
                cases, "copyable-value-long", new CopyableValueSerializer<>(LongValue.class),
                new LongValue(5), new LongValue(-5)).hashed();
        SerializersCase.add(
                cases, "copyable-value-string", new CopyableValueSerializer<>(StringValue.class),
                new StringValue(""), new StringValue("a")).hashed();
        SerializersCase.add(
                cases, "copyable-value-null", new CopyableValueSerializer<>(NullValue.class),
                NullValue.getInstance()).hashed();
    }

    private static void opaqueValues(List<SerializersCase> cases) {
        SerializersCase.add(
                cases, "value-of-user", new ValueSerializer<>(Sample.class), new Sample(0.5), new Sample(-1)).opaque();
        SerializersCase.add(
                cases, "java", new JavaSerializer<>(),
                null, "a", 7, new ArrayList<>(List.of("x", 1)), new Gadget(5, "hey")).opaque();
    }

    /** What the JSON form takes for a POJO. */
    public interface Pojo {}

    public static class Person implements Pojo {
        public int age;
        public String name;
        public Long score;

        public Person() {}

        Person(int age, String name, Long score) {
            this.age = age;
            this.name = name;
            this.score = score;
        }
    }

    /** With a field that comes before the inherited ones. */
    public static class Student extends Person {
        public int Grade;

        public Student() {}

        Student(int age, String name, Long score, int grade) {
            super(age, name, score);
            this.Grade = grade;
        }
    }

    public static class Teacher extends Person {
        public String subject;

        public Teacher() {}

        Teacher(int age, String name, Long score, String subject) {
            super(age, name, score);
            this.subject = subject;
        }
    }

    public static class Course implements Pojo {
        public String title;
        public Person lecturer;
        public TimeUnit unit;

        public Course() {}

        Course(String title, Person lecturer, TimeUnit unit) {
            this.title = title;
            this.lecturer = lecturer;
            this.unit = unit;
        }
    }

    public static class Arrays implements Pojo {
        public byte[] bytes;
        public int[] ints;
        public Integer[] boxed;
        public String[] strings;
        public long[][] nested;
    }

    public static class Collections implements Pojo {
        public List<String> list;
        public Map<String, Integer> map;
        public Set<Long> set;
    }

    public static class Gadget implements Serializable {
        private static final long serialVersionUID = 1;

        private int x;
        private String s;

        public Gadget() {}

        Gadget(int x, String s) {
            this.x = x;
            this.s = s;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Gadget && x == ((Gadget) other).x && Objects.equals(s, ((Gadget) other).s);
        }

        @Override
        public int hashCode() {
            return 31 * x + Objects.hashCode(s);
        }
    }

    public static class Wheel {
        private int inches;

        public Wheel() {}

        Wheel(int inches) {
            this.inches = inches;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Wheel && inches == ((Wheel) other).inches;
        }

        @Override
        public int hashCode() {
            return inches;
        }
    }

    /** Raw, because the parameter types differ between the versions of Kryo. */
    @SuppressWarnings({"rawtypes", "unchecked"})
    public static class WheelSerializer extends com.esotericsoftware.kryo.Serializer {
        @Override
        public void write(Kryo kryo, Output output, Object wheel) {
            output.writeInt(((Wheel) wheel).inches);
        }

        @Override
        public Object read(Kryo kryo, Input input, Class type) {
            return new Wheel(input.readInt());
        }
    }

    /** As an instance it is part of the snapshot. */
    @SuppressWarnings({"rawtypes", "unchecked"})
    public static class GadgetSerializer extends com.esotericsoftware.kryo.Serializer implements Serializable {
        private static final long serialVersionUID = 1;

        @Override
        public void write(Kryo kryo, Output output, Object gadget) {
            output.writeString(((Gadget) gadget).s);
        }

        @Override
        public Object read(Kryo kryo, Input input, Class type) {
            return new Gadget(0, input.readString());
        }
    }

    public static class Sample implements Value {
        private double weight;

        public Sample() {}

        Sample(double weight) {
            this.weight = weight;
        }

        @Override
        public void write(DataOutputView out) throws IOException {
            out.writeDouble(weight);
        }

        @Override
        public void read(DataInputView in) throws IOException {
            weight = in.readDouble();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Sample && weight == ((Sample) other).weight;
        }

        @Override
        public int hashCode() {
            return Double.hashCode(weight);
        }
    }
}
