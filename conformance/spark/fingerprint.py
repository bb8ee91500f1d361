#!/usr/bin/env python3
"""The fingerprint of a savepoint, computed by an Apache Spark cluster.

    spark-submit conformance/spark/fingerprint.py SAVEPOINT
    spark-submit conformance/spark/fingerprint.py s3://bucket/savepoint --units 512 --format json
    python conformance/spark/fingerprint.py SAVEPOINT --master local-cluster[2,1,1024]

`savepoint plan` divides the savepoint here, each task pipes units through `savepoint work`, and `savepoint merge` joins what they
print: the output is that of `savepoint fingerprint`, byte for byte, and so is the exit code. The executors need the program, under
the same path or by --program, and a view of the savepoint: a shared directory, or a URL and a program with the feature `remote`.
"""

import argparse
import os
import shlex
import subprocess
import sys


def fingerprint(context, savepoint, units, program="savepoint", work=(), merge=(), env=None):
    """Runs the pass on the cluster of a SparkContext. Gives what `savepoint merge` left: its output and its exit code.

    `work` are further arguments of `savepoint plan` and `savepoint work`, `merge` those of `savepoint merge`, and `env` the
    environment of `savepoint work`, of which Spark gives it nothing else.
    """
    plan = subprocess.run(
        [program, "plan", savepoint, "--units", str(units), *work], stdout=subprocess.PIPE, text=True, check=True
    )
    lines = plan.stdout.splitlines()
    # One core is what Spark gives to a task. A task whose program fails is run again, as others are.
    command = shlex.join([program, "work", "--threads", "1", *work])
    results = context.parallelize(lines, max(1, len(lines))).pipe(command, env, checkCode=True).collect()
    text = "".join(line + "\n" for line in results)
    return subprocess.run([program, "merge", *merge], input=text, stdout=subprocess.PIPE, text=True)


def main():
    from pyspark import SparkConf, SparkContext

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("savepoint", help="a directory that every executor sees, or a URL")
    parser.add_argument("--units", type=int, default=64, metavar="N", help="tasks; four for each core are a good number")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="how to print")
    parser.add_argument("--program", default="savepoint", help="the program, as driver and executors find it")
    parser.add_argument("--master", metavar="URL", help="the cluster, where spark-submit has not said it")
    parser.add_argument(
        "--option", action="append", default=[], metavar="X", help="for `plan` and `work`, as in --option=--max=total=100t"
    )
    parser.add_argument(
        "--env", action="append", default=["PATH"], metavar="NAME", help="a variable that `work` gets as it is here, besides PATH"
    )
    arguments = parser.parse_args()
    conf = SparkConf().setAppName(f"savepoint fingerprint {arguments.savepoint}")
    if arguments.master:
        conf.setMaster(arguments.master)
    context = SparkContext(conf=conf)
    try:
        done = fingerprint(
            context,
            arguments.savepoint,
            arguments.units,
            arguments.program,
            arguments.option,
            ["--format", arguments.format],
            {name: os.environ[name] for name in arguments.env if name in os.environ},
        )
    except subprocess.CalledProcessError as error:
        # It has said why.
        sys.exit(error.returncode)
    finally:
        context.stop()
    sys.stdout.write(done.stdout)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
