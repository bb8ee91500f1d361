//! Each deliberate deviation has an example, and the reference does with it what the registry says.

use std::collections::BTreeSet;

use flink_savepoint_harness::oracle::Answer;
use flink_savepoint_harness::oracle::examples::{self, Example, RELEASES, Recorded};
use flink_savepoint_spec::deviations::{self, Direction};

#[test]
fn every_deviation_has_an_example_and_every_example_a_deviation() {
    let examples: BTreeSet<String> = examples::all().expect("examples").into_iter().map(|one| one.id).collect();
    let registered: BTreeSet<String> = deviations::all().iter().map(|one| one.id.clone()).collect();
    assert_eq!(examples, registered);
}

#[test]
fn the_reference_differs_from_recorded_answers_as_the_registry_says() {
    for example in examples::all().expect("examples") {
        let id = &example.id;
        let deviation = deviations::get(id).expect("registered");
        assert!(deviation.kinds.contains(&example.record.kind), "{id}");
        let recorded: Vec<&str> = example.record.answer.iter().map(|one| one.release.as_str()).collect();
        assert_eq!(recorded, RELEASES, "{id}");
        let shown = example.record.answer.iter().filter(|one| shows(&example, one, deviation.direction)).count();
        assert!(shown > 0, "{id}: no release shows it, and it alone");
    }
}

/// Whether the recorded answer shows the deviation of the example and no other; what else was recorded has to hold too.
fn shows(example: &Example, recorded: &Recorded, direction: Direction) -> bool {
    let (id, release) = (&example.id, &recorded.release);
    let answer = Answer::parse(&recorded.says);
    let judgement = example.judge(release, &answer).expect("a kind and a release");
    assert!(judgement.unclassified.is_empty(), "{id} on {release}: {:?}", judgement.unclassified);
    let classes: Vec<&str> = judgement.classes.into_iter().collect();
    assert_eq!(classes, recorded.deviations, "{id} on {release}");
    if classes != [id.as_str()] {
        return false;
    }
    let subject = example.subject().expect("a kind");
    let reading = subject.read(&example.bytes, release.parse().expect("a release"));
    let flink = matches!(answer, Answer::Accepts(_));
    let (lenient, strict) = (reading.verdict.is_ok(), reading.strict.is_none());
    let fits = match direction {
        Direction::FlinkAccepts => flink && !lenient,
        Direction::FlinkAcceptsStrict => flink && lenient && !strict,
        Direction::FlinkRejects => !flink && lenient,
        Direction::ContentDiffers => flink && lenient,
    };
    assert!(fits, "{id} on {release}: {direction:?}");
    true
}
