import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Any operator of a scenario. As it opens it registers its states; then it does its operations, or lists what it has. */
final class ScenarioOperator extends AbstractStreamOperator<Integer>
        implements OneInputStreamOperator<Integer, Integer>, Triggerable<Object, Object> {
    private static final long serialVersionUID = 1;

    private final int number;
    private final int index;
    private transient ScenarioJob job;
    private transient ScenarioJob.Operator operator;
    private transient ScenarioKeyedState keyed;

    /** Operator {@code index} of the job of that number. */
    ScenarioOperator(int number, int index) {
        this.number = number;
        this.index = index;
    }

    @Override
    public void open() throws Exception {
        super.open();
        job = ScenarioJob.of(number);
        operator = job.operators.get(index);
        KeyedStateBackend<Object> backend = getKeyedStateBackend();
        keyed = new ScenarioKeyedState(operator, backend,
                (name, namespaces) -> getInternalTimerService(name, namespaces, this));
        int subtask = Compat.subtaskIndex(getRuntimeContext());
        ScenarioOperatorState unkeyed = new ScenarioOperatorState(operator, getOperatorStateBackend(), subtask);
        for (ScenarioJob.State state : operator.states) {
            if (state.isKeyed()) {
                keyed.register(state);
            } else {
                unkeyed.register(state);
            }
        }
        if (job.lists) {
            keyed.list(job.lines::add);
            unkeyed.list(job.lines::add);
        } else {
            for (ScenarioJob.Operation operation : operator.unkeyed) {
                unkeyed.apply(operation);
            }
        }
        job.opened.incrementAndGet();
    }

    /** The key is the current one already. */
    @Override
    public void processElement(StreamRecord<Integer> element) throws Exception {
        keyed.apply(operator.keyed.get(element.getValue()));
        job.done.incrementAndGet();
    }

    @Override
    public void onEventTime(InternalTimer<Object, Object> timer) {
        fired(timer);
    }

    @Override
    public void onProcessingTime(InternalTimer<Object, Object> timer) {
        fired(timer);
    }

    /** A restored job ends with the last of all watermarks, after everything has been listed. */
    private void fired(InternalTimer<Object, Object> timer) {
        if (!job.lists) {
            throw new IllegalStateException("fired: " + timer);
        }
    }
}
