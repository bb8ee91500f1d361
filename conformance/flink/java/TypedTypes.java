import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The types of the user in {@link TypedJob}: POJOs, an enum, and a class that only Kryo can write. */
public final class TypedTypes {
    private TypedTypes() {}

    public enum Color {
        RED,
        GREEN,
        BLUE
    }

    public static class Address {
        public String city;
        public int number;

        public Address() {}

        Address(String city, int number) {
            this.city = city;
            this.number = number;
        }
    }

    /** The list sorts last: up to 1.20 Kryo writes it, and nobody else knows where it ends. */
    public static class Person {
        public Address address;
        public int age;
        public Color color;
        public Long id;
        public String name;
        public int[] scores;
        public List<String> tags;

        /** All that can be null is so. */
        static <P extends Person> P bare(P person, int age) {
            person.age = age;
            return person;
        }

        static <P extends Person> P full(P person, int n) {
            person.address = new Address(n % 2 == 0 ? null : "Łódź", n);
            person.age = 20 + n;
            person.color = Color.values()[n % 3];
            person.id = n * -1_000_000_007L;
            person.name = "name-" + n;
            person.scores = new int[] {n, -n};
            person.tags = new ArrayList<>(List.of("", "tag-" + n));
            return person;
        }
    }

    /** Registered: values name it by a tag. */
    public static class Employee extends Person {
        public short level;
    }

    /** Not registered: values name it by its class. */
    public static class Visitor extends Person {
        public String badge;
    }

    /** What Kryo writes up to 1.20 comes first here. */
    public static class Basket {
        public List<String> items;
        public String owner;

        public Basket() {}

        Basket(List<String> items, String owner) {
            this.items = new ArrayList<>(items);
            this.owner = owner;
        }
    }

    /** A key whose key group follows from code that no savepoint holds. */
    public static class Place {
        public int row;
        public String shelf;

        public Place() {}

        Place(int row, String shelf) {
            this.row = row;
            this.shelf = shelf;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Place && ((Place) other).row == row && ((Place) other).shelf.equals(shelf);
        }

        @Override
        public int hashCode() {
            return 7919 * row + Objects.hashCode(shelf);
        }
    }

    /** No POJO: without setters and default constructor. */
    public static final class Opaque {
        private final int x;
        private final String s;

        Opaque(int x, String s) {
            this.x = x;
            this.s = s;
        }
    }
}
