import java.io.Serializable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The source in front of an operator: emits the numbers of its keyed operations and then idles, or ends at once in a job that
 * only lists. An operator that is to be finished is such a source itself, since nothing in front of it may run.
 *
 * <p>A {@code SourceFunction}, since it has no state of its own; made by reflection, since 2.0 moved it to another package.
 */
final class ScenarioSource implements InvocationHandler, Serializable {
    private static final long serialVersionUID = 1;
    private static final String PACKAGE = Compat.has("org.apache.flink.streaming.api.functions.source.legacy.SourceFunction")
            ? "org.apache.flink.streaming.api.functions.source.legacy."
            : "org.apache.flink.streaming.api.functions.source.";

    private final int number;
    private final int index;
    private transient volatile boolean cancelled;

    private ScenarioSource(int number, int index) {
        this.number = number;
        this.index = index;
    }

    @SuppressWarnings("unchecked")
    static DataStream<Integer> add(StreamExecutionEnvironment env, ScenarioJob job, int index) throws Exception {
        ScenarioJob.Operator operator = job.operators.get(index);
        Class<?> type = Class.forName(PACKAGE + (operator.finished ? "ParallelSourceFunction" : "SourceFunction"));
        Object function = Proxy.newProxyInstance(
                ScenarioSource.class.getClassLoader(), new Class<?>[] {type}, new ScenarioSource(job.number, index));
        return (DataStream<Integer>) Compat.call(StreamExecutionEnvironment.class, env, "addSource",
                function, operator.uid, (TypeInformation<Integer>) Types.INT);
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        switch (method.getName()) {
            case "run":
                run(arguments[0]);
                return null;
            case "cancel":
                cancelled = true;
                return null;
            case "hashCode":
                return System.identityHashCode(proxy);
            case "equals":
                return proxy == arguments[0];
            case "toString":
                return "source of operator " + index;
            default:
                throw new UnsupportedOperationException(method.toString());
        }
    }

    private void run(Object context) throws Exception {
        ScenarioJob job = ScenarioJob.of(number);
        ScenarioJob.Operator operator = job.operators.get(index);
        if (operator.finished) {
            job.ran.add(operator.uid);
            return;
        }
        if (job.lists) {
            return;
        }
        Method collect = Class.forName(PACKAGE + "SourceFunction$SourceContext").getMethod("collect", Object.class);
        collect.setAccessible(true);
        for (int i = 0; i < operator.keyed.size(); i++) {
            collect.invoke(context, i);
        }
        while (!cancelled) {
            Thread.sleep(5);
        }
    }
}
