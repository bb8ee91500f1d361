//! The program on savepoints that were made to do harm: it answers in time, in memory that the input bounds, and prints nothing that a
//! terminal obeys. The memory is that of a process of its own, whose address space the system limits.
#![cfg(target_os = "linux")]

mod hostile;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::savepoint::METADATA;
use flink_savepoint::serializer::{Scalar, SerializerSnapshot};
use flink_savepoint::wire::JavaStr;
use hostile::{keyed, operator, repeat, scalar, state, state_file, string};

/// What the program and its libraries take by themselves.
const ITSELF: u64 = 96 << 20;
/// On two busy cores and without optimization; a hang is longer.
const TIME: Duration = Duration::from_secs(60);

/// Every command that reads a savepoint, and every form in which it prints.
const COMMANDS: [&[&str]; 16] = [
    &["inspect"],
    &["inspect", "--subtasks"],
    &["inspect", "--format", "json"],
    &["inspect", "--format", "tree"],
    &["inspect", "--compat"],
    &["check"],
    &["check", "--format", "json"],
    &["check", "--format", "junit"],
    &["check", "--format", "sarif"],
    &["dump"],
    &["fingerprint"],
    &["fingerprint", "--format", "json", "--key-groups"],
    &["explain"],
    &["explain", "--format", "json"],
    &["explain", "--format", "html"],
    &["check", "--target", "1.20"],
];

/// Runs the program with so many bytes of memory, and kills it when it takes too long.
fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>, memory: u64) -> Output {
    let scratch = tempfile::tempdir().unwrap();
    let [out, err] = ["out", "err"].map(|name| scratch.path().join(name));
    let mut child = Command::new("sh")
        .args(["-c", r#"ulimit -v "$0"; exec "$@""#, &(memory >> 10).to_string()])
        .arg(env!("CARGO_BIN_EXE_savepoint"))
        .args(arguments)
        // What names the places of a panic takes memory that is not there.
        .env("RUST_BACKTRACE", "0")
        // Threads have a stack each, and glibc sets addresses aside for each that allocates, 64 MiB whether it needs them or not.
        .env("RAYON_NUM_THREADS", "2")
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::null())
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > TIME {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("still running after {TIME:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Output { status, stdout: fs::read(out).unwrap(), stderr: fs::read(err).unwrap() }
}

/// Bytes of the files of a savepoint.
fn size(directory: &Path) -> u64 {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

/// Runs every command within so many times the input. Each ends with an answer: 0, 1 or 2.
fn run_all(directory: &Path, times: u64) -> Vec<(String, Output)> {
    let memory = ITSELF + times * size(directory);
    let scratch = tempfile::tempdir().unwrap();
    let into = scratch.path().join("into");
    let mut all: Vec<Vec<&OsStr>> = COMMANDS.iter().map(|command| command.iter().map(OsStr::new).collect()).collect();
    for command in &mut all {
        command.push(directory.as_os_str());
    }
    all.push(vec![OsStr::new("diff"), directory.as_os_str(), directory.as_os_str()]);
    let rewrite = ["rewrite", "--release", "1.20", "--drop", "operator-name", "--drop", "operator-uid"];
    all.push(rewrite.iter().map(OsStr::new).chain([directory.as_os_str(), into.as_os_str()]).collect());
    let run = |command: Vec<&OsStr>| {
        let name: Vec<_> = command.iter().map(|part| part.to_string_lossy()).collect();
        let start = Instant::now();
        let output = run(&command, memory);
        let name = name.join(" ");
        eprintln!(
            "{:?} {:?} out {} err {} {name}",
            start.elapsed(),
            output.status.code(),
            output.stdout.len(),
            output.stderr.len()
        );
        let code = output.status.code();
        assert!(matches!(code, Some(0..=2)), "{name}: {:?}: {}", output.status, told(&output));
        (name, output)
    };
    all.into_iter().map(run).collect()
}

fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.chars().take(2000).collect()
}

fn long_header(states: Vec<flink_savepoint::meta_info::StateMetaInfo<'static>>) -> KeyedHeader<'static> {
    KeyedHeader { compressed: false, key_serializer: scalar(Scalar::Long), states }
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("savepoint");
    (scratch, directory)
}

/// Puts something into the place of a file.
type Make = fn(&Path);

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn metadata_that_is_no_regular_file_is_not_opened() {
    let (_scratch, directory) = scratch();
    fs::create_dir(&directory).unwrap();
    let file = directory.join(METADATA);
    let makes: [Make; 3] =
        [fifo, |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(), |path| fs::create_dir(path).unwrap()];
    for make in makes {
        make(&file);
        for (command, output) in run_all(&directory, 0) {
            assert!(!output.status.success(), "{command}");
            assert!(
                [&output.stdout, &output.stderr]
                    .iter()
                    .any(|out| String::from_utf8_lossy(out).contains("not a regular file")),
                "{command}: {}",
                told(&output)
            );
        }
        if file.is_dir() && !file.is_symlink() {
            fs::remove_dir(&file).unwrap();
        } else {
            fs::remove_file(&file).unwrap();
        }
    }
}

#[test]
fn metadata_beyond_the_limit_is_not_read() {
    let (_scratch, directory) = scratch();
    fs::create_dir(&directory).unwrap();
    // It takes no room on the disk.
    File::create(directory.join(METADATA)).unwrap().set_len(1 << 40).unwrap();
    for command in ["inspect", "check", "dump", "fingerprint"] {
        let output = run([OsStr::new(command), directory.as_os_str()], ITSELF);
        assert!(
            told(&output).contains("the limit for metadata is 1073741824 (--max metadata=BYTES raises it)"),
            "{}",
            told(&output)
        );
        let output =
            run([OsStr::new(command), directory.as_os_str(), OsStr::new("--max"), OsStr::new("metadata=2t")], ITSELF);
        assert!(!told(&output).contains("the limit"), "{}", told(&output));
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn state_files_that_are_no_regular_files_are_not_opened() {
    let (_scratch, directory) = scratch();
    operator(&directory, 3);
    let file = state_file(&directory);
    let makes: [Make; 3] = [
        fifo,
        |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
        |path| std::os::unix::fs::symlink("/etc/passwd", path).unwrap(),
    ];
    for make in makes {
        fs::remove_file(&file).unwrap();
        make(&file);
        for (command, output) in run_all(&directory, 0) {
            assert!(!String::from_utf8_lossy(&output.stdout).contains("root:"), "{command}");
        }
        let output = run([OsStr::new("fingerprint"), directory.as_os_str()], ITSELF);
        assert_eq!(output.status.code(), Some(2));
        assert!(told(&output).contains("not a regular file"), "{}", told(&output));
    }
}

#[test]
fn one_file_of_many_handles_is_refused() {
    let (_scratch, directory) = scratch();
    operator(&directory, 1 << 20);
    repeat(&directory, 200, |_| ());
    run_all(&directory, 8);
    let output = run([OsStr::new("check"), directory.as_os_str()], ITSELF);
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(
        page.contains("200 handles lead to this file, each of which reads it; the limit of this reader is 16"),
        "{page}"
    );
    for (max, why) in
        [("sharing=200", None), ("sharing=200 total=40m", Some("more than 41943040 bytes of state in all"))]
    {
        let mut command = vec![OsStr::new("fingerprint"), directory.as_os_str()];
        max.split(' ').for_each(|max| command.extend([OsStr::new("--max"), OsStr::new(max)]));
        let output = run(command, ITSELF);
        assert_eq!(output.status.code(), Some(if why.is_some() { 2 } else { 0 }), "{}", told(&output));
        assert!(told(&output).contains(why.unwrap_or_default()), "{}", told(&output));
    }
}

#[test]
fn handles_are_counted_and_their_paths_measured() {
    let (_scratch, directory) = scratch();
    operator(&directory, 3);
    let output =
        run([OsStr::new("fingerprint"), directory.as_os_str(), OsStr::new("--max"), OsStr::new("handles=0")], ITSELF);
    assert!(told(&output).contains("more than 0 handles of state, the limit of this reader"), "{}", told(&output));
    let long = "x".repeat(65_535);
    repeat(&directory, 1, |path| *path = JavaStr::from(long.as_str()).into_owned());
    let output = run([OsStr::new("fingerprint"), directory.as_os_str()], ITSELF);
    assert!(told(&output).contains("a path of 65535 bytes, the limit of this reader is 4096"), "{}", told(&output));
    assert!(output.stderr.len() < 1000, "{}", told(&output));
    run_all(&directory, 8);
}

/// The key serializer of a stream belongs to each of its states: what is made of it must not be multiplied by them.
#[test]
fn a_wide_key_and_many_states_do_not_multiply() {
    let (_scratch, directory) = scratch();
    let fields = vec![scalar(Scalar::Long); 6000];
    let key_serializer = SerializerSnapshot::row(flink_savepoint::metadata::Release::V2_3, &fields).unwrap();
    let states = (0..1500).map(|i| state(&format!("s{i}"), Scalar::Long)).collect();
    keyed(&directory, "", &KeyedHeader { compressed: false, key_serializer, states }, &[]);
    for (command, output) in run_all(&directory, 64) {
        let length = output.stdout.len() as u64;
        assert!(length <= 64 * size(&directory), "{command} prints {length} bytes of {}", size(&directory));
    }
}

#[test]
fn a_bomb_is_refused_where_the_limit_is_lower_and_bounded_where_not() {
    let (_scratch, directory) = scratch();
    let header = KeyedHeader { compressed: true, ..long_header(vec![state("s", Scalar::String)]) };
    let key = [&1_i64.to_be_bytes()[..], &[0]].concat();
    keyed(&directory, "", &header, &[(0, key, string(&"a".repeat(8 << 20)))]);
    assert!(size(&directory) < 1 << 20, "{}", size(&directory));
    // 22 times as much, decoded and printed.
    run_all(&directory, 22 * 12);
    for (command, code) in [("check", 1), ("fingerprint", 2), ("dump", 2), ("inspect", 1)] {
        let output =
            run([OsStr::new(command), directory.as_os_str(), OsStr::new("--max"), OsStr::new("entry=1m")], ITSELF);
        assert_eq!(output.status.code(), Some(code), "{command}: {}", told(&output));
        let all = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&all);
        assert!(
            text.contains("an entry of more than 1048576 uncompressed bytes, the limit of this reader"),
            "{command}: {text}"
        );
    }
}

/// Escape sequences, as control characters of both kinds; an end of line; characters that turn the direction of writing around.
const EVIL: &str = "\u{1b}]0;evil\u{7}\u{1b}[2J\u{9b}31m\r\n\u{7f}\u{202e}\u{2066}\u{200b}<script>&'\"]]>";

#[test]
fn nothing_that_a_terminal_obeys_is_printed() {
    let (_scratch, directory) = scratch();
    let states = vec![state(EVIL, Scalar::String), state("other", Scalar::Long)];
    // The second one cannot be decoded, and all of them are in a wrong key group.
    let key = |n: u8| [&[0; 7][..], &[n, 0]].concat();
    let entries = [(0, key(1), string(EVIL)), (0, key(2), vec![9, 9]), (1, key(3), vec![1])];
    keyed(&directory, EVIL, &long_header(states), &entries);
    let seen = |name: &str, output: &Output| {
        for out in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(out);
            let evil = text.chars().find(|c| {
                c.is_control() && *c != '\n'
                    || matches!(c, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            });
            assert_eq!(evil, None, "{name}: {text}");
        }
        let markup = String::from_utf8_lossy(&output.stdout);
        if name.contains("junit") || name.contains("html") {
            assert!(!markup.contains("<script>&"), "{name}: {markup}");
        }
    };
    let all = run_all(&directory, 8);
    for (name, output) in &all {
        seen(name, output);
    }
    // The names are shown, as they are spelled out.
    let shown = |command: &str, spelled: &str| {
        let (_, output) = all.iter().find(|(name, _)| name.starts_with(command)).unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains(spelled), "{command}");
    };
    shown("inspect /", "\\u{1b}]0;evil\\u{7}");
    shown("dump", "\\u001b]0;evil\\u0007");
    shown("dump", "\\u009b31m");
    shown("dump", "\\u202e");
    // And that of a file that is not there.
    operator(&directory.join("other"), 3);
    repeat(&directory.join("other"), 1, |path| *path = JavaStr::from(EVIL).into_owned());
    for (name, output) in &run_all(&directory.join("other"), 8) {
        seen(name, output);
    }
}
