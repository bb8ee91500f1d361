import java.nio.file.Path;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.CheckpointConfig;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Makes Flink's job of a {@link ScenarioJob}: behind a source of its own stands each operator. */
final class ScenarioGraph {
    private static final int DEFAULT_THRESHOLD = 20 * 1024;

    private ScenarioGraph() {}

    static JobGraph build(ScenarioJob job, Configuration base, boolean inline, boolean compressed, Path checkpoints)
            throws Exception {
        int threshold = inline ? DEFAULT_THRESHOLD : 0;
        Configuration conf = new Configuration(base);
        // Old and new names of the same options; a release ignores what it does not know.
        GoldenJob.set(conf, threshold + "b", "state.storage.fs.memory-threshold", "execution.checkpointing.data-inline-threshold");
        GoldenJob.set(conf, String.valueOf(compressed), "execution.checkpointing.snapshot-compression");
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(job.parallelism, conf);
        env.getConfig().setUseSnapshotCompression(compressed);
        // It cannot look into proxies, and there is nothing to clean.
        env.getConfig().disableClosureCleaner();
        try {
            Compat.call(CheckpointConfig.class, env.getCheckpointConfig(), "setCheckpointStorage",
                    new FileSystemCheckpointStorage(checkpoints.toUri(), threshold));
        } catch (NoSuchMethodException since20) {
            // There the job's configuration counts.
        }
        for (int index = 0; index < job.operators.size(); index++) {
            add(env, job, index);
        }
        return env.getStreamGraph().getJobGraph();
    }

    private static void add(StreamExecutionEnvironment env, ScenarioJob job, int index) throws Exception {
        ScenarioJob.Operator operator = job.operators.get(index);
        DataStream<Integer> source = ScenarioSource.add(env, job, index);
        String uid = operator.finished ? operator.uid : "source of " + operator.uid;
        int parallelism = operator.finished ? job.parallelism : 1;
        place((SingleOutputStreamOperator<Integer>) source, uid, parallelism, operator);
        if (operator.finished) {
            // A source that nothing reads is forgotten otherwise.
            env.addOperator(source.getTransformation());
            return;
        }
        ScenarioOperator behind = new ScenarioOperator(job.number, index);
        SingleOutputStreamOperator<Integer> stream = operator.key == null
                ? source.transform(operator.uid, Types.INT, behind)
                : source.keyBy(new Key(job.number, index), operator.key.info).transform(operator.uid, Types.INT, behind);
        place(stream, operator.uid, job.parallelism, operator);
    }

    private static void place(SingleOutputStreamOperator<Integer> stream, String uid, int parallelism, ScenarioJob.Operator operator) {
        stream.uid(uid).setParallelism(parallelism).setMaxParallelism(operator.maxParallelism);
        stream.disableChaining();
    }

    /** The key of an operation, from its index. */
    private static final class Key implements KeySelector<Integer, Object> {
        private static final long serialVersionUID = 1;

        private final int number;
        private final int index;

        Key(int number, int index) {
            this.number = number;
            this.index = index;
        }

        @Override
        public Object getKey(Integer operation) {
            return ScenarioJob.of(number).operators.get(index).keyed.get(operation).key;
        }
    }
}
