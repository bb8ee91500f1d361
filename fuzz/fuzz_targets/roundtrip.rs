#![no_main]
flink_savepoint_fuzz::target!(roundtrip);
