import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.util.SerializedThrowable;

/** One local cluster for all jobs: starting one takes longer than ten jobs. */
final class ScenarioCluster {
    private static final long PATIENCE_SECONDS = 300;
    /** What the checkpoint coordinator says while tasks are still starting. */
    private static final String NOT_YET = "Not all required tasks are currently running";

    private final Configuration conf;
    private MiniCluster cluster;
    private int slots = 16;

    ScenarioCluster(Configuration conf) {
        this.conf = new Configuration(conf);
        GoldenJob.set(this.conf, "0", "rest.port", "rest.bind-port");
        // A stall of the machine is no failure.
        GoldenJob.set(this.conf, "600000", "heartbeat.timeout");
        GoldenJob.set(this.conf, "10", "jobstore.max-capacity");
        GoldenJob.set(this.conf, "512mb", "taskmanager.memory.managed.size");
        GoldenJob.set(this.conf, "64mb", "taskmanager.memory.network.min", "taskmanager.memory.network.max");
    }

    /** A job that was submitted. */
    final class Run {
        private final JobID id;
        private final CompletableFuture<JobResult> result;

        @SuppressWarnings("unchecked")
        Run(JobGraph graph) throws Exception {
            id = graph.getJobID();
            get(call("submitJob", graph));
            result = (CompletableFuture<JobResult>) call("requestJobResult", id);
        }

        /** Throws why it failed, if it has. */
        boolean isOver() throws Exception {
            if (!result.isDone()) {
                return false;
            }
            Optional<SerializedThrowable> why = result.get().getSerializedThrowable();
            if (why.isPresent()) {
                throw new JobFailed(why.get().deserializeError(ScenarioCluster.class.getClassLoader()));
            }
            return true;
        }

        /** Waits until it ends by itself. */
        void finish() throws Exception {
            try {
                result.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                throw new TimeoutException("the job does not end: " + status());
            }
            isOver();
        }

        /** Waits until the condition holds. */
        void until(String what, Condition condition) throws Exception {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (!condition.holds()) {
                if (isOver()) {
                    throw new IllegalStateException("the job ended before " + what);
                }
                if (System.nanoTime() > deadline) {
                    throw new TimeoutException("no " + what + ": " + status());
                }
                Thread.sleep(2);
            }
        }

        /** Whether as many of its subtasks have finished, and all others are running. */
        boolean isRunning(int finished) throws Exception {
            AccessExecutionGraph graph = (AccessExecutionGraph) get(call("getExecutionGraph", id));
            for (AccessExecutionVertex vertex : graph.getAllExecutionVertices()) {
                if (vertex.getExecutionState() == ExecutionState.FINISHED) {
                    finished--;
                } else if (vertex.getExecutionState() != ExecutionState.RUNNING) {
                    return false;
                }
            }
            return finished == 0;
        }

        /** Takes a canonical savepoint below a directory. */
        Path save(Path into) throws Exception {
            List<Object> arguments = new ArrayList<>(List.of(id, into.toUri().toString(), false));
            String formats = "org.apache.flink.core.execution.SavepointFormatType";
            if (Compat.has(formats)) {
                arguments.add(Compat.constant(Class.forName(formats), "CANONICAL"));
            }
            Path[] saved = new Path[1];
            until("savepoint", () -> {
                try {
                    saved[0] = Paths.get(URI.create((String) get(call("triggerSavepoint", arguments.toArray()))));
                    return true;
                } catch (ExecutionException e) {
                    if (String.valueOf(root(e).getMessage()).contains(NOT_YET)) {
                        return false;
                    }
                    isOver();
                    throw e;
                }
            });
            return saved[0];
        }

        /** However it is, it is over then. */
        void cancel() throws Exception {
            if (!result.isDone()) {
                try {
                    get(call("cancelJob", id));
                } catch (ExecutionException overAlready) {
                    // What counts is that it ends.
                }
                result.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
        }

        /** For people. */
        private String status() throws Exception {
            AccessExecutionGraph graph = (AccessExecutionGraph) get(call("getExecutionGraph", id));
            StringBuilder text = new StringBuilder("the job is " + graph.getState());
            for (AccessExecutionVertex vertex : graph.getAllExecutionVertices()) {
                text.append(", ").append(vertex.getTaskNameWithSubtaskIndex()).append(' ').append(vertex.getExecutionState());
            }
            return text.toString();
        }
    }

    /** What one waits for. */
    interface Condition {
        boolean holds() throws Exception;
    }

    /** Flink's failure of a job, as opposed to one of this driver. */
    static final class JobFailed extends Exception {
        private static final long serialVersionUID = 1;

        JobFailed(Throwable cause) {
            super(cause);
        }
    }

    Run submit(JobGraph graph, int parallelism) throws Exception {
        if (cluster != null && (parallelism > slots || !cluster.isRunning())) {
            cluster.close();
            cluster = null;
        }
        if (cluster == null) {
            slots = Math.max(slots, parallelism);
            cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                    .setConfiguration(conf).setNumTaskManagers(1).setNumSlotsPerTaskManager(slots).build());
            cluster.start();
        }
        return new Run(graph);
    }

    void close() throws Exception {
        if (cluster != null) {
            cluster.close();
        }
    }

    static Throwable root(Throwable e) {
        while (e.getCause() != null && e.getCause() != e) {
            e = e.getCause();
        }
        return e;
    }

    private static Object get(Object future) throws Exception {
        return ((CompletableFuture<?>) future).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private Object call(String method, Object... arguments) throws Exception {
        try {
            return Compat.call(MiniCluster.class, cluster, method, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof Exception ? (Exception) e.getCause() : e;
        }
    }
}
