//! The table of `docs/architecture.md`, held: each room imports only the rooms that it may.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A room, the rooms that it may import by name, and the floor of which it may import every room.
type Room = (&'static str, &'static [&'static str], &'static [&'static str]);

/// `experiment` and what it stands on.
const BELOW_TRAIN: &[&str] =
    &["experiment", "rule", "network", "task", "record", "vector", "json", "decimal", "random", "tensor"];

/// Each room and what it may import, from the ground up; the same table as in `docs/architecture.md`.
const HOUSE: &[Room] = &[
    ("random", &[], &[]),
    ("tensor", &[], &[]),
    ("json", &[], &[]),
    ("vector", &[], &[]),
    ("task", &["random", "tensor"], &[]),
    ("network", &["json", "tensor", "random"], &[]),
    ("decimal", &[], &[]),
    ("rule", &["vector", "decimal"], &[]),
    ("record", &["json"], &[]),
    ("experiment", &["rule", "network", "task", "vector", "json", "decimal", "random", "tensor"], &[]),
    ("train", &[], BELOW_TRAIN),
    ("diagnose", &["record"], &[]),
    ("lab", &["train", "diagnose"], BELOW_TRAIN),
    ("worker", &["lab", "train", "diagnose"], BELOW_TRAIN),
    ("view", &["lab", "train", "diagnose"], BELOW_TRAIN),
    ("cli", &["view", "worker", "lab", "train", "diagnose"], BELOW_TRAIN),
    ("app", &["view", "worker", "lab", "train", "diagnose"], BELOW_TRAIN),
];

/// The source with comments, string and character literals blanked, so that only code is searched.
fn code_only(source: &str) -> String {
    let bytes: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut i = 0;
    while i < bytes.len() {
        let rest = |n: usize| bytes.get(i + n).copied().unwrap_or('\0');
        match bytes[i] {
            '/' if rest(1) == '/' => {
                while i < bytes.len() && bytes[i] != '\n' {
                    i += 1;
                }
            }
            '/' if rest(1) == '*' => {
                while i < bytes.len() && !(bytes[i] == '*' && bytes.get(i + 1) == Some(&'/')) {
                    i += 1;
                }
                i += 2;
            }
            'r' if (rest(1) == '"' || (rest(1) == '#' && (rest(2) == '"' || rest(2) == '#')))
                && !out.ends_with(|c: char| c.is_alphanumeric() || c == '_') =>
            {
                let mut hashes = 0;
                i += 1;
                while bytes.get(i) == Some(&'#') {
                    hashes += 1;
                    i += 1;
                }
                i += 1;
                while i < bytes.len()
                    && !(bytes[i] == '"' && bytes[i + 1..].iter().take_while(|&&c| c == '#').count() >= hashes)
                {
                    i += 1;
                }
                i += 1 + hashes;
            }
            '"' => {
                i += 1;
                while i < bytes.len() && bytes[i] != '"' {
                    i += if bytes[i] == '\\' { 2 } else { 1 };
                }
                i += 1;
            }
            // A character literal, as against a lifetime.
            '\'' if rest(1) == '\\' || rest(2) == '\'' => {
                i += if rest(1) == '\\' { 3 } else { 2 };
                while i < bytes.len() && bytes[i] != '\'' {
                    i += 1;
                }
                i += 1;
            }
            c => {
                out.push(c);
                i += 1;
            }
        }
    }
    out
}

/// The names that follow a path prefix: one, or each first name of a group in braces.
fn names_after(code: &str, mut at: usize) -> Vec<String> {
    let ident =
        |from: usize| -> String { code[from..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    at += code[at..].len() - code[at..].trim_start().len();
    if !code[at..].starts_with('{') {
        return vec![ident(at)];
    }
    let mut names = Vec::new();
    let mut depth = 0;
    let mut expect = false;
    for (offset, c) in code[at..].char_indices() {
        match c {
            '{' => {
                depth += 1;
                expect = depth == 1;
            }
            '}' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            ',' if depth == 1 => expect = true,
            c if expect && !c.is_whitespace() => {
                names.push(ident(at + offset));
                expect = false;
            }
            _ => {}
        }
    }
    names
}

/// The rooms that a file's code names. `depth` is how many `super::` lead from the file's own module to the crate.
fn imports(source: &str, depth: usize) -> Vec<String> {
    let code = code_only(source);
    let mut found = Vec::new();
    for prefix in ["crate::", "brink_engine::"] {
        for (at, _) in code.match_indices(prefix) {
            found.extend(names_after(&code, at + prefix.len()));
        }
    }
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with("super::") {
            continue;
        }
        let chain = code[at..].split("super::").take_while(|s| s.is_empty());
        let length = chain.count();
        if length >= depth {
            found.extend(names_after(&code, at + length * "super::".len()));
        }
    }
    let is_room = |name: &String| HOUSE.iter().any(|(room, ..)| room == name);
    found.into_iter().filter(is_room).collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// The folders that hold rooms: that of the upper ones, and that of the engine, which is a package of its own.
fn floors() -> [PathBuf; 2] {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    [src.join("engine"), src]
}

#[test]
fn each_room_imports_only_what_it_may() {
    let mut wrong = Vec::new();
    for (room, named, floor) in HOUSE {
        let allowed = [*named, *floor].concat();
        let mut files = Vec::new();
        let src = floors().into_iter().find(|src| src.join(room).is_dir()).expect("a folder of this room");
        rust_files(&src.join(room), &mut files);
        assert!(!files.is_empty(), "no code in room {room}");
        for file in files {
            let inside = file.strip_prefix(&src).expect("a file of src").components().count();
            // src/room/mod.rs is one `super::` away from the crate, src/room/part.rs two.
            let depth = if file.file_name().is_some_and(|n| n == "mod.rs") { inside - 1 } else { inside };
            let source = fs::read_to_string(&file).expect("readable source");
            // A room's own unit tests, which close its files, may take what they need: they are in no program.
            let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            for name in imports(source, depth) {
                if name != *room && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{} imports {name}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "against the table of docs/architecture.md:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_names_every_room() {
    let mut rooms: Vec<String> = floors()
        .into_iter()
        .flat_map(|src| fs::read_dir(src).expect("a readable folder"))
        .map(|e| e.expect("an entry"))
        .filter(|e| e.path().is_dir() && e.file_name() != "bin" && e.file_name() != "engine")
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    rooms.sort();
    let mut named: Vec<String> = HOUSE.iter().map(|(room, ..)| room.to_string()).collect();
    named.sort();
    assert_eq!(rooms, named);
}

#[test]
fn the_table_has_no_cycle() {
    // Written from the ground up: each room imports only rooms that stand above it in the table.
    let order: BTreeMap<&str, usize> = HOUSE.iter().enumerate().map(|(i, (room, ..))| (*room, i)).collect();
    for (room, named, floor) in HOUSE {
        for other in named.iter().chain(*floor) {
            assert!(order[other] < order[room], "{room} imports {other}");
        }
    }
}

#[test]
fn the_search_finds_each_form_of_import() {
    let found = imports(
        r#"
        use crate::train::Fleet; // and crate::cli in a comment
        use crate::{rule::{Rule, parse}, task};
        const TEXT: &str = "crate::app";
        fn f<'a>(x: &'a str) -> char { crate::lab::go(x); '"' }
        use super::super::network::Graph;
        use super::record::Sink;
        use brink_engine::tensor::Shape;
        /* crate::worker */
        "#,
        2,
    );
    assert_eq!(found, ["train", "rule", "task", "lab", "tensor", "network"]);
    assert_eq!(imports("use super::record::Sink;", 1), ["record"]);
}
