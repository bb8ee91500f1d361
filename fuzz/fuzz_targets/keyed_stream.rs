#![no_main]
flink_savepoint_fuzz::target!(keyed_stream);
