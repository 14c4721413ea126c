//! The native program, run as its users run it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use brink_engine::experiment::{Experiment, LearningRates, preset};
use brink_engine::rule::{Rule, builtin};
use safetensors::SafeTensors;
use serde_json::Value;

fn brink(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_brink")).args(arguments).output().expect("the program runs")
}

/// Starts the program and writes a text to its standard input.
fn start(arguments: &[&str], input: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_brink"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("a reader");
    child
}

/// Runs the program with a text on standard input.
fn brink_reading(arguments: &[&str], input: &str) -> Output {
    start(arguments, input).wait_with_output().expect("the program ends")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _absent = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Figure 7a's network, three learning rates, of which the last dies, for 40 steps.
fn small() -> Experiment {
    Experiment {
        learning_rates: LearningRates { from: 0.001, factor: 16.0, count: 3 },
        max_train_steps: 40,
        validation_every: 15,
        ..preset("figure-7a").expect("the preset")
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn run_writes_a_line_for_each_run_and_step() {
    let output = brink_reading(&["run", "-"], &small().to_json());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    // No progress bar where standard error is no terminal.
    assert_eq!(stderr(&output), "");
    let lines = lines(&stdout(&output));
    for run in 0..3 {
        let of_run: Vec<&Value> = lines.iter().filter(|line| line["run"] == run).collect();
        let steps: Vec<u64> = of_run
            .iter()
            .filter(|line| line.get("loss").is_some())
            .map(|line| line["step"].as_u64().expect("a step"))
            .collect();
        assert_eq!(steps, (0..40).collect::<Vec<u64>>());
        let validated: Vec<u64> = of_run
            .iter()
            .filter(|line| line.get("validation_loss").is_some())
            .map(|line| line["step"].as_u64().expect("a step"))
            .collect();
        assert_eq!(validated, [0, 15, 30, 40]);
    }
    let first = &lines[0];
    assert_eq!(first["learning_rate"].as_f64(), Some(0.001));
    assert_eq!(first["clip_scale"].as_f64(), Some(1.0));
    assert_eq!(first["probe"]["v"].as_f64(), Some(0.0));
    assert!(first["probe"]["g"].as_f64().is_some_and(|g| g != 0.0));
    // The last run dies: its metrics are null from there.
    let dead = lines.iter().find(|line| line["run"] == 2 && line["step"] == 39).expect("the last step");
    assert!(dead["loss"].is_null() && dead["gradient_norm"].is_null(), "{dead}");
}

/// The numbers that the rule's equation gives from the probe's line are those of the next line.
#[test]
fn the_probe_follows_its_equations() {
    for builtin in builtin() {
        let mut experiment = small();
        experiment.optimizer = brink_engine::experiment::Optimizer::builtin(builtin.id);
        experiment.learning_rates = LearningRates { from: 0.0001, factor: 2.0, count: 2 };
        experiment.clip_threshold = Some(5.0);
        experiment.warmup_steps = 3;
        let output = brink_reading(&["run", "-"], &experiment.to_json());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let rule = Rule::parse(builtin.text).expect("a built-in rule");
        let all = lines(&stdout(&output));
        let steps: Vec<&Value> = all.iter().filter(|line| line["run"] == 1 && line.get("loss").is_some()).collect();
        for pair in steps.windows(2) {
            let number = |line: &Value, name: &str| line["probe"][name].as_f64().expect("a number");
            let t = pair[0]["step"].as_u64().expect("a step");
            let eta = pair[0]["learning_rate"].as_f64().expect("a rate");
            let mut theta = number(pair[0], "theta");
            let mut states: Vec<f64> = rule.states.iter().map(|state| number(pair[0], &state.name)).collect();
            rule.reference_step(&rule.default_constants(), eta, t, number(pair[0], "g"), &mut theta, &mut states);
            let names = rule.states.iter().map(|state| state.name.as_str()).chain(["theta"]);
            for (name, expected) in names.zip(states.iter().copied().chain([theta])) {
                let found = number(pair[1], name);
                let scale = expected.abs().max(number(pair[0], name).abs());
                assert!(
                    (found - expected).abs() <= 1e-5 * scale,
                    "{}, step {t}, {name}: {found} instead of {expected}",
                    builtin.id
                );
            }
        }
    }
}

#[test]
fn run_writes_files_and_a_table() {
    let folder = folder("files");
    let (experiment, out, trace) =
        (folder.join("experiment.json"), folder.join("out.jsonl"), folder.join("trace.safetensors"));
    std::fs::write(&experiment, small().to_json()).expect("a file");
    let paths = [&experiment, &out, &trace].map(|path| path.to_str().expect("UTF-8"));
    let output = brink(&["run", paths[0], "--out", paths[1], "--trace", paths[2]]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = stdout(&output);
    assert_eq!(table.lines().count(), 4, "{table}");
    let cells = |row: usize| table.lines().nth(row).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let (first, last) = (cells(1).expect("a run"), cells(3).expect("a run"));
    assert_eq!((first[1], first[4], first[5]), ("0.001", "-", "not_yet_learned"), "{table}");
    assert_eq!((last[1], last[2]), ("0.256", "-"), "{table}");
    assert!(last[4].parse::<u32>().is_ok() && last[5] == "diverged", "{table}");
    let written = lines(&std::fs::read_to_string(&out).expect("the lines"));
    assert_eq!(written.len(), 3 * (40 + 4));

    let bytes = std::fs::read(&trace).expect("the trace");
    let arrays = SafeTensors::deserialize(&bytes).expect("safetensors");
    let (_, metadata) = SafeTensors::read_metadata(&bytes).expect("metadata");
    let metadata = metadata.metadata().clone().expect("metadata");
    assert_eq!(metadata["format"], "brink-trace-1");
    assert_eq!(Experiment::from_json(&metadata["experiment"]).expect("an experiment"), small());
    let rule = Rule::parse(&metadata["rule"]).expect("a rule");
    assert_eq!(rule.name, "Momentum");
    let runs: Value = serde_json::from_str(&metadata["runs"]).expect("JSON");
    assert_eq!(runs[1]["base_learning_rate"], 0.016);
    assert_eq!(runs[1]["constants"]["gamma"], 0.9);
    assert_eq!(runs[1]["steps"], 40);

    let f32s = |name: &str| -> Vec<f32> {
        let array = arrays.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        array.data().chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect()
    };
    assert_eq!(arrays.tensor("loss").expect("loss").shape(), [3, 40]);
    for line in written.iter().filter(|line| line.get("loss").is_some()) {
        let place = line["run"].as_u64().expect("a run") * 40 + line["step"].as_u64().expect("a step");
        let loss = f32s("loss")[place as usize];
        assert_eq!(line["loss"].as_f64().map(|loss| loss as f32), loss.is_finite().then_some(loss));
    }
    assert_eq!(arrays.tensor("initial.block8.second.weight").expect("a weight").shape(), [3, 32, 32]);
    assert_eq!(arrays.tensor("seed2.batches").expect("batches").shape(), [40, 64]);
    let (before, after) = (f32s("initial.head.weight"), f32s("final.head.weight"));
    assert_ne!(before, after);
    // One seed, one initialisation.
    assert_eq!(before[..before.len() / 3], before[before.len() / 3..2 * before.len() / 3]);
}

#[test]
fn the_same_experiment_gives_the_same_lines() {
    let json = small().to_json();
    let sorted = |output: Output| {
        // How steps are chunked depends on time; the lines do not.
        let mut lines: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(brink_reading(&["run", "-"], &json)), sorted(brink_reading(&["run", "-"], &json)));
}

/// The first block of a kind in a page of the documentation.
fn block(page: &str, kind: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = std::fs::read_to_string(&path).expect("the page");
    let (_, rest) = text.split_once(&format!("```{kind}\n")).expect("a block");
    rest.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn the_examples_of_the_documentation_hold() {
    let experiment = Experiment::from_json(&block("experiment.md", "json")).expect("an experiment");
    let resolved = experiment.resolve().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(resolved.runs.len(), 9);
    let adam = builtin().iter().find(|rule| rule.id == "adam").expect("adam");
    assert_eq!(Rule::parse(&block("rules.md", "")), Rule::parse(adam.text));
}

/// Needs an adapter; a software Vulkan is enough.
#[test]
fn the_gpu_writes_the_same_steps() {
    let runs = [&["run", "-"][..], &["run", "-", "--backend", "gpu"]].map(|arguments| {
        let output = brink_reading(arguments, &small().to_json());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        lines(&stdout(&output))
    });
    assert_eq!(runs[0].len(), runs[1].len());
    // Step 0 is the same but for rounding; later ones may drift apart.
    for line in runs[0].iter().filter(|line| line["step"] == 0 && line.get("loss").is_some()) {
        let other = runs[1]
            .iter()
            .find(|other| other["run"] == line["run"] && other["step"] == line["step"] && other.get("loss").is_some());
        let other = other.expect("the same step on the GPU");
        for name in ["loss", "gradient_norm"] {
            let (cpu, gpu) = (line[name].as_f64().expect("a number"), other[name].as_f64().expect("a number"));
            assert!((cpu - gpu).abs() <= 1e-4 * cpu.abs(), "{name}: {cpu} on the CPU, {gpu} on the GPU");
        }
    }
}

#[test]
fn invalid_input_is_named_with_exit_code_2() {
    let refused = |change: &dyn Fn(&mut Value), part: &str| {
        let mut json: Value = serde_json::from_str(&small().to_json()).expect("JSON");
        change(&mut json);
        let output = brink_reading(&["run", "-"], &json.to_string());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).starts_with("brink: -: ") && stderr(&output).contains(part), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
    };
    refused(&|json| json["batch_size"] = 0.into(), "batch_size: 0 is not between 1 and 1024");
    refused(&|json| json["task"] = "mnist".into(), "task: \"mnist\" is none of teacher");
    refused(&|json| json["learning_rate"] = 1.into(), "learning_rate: \"learning_rate\" is none of version, task");
    refused(&|json| json["optimizer"]["constants"]["gamma"] = 2.into(), "[0, 1)");
    refused(&|json| json["optimizer"] = serde_json::json!({"text": "name \"X\"\ntheta = y"}), "line 2, column 9");
    let output = brink_reading(&["run", "-"], "{");
    assert_eq!(output.status.code(), Some(2));
    let output = brink(&["run", "/no/such/file"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/no/such/file"));
    for usage in
        [&["run"][..], &["train"], &["run", "-", "--backend", "tpu"], &["rule", "adam", "--text", "--wgsl"], &[]]
    {
        assert_eq!(brink(usage).status.code(), Some(2), "{usage:?}");
    }
    assert_eq!(brink(&["--help"]).status.code(), Some(0));
    assert_eq!(brink(&["--version"]).status.code(), Some(0));
}

#[test]
fn rule_checks_and_renders() {
    let folder = folder("rule");
    let file = folder.join("mine.rule");
    let path = file.to_str().expect("UTF-8");
    std::fs::write(&file, "name \"Mine\"\nconstant c=0.5 in [0,1]\ntheta=theta-(eta*c)*g # a comment\n")
        .expect("a file");
    let printed = stdout(&brink(&["rule", path]));
    assert_eq!(printed, "name     \"Mine\"\nconstant c = 0.5 in [0, 1]\ntheta = theta - eta * c * g\n");
    assert_eq!(stdout(&brink(&["rule", path, "--text"])), "θ_{t+1} = θ_t − η_t · c · ∇ℓ(θ_t)\n");
    assert_eq!(stdout(&brink(&["rule", path, "--text", "--clipped"])), "θ_{t+1} = θ_t − η_t · c · g′\n");
    assert!(stdout(&brink(&["rule", path, "--mathml"])).starts_with("<math display=\"block\"><msub><mi>θ</mi>"));
    assert!(
        stdout(&brink(&["rule", path, "--wgsl"])).contains("fn update_rule(values: RuleValues, g: f32, base: u32)")
    );
    for builtin in builtin() {
        assert_eq!(Rule::parse(&stdout(&brink(&["rule", builtin.id]))), Rule::parse(builtin.text));
    }
    std::fs::write(&file, "name \"Mine\"\ntheta = theta - \n").expect("a file");
    let output = brink(&["rule", path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("line 2, column 17: expected a number, a name"), "{}", stderr(&output));
}

#[test]
fn presets_are_listed_and_run() {
    let list = stdout(&brink(&["presets"]));
    for preset in brink_engine::experiment::PRESETS {
        assert!(list.lines().any(|line| line.starts_with(preset.id) && line.ends_with(preset.about)), "{list}");
        let printed = stdout(&brink(&["presets", preset.id]));
        assert_eq!(Experiment::from_json(&printed).expect("an experiment"), (preset.experiment)());
    }
    let output = brink(&["presets", "figure-1000"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("is none of figure-7a"));
}

/// An experiment that takes long enough to be interrupted.
fn long() -> String {
    let mut experiment = small();
    experiment.max_train_steps = 99_000;
    experiment.to_json()
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_whole_lines() {
    let mut child = start(&["run", "-"], &long());
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut text = String::new();
    reader.read_line(&mut text).expect("a line");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().expect("kill").success());
    std::io::Read::read_to_string(&mut reader, &mut text).expect("the rest");
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert!(text.ends_with('\n'));
    let lines = lines(&text);
    assert!(!lines.is_empty() && lines.len() < 99_000, "{} lines", lines.len());
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let mut child = start(&["run", "-"], &long());
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    reader.read_line(&mut String::new()).expect("a line");
    drop(reader);
    let output = child.wait_with_output().expect("an end");
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}

#[test]
fn a_trace_that_would_be_incomplete_is_refused_before_training() {
    let folder = folder("refused");
    let trace = folder.join("trace.safetensors");
    let mut experiment = small();
    experiment.learning_rates = LearningRates { from: 0.001, factor: 1.01, count: 100 };
    experiment.max_train_steps = 99_000;
    let output = brink_reading(&["run", "-", "--trace", trace.to_str().expect("UTF-8")], &experiment.to_json());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("a trace needs every step"), "{}", stderr(&output));
    assert!(!trace.exists());
}

/// Needs an adapter; a software Vulkan is enough.
#[test]
fn bench_prints_json() {
    let output = brink(&["bench", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let timings: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let timings = timings.as_array().expect("an array");
    for (work, runs, backend) in [("W1", 1, "cpu"), ("W2", 32, "cpu"), ("W1", 1, "gpu"), ("W2", 32, "gpu")] {
        let timing = timings.iter().find(|timing| timing["work"] == work && timing["backend"] == backend);
        let timing = timing.unwrap_or_else(|| panic!("{work} on the {backend}"));
        assert_eq!(timing["runs"], runs);
        let (steps, seconds) = (timing["steps"].as_f64().expect("steps"), timing["seconds"].as_f64().expect("seconds"));
        let rate = timing["run_steps_per_second"].as_f64().expect("a rate");
        assert!(rate > 0.0 && (rate - f64::from(runs) * steps / seconds).abs() < 1e-6 * rate);
    }
}

#[test]
fn a_gpu_that_is_asked_for_and_not_there_is_no_cpu() {
    let input = folder("no-gpu").join("small.json");
    std::fs::write(&input, small().to_json()).expect("a file");
    let input = input.to_str().expect("UTF-8");
    for arguments in [&["figure", "7a", "--backend", "gpu"][..], &["early-check", input, "--backend", "gpu"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_brink"));
        // Vulkan finds no driver there.
        let output =
            command.args(arguments).env("VK_DRIVER_FILES", "/nowhere").env("VK_ICD_FILENAMES", "/nowhere").output();
        let output = output.expect("the program runs");
        assert!(!output.status.success(), "{arguments:?}: {}", stdout(&output));
        assert!(stderr(&output).contains("no GPU"), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_figure_is_drawn_in_english_or_once_a_language() {
    let folder = folder("figure");
    let file = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    for name in ["one.svg", "each.{language}.svg"] {
        let output = brink(&["figure", "5", "--svg", &file(name)]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a picture");
    assert_eq!(read("one.svg"), read("each.en.svg"));
    assert!(read("one.svg").contains("loss (nats)") && read("each.id.svg").contains("kerugian (nat)"));
}
