import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.SerializedThrowable;

/**
 * Starts the job that wrote a golden savepoint from it, on one cluster for all, and lets it take a savepoint: that needs
 * every task to have restored its state, while a task may be called running before it has.
 */
class TryRestoreJob implements AutoCloseable {
    /** The release with all that a job can have; see make-vectors. */
    private static final String RICHEST = "2.3.0-";

    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

    private final Path scratch;
    private final Path results;
    private final MiniCluster cluster;

    /** What restored jobs save goes to {@code saved/ID-BACKEND}. */
    TryRestoreJob(Path scratch) throws Exception {
        this.scratch = Files.createDirectories(scratch.resolve("job"));
        results = scratch.resolve("saved");
        Configuration conf = new Configuration();
        conf.setString("rest.port", "0");
        conf.setString("rest.bind-port", "0");
        conf.setString("taskmanager.memory.managed.size", "128mb");
        conf.setString("taskmanager.memory.network.min", "64mb");
        conf.setString("taskmanager.memory.network.max", "64mb");
        conf.setString("execution.attached", "true");
        conf.setString("io.tmp.dirs", this.scratch.toString());
        cluster =
                new MiniCluster(
                        new MiniClusterConfiguration.Builder()
                                .setConfiguration(conf)
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(2)
                                .build());
        cluster.start();
    }

    /** The verdict and the reason. */
    String restore(String id, Path savepoint) throws Exception {
        String kind = id.split("-", 3)[2];
        String writer = id.split("-", 3)[1];
        List<String> on = kind.equals("native") ? List.of(writer) : List.of("hashmap", "rocksdb");
        for (String backend : on) {
            JobGraph job;
            try {
                job = job(id, kind, backend);
            } catch (Throwable e) {
                return "ok\tskipped: the job is not to be had: " + TryRestore.reason(e);
            }
            job.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(savepoint.toUri().toString(), false));
            Throwable failed = run(job, id + "-" + backend);
            if (failed != null && kind.equals("sql") && isOtherTopology(failed)) {
                return "ok\tskipped: the planner makes other operators";
            }
            if (failed != null) {
                return "job\t" + backend + ": " + TryRestore.reason(failed);
            }
        }
        return "ok\t";
    }

    /** Operators that a planner makes have ids by their place in the graph. */
    private static boolean isOtherTopology(Throwable e) {
        String text = String.valueOf(TryRestore.root(e).getMessage());
        return text.contains("There is no operator for the state") || text.contains("cannot map checkpoint/savepoint state")
                || text.contains("Cannot map checkpoint/savepoint state");
    }

    private JobGraph job(String id, String kind, String backend) throws Exception {
        boolean golden = List.of("file", "inline-mp200", "snappy", "native").contains(kind);
        boolean rich = kind.startsWith("rich");
        Configuration conf = TypedJob.configuration(backend, scratch);
        String timers = kind.endsWith("heaptimers") ? "HEAP" : "ROCKSDB";
        GoldenJob.set(conf, timers, "state.backend.rocksdb.timer-service.factory");
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.createLocalEnvironment(golden || rich ? 2 : 1, conf);
        env.setMaxParallelism(kind.equals("inline-mp200") ? 200 : 128);
        if (golden) {
            env.getConfig().setUseSnapshotCompression(kind.equals("snappy"));
            GoldenJob.build(env);
        } else if (rich) {
            RichJob.build(env, id.startsWith(RICHEST));
        } else if (kind.equals("typed")) {
            TypedJob.build(env, id.startsWith(RICHEST));
        } else if (kind.equals("sql")) {
            TypedTypesSql.build(env);
        } else if (kind.equals("custom")) {
            CustomSerializerJob.build(env);
        } else if (kind.equals("avro")) {
            TypedTypesAvro.build(env);
        } else {
            throw new IllegalArgumentException("no job is known for " + id);
        }
        return env.getStreamGraph().getJobGraph();
    }

    /** Null, or why the job failed. */
    private Throwable run(JobGraph job, String name) throws Exception {
        JobID id = job.getJobID();
        Path saved = Files.createTempDirectory(scratch, "saving");
        long deadline = System.nanoTime() + PATIENCE;
        try {
            ((Future<?>) call("submitJob", job)).get();
            Throwable last = null;
            while (true) {
                String status = String.valueOf(((Future<?>) call("getJobStatus", id)).get());
                if (status.equals("FAILED")) {
                    return failure(id);
                }
                if (status.equals("RUNNING")) {
                    try {
                        Path savepoint = Paths.get(URI.create(save(id, saved)));
                        Files.move(savepoint, Files.createDirectories(results).resolve(name));
                        return null;
                    } catch (TimeoutException stuck) {
                        throw stuck;
                    } catch (Exception notAllTasksRun) {
                        last = notAllTasksRun;
                    }
                }
                if (System.nanoTime() > deadline) {
                    return last == null ? new TimeoutException("still " + status + " after a minute") : last;
                }
                Thread.sleep(20);
            }
        } finally {
            finish(id);
            Compat.delete(saved);
        }
    }

    private String save(JobID id, Path into) throws Exception {
        List<Object> arguments = new ArrayList<>(List.of(id, into.toUri().toString(), false));
        if (Compat.has("org.apache.flink.core.execution.SavepointFormatType")) {
            arguments.add(Compat.constant(Class.forName("org.apache.flink.core.execution.SavepointFormatType"), "CANONICAL"));
        }
        return (String) ((Future<?>) call("triggerSavepoint", arguments.toArray())).get(60, TimeUnit.SECONDS);
    }

    private void finish(JobID id) throws Exception {
        try {
            ((Future<?>) call("cancelJob", id)).get(60, TimeUnit.SECONDS);
        } catch (Exception alreadyFailed) {
            // What counts is that it ends.
        }
        try {
            ((Future<?>) call("requestJobResult", id)).get(60, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException neverSubmitted) {
            // Nothing to end.
        }
    }

    private Throwable failure(JobID id) throws Exception {
        JobResult result = (JobResult) ((Future<?>) call("requestJobResult", id)).get(60, TimeUnit.SECONDS);
        Optional<SerializedThrowable> why = result.getSerializedThrowable();
        return why.isPresent()
                ? why.get().deserializeError(TryRestoreJob.class.getClassLoader())
                : new IllegalStateException("failed without a reason");
    }

    private Object call(String method, Object... arguments) throws Exception {
        try {
            return Compat.call(MiniCluster.class, cluster, method, arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exception) {
                throw (Exception) e.getCause();
            }
            throw e;
        }
    }

    @Override
    public void close() throws Exception {
        cluster.close();
        Compat.delete(scratch);
    }
}
