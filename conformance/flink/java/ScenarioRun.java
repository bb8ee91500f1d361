import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/** Produces savepoints of programs, and restores them. */
final class ScenarioRun {
    private final Configuration conf;
    private final Path scratch;
    private final ScenarioCluster cluster;

    /** Jobs get this configuration, and the cluster. Intermediate files go to {@code scratch}. */
    ScenarioRun(Configuration conf, Path scratch) {
        this.conf = conf;
        this.scratch = scratch;
        cluster = new ScenarioCluster(conf);
    }

    /** Runs all stages. */
    void produce(JsonNode program, Path directory) throws Exception {
        Path between = Files.createTempDirectory(scratch, "stages");
        // Beside the target, since a directory moves only within a file system.
        Path last = Files.createTempDirectory(directory.toAbsolutePath().getParent(), ".savepoint");
        try {
            Path savepoint = null;
            JsonNode stages = ScenarioJson.member(program, "stages");
            for (int i = 0; i < stages.size(); i++) {
                savepoint = stage(program, stages.get(i), savepoint, i + 1 < stages.size() ? between : last);
            }
            if (savepoint == null) {
                throw new IllegalArgumentException("a program without stages");
            }
            Files.move(savepoint, directory);
        } finally {
            Compat.delete(between);
            Compat.delete(last);
        }
    }

    private Path stage(JsonNode program, JsonNode stage, Path from, Path into) throws Exception {
        ScenarioJob job = new ScenarioJob(ScenarioJson.text(program, "scenario"), stage, false);
        job.begin();
        ScenarioCluster.Run run = null;
        try {
            run = submit(job, program, ScenarioJson.flag(program, "inline"), from);
            int finished = job.finishedOperators();
            int open = (job.operators.size() - finished) * job.parallelism;
            run.until("end of the operations", () -> job.opened.get() == open && job.done.get() == job.keyedOperations());
            if (finished > 0) {
                ScenarioCluster.Run running = run;
                // A savepoint fails or hangs if a task finishes meanwhile.
                run.until("end of the operators that finish", () -> running.isRunning(finished * job.parallelism));
            }
            return run.save(into);
        } finally {
            if (run != null) {
                run.cancel();
            }
            job.end();
        }
    }

    /** What is in the savepoint. */
    List<JsonNode> restore(JsonNode restore, Path directory) throws Exception {
        ScenarioJob job = new ScenarioJob(ScenarioJson.text(restore, "scenario"), restore, true);
        job.begin();
        ScenarioCluster.Run run = null;
        try {
            run = submit(job, restore, false, directory);
            run.finish();
        } finally {
            if (run != null) {
                run.cancel();
            }
            job.end();
        }
        List<JsonNode> lines = new ArrayList<>(job.lines);
        for (ScenarioJob.Operator operator : job.operators) {
            if (operator.finished && !job.ran.contains(operator.uid)) {
                lines.add(ScenarioJson.NODES.objectNode().put("operator", operator.uid).put("finished", true));
            }
        }
        return lines;
    }

    private ScenarioCluster.Run submit(ScenarioJob job, JsonNode program, boolean inline, Path from) throws Exception {
        boolean compressed = "snappy".equals(ScenarioJson.text(program, "compression"));
        JobGraph graph = ScenarioGraph.build(job, conf, inline, compressed, scratch.resolve("checkpoints"));
        if (from != null) {
            graph.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(from.toUri().toString(), false));
        }
        return cluster.submit(graph, job.parallelism);
    }

    void close() throws Exception {
        cluster.close();
        Compat.delete(scratch);
    }

    /** The configuration of a cluster and its jobs. Old and new names of the same options; a release ignores what it does not know. */
    static Configuration configuration(String backend, boolean changelog, Path scratch, List<String> more) {
        Configuration conf = new Configuration();
        GoldenJob.set(conf, backend, "state.backend", "state.backend.type");
        GoldenJob.set(conf, "filesystem", "state.checkpoint-storage", "execution.checkpointing.storage");
        String checkpoints = scratch.resolve("checkpoints").toUri().toString();
        GoldenJob.set(conf, checkpoints, "state.checkpoints.dir", "execution.checkpointing.dir");
        GoldenJob.set(conf, "none", "restart-strategy", "restart-strategy.type");
        GoldenJob.set(conf, "true", "execution.checkpointing.checkpoints-after-tasks-finish.enabled");
        GoldenJob.set(conf, scratch.toString(), "io.tmp.dirs");
        if (changelog) {
            GoldenJob.set(conf, "true", "state.backend.changelog.enabled", "state.changelog.enabled");
        }
        for (String pair : more) {
            int equals = pair.indexOf('=');
            conf.setString(pair.substring(0, equals), pair.substring(equals + 1));
        }
        return conf;
    }

    static Path scratch() throws Exception {
        return Files.createTempDirectory(Paths.get(System.getProperty("java.io.tmpdir")), "flink-adapter").toAbsolutePath();
    }
}
