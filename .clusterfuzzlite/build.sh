#!/bin/bash -eu
# Builds all fuzz targets, each with its seeds, the dictionary and libFuzzer's options beside it.
cd "$SRC/flink-savepoint"
cargo fuzz build --release --sanitizer "${SANITIZER:-address}" --debug-assertions
# On the stable toolchain and without what the fuzzers are instrumented with.
env --unset=RUSTFLAGS cargo run --locked --quiet -p flink-savepoint-harness --bin seeds -- "$WORK/corpus"

for program in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$program" .rs)
    cp "fuzz/target/x86_64-unknown-linux-gnu/release/$target" "$OUT/"
    if [ -d "$WORK/corpus/$target" ]; then
        zip --quiet --junk-paths --recurse-paths "$OUT/${target}_seed_corpus.zip" "$WORK/corpus/$target" "fuzz/regressions/$target"
    fi
    cp fuzz/dictionary.txt "$OUT/$target.dict"
    cp fuzz/libfuzzer.options "$OUT/$target.options"
done
