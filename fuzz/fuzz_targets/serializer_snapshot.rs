#![no_main]
flink_savepoint_fuzz::target!(serializer_snapshot);
