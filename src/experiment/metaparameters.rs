use super::{Schedule, limits};
use brink_base::metaparameter::{Absent, Definition, Kind, Metaparameter, documented};
use brink_network::Model;
use brink_rule::builtin;

const fn whole(range: std::ops::RangeInclusive<u32>) -> Kind {
    Kind::Whole { least: *range.start() as u64, most: *range.end() as u64 }
}

const fn count(range: std::ops::RangeInclusive<usize>) -> Kind {
    Kind::Whole { least: *range.start() as u64, most: *range.end() as u64 }
}

const fn number(range: std::ops::RangeInclusive<f64>) -> Kind {
    Kind::Number { least: *range.start(), most: *range.end() }
}

/// Every metaparameter but those of the model ([`Model::metaparameters`]) and of the task
/// ([`brink_task::TaskKind::metaparameters`]), in the order of `docs/experiment.md`.
pub static METAPARAMETERS: &[Definition] = &[
    Definition {
        id: Metaparameter::Task,
        path: "task",
        kind: Kind::Choice(|| brink_task::TASKS.iter().map(|task| task.id).collect()),
        about: documented("the data (below)"),
        changes_problem: true,
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::OutlierStep,
        path: "data.outlier_step",
        kind: whole(limits::WARMUP_STEPS),
        absent: Absent::Nothing,
        unit: "step",
        about: documented("an outlier injected on purpose: the step whose batch it is; none where it is absent"),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::OutlierFactor,
        path: "data.outlier_factor",
        kind: number(limits::OUTLIER_FACTOR),
        absent: Absent::Omitted("60.0"),
        about: documented("what every input of that batch is multiplied by"),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::Model,
        path: "model.kind",
        kind: Kind::Choice(|| Model::KINDS.to_vec()),
        about: documented("the network (below)"),
        changes_problem: true,
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::InitialScale,
        path: "initial_scale",
        kind: number(limits::INITIAL_SCALE),
        absent: Absent::Default("1.0"),
        about: documented("factor on every initial weight that is drawn"),
        varies_by_run: true,
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::Rule,
        path: "optimizer.rule",
        kind: Kind::Choice(|| builtin().iter().map(|rule| rule.id).collect()),
        absent: Absent::Nothing,
        about: documented("a built-in update rule; either this or `optimizer.text`"),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::RuleText,
        path: "optimizer.text",
        kind: Kind::Text,
        absent: Absent::Nothing,
        about: documented("an update rule of one's own (`docs/rules.md`)"),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::Constants,
        path: "optimizer.constants",
        kind: Kind::Constants,
        absent: Absent::Nothing,
        about: documented(
            "values other than the rule's defaults, by name, each within the range that the rule declares",
        ),
        varies_by_run: true,
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::LowestLearningRate,
        path: "learning_rates.from",
        kind: number(limits::LEARNING_RATE),
        absent: Absent::Default("0.001"),
        about: documented(
            "the lowest base learning rate of the sweep: `from`, `from · factor`, ..., one run each; not read if `runs` is given",
        ),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::LearningRateFactor,
        path: "learning_rates.factor",
        kind: number(limits::LEARNING_RATE_FACTOR),
        absent: Absent::Default("2.0"),
        about: documented("the ratio of neighbouring base learning rates; the largest may be at most 1e6"),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::LearningRateCount,
        path: "learning_rates.count",
        kind: count(limits::RUNS),
        absent: Absent::Default("9"),
        unit: "runs",
        about: documented("how many base learning rates"),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::WarmupSteps,
        path: "warmup_steps",
        kind: whole(limits::WARMUP_STEPS),
        absent: Absent::Default("0"),
        unit: "steps",
        about: documented("W, linear warmup, prepended: a run lasts W + S steps, at most 100,000"),
        varies_by_run: true,
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::Schedule,
        path: "schedule",
        kind: Kind::Choice(|| Schedule::ALL.map(Schedule::id).to_vec()),
        absent: Absent::Default("\"constant\""),
        about: documented("the learning rate after warmup"),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::ClipThreshold,
        path: "clip_threshold",
        kind: number(limits::CLIP_THRESHOLD),
        absent: Absent::Default("null"),
        about: documented("λ, the largest global gradient norm that is not clipped; null clips nothing"),
        varies_by_run: true,
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::ClipDuringWarmup,
        path: "clip_during_warmup",
        kind: Kind::Flag,
        absent: Absent::Omitted("true"),
        about: documented(
            "whether the steps of warmup are clipped, too; the playbook leaves open whether they should be",
        ),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::ClipWindow,
        path: "clip_window",
        kind: whole(limits::CLIP_WINDOW),
        absent: Absent::Omitted("0"),
        unit: "steps",
        about: documented(
            "n: the clip threshold of a step is the 90th percentile of the unclipped gradient norms of the n steps before it; `clip_threshold` holds until there are n. 0 for a threshold that stays; the playbook leaves open which is better",
        ),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::BatchSize,
        path: "batch_size",
        kind: count(limits::BATCH_SIZE),
        unit: "examples",
        about: documented("the size of a batch"),
        changes_problem: true,
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::MaxTrainSteps,
        path: "max_train_steps",
        kind: whole(limits::STEPS),
        unit: "steps",
        about: documented("S, the steps after warmup"),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::ValidationEvery,
        path: "validation_every",
        kind: whole(limits::STEPS),
        absent: Absent::Default("50"),
        unit: "steps",
        about: documented("validation runs after 0, n, 2n, ... updates and after the last"),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::FullGradientEvery,
        path: "full_gradient_every",
        kind: whole(limits::WARMUP_STEPS),
        absent: Absent::Omitted("0"),
        unit: "steps",
        about: documented(
            "n: the gradient norm over the whole training set, too, before steps 0, n, 2n, ...; 0 for never. The task must have a training set that stays",
        ),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::CriticalEvery,
        path: "critical_every",
        kind: whole(limits::WARMUP_STEPS),
        absent: Absent::Omitted("0"),
        unit: "steps",
        about: documented("n: the critical learning rate before steps 0, n, 2n, ...; 0 for never"),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::Seed,
        path: "seed",
        kind: whole(0..=u32::MAX),
        absent: Absent::Default("1"),
        about: documented("decides data, initial parameters and batch order; runs of one seed share all three"),
        varies_by_run: true,
        changes_problem: true,
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::ProbeLayer,
        path: "probe.layer",
        kind: Kind::Text,
        absent: Absent::RefusedWithParent,
        about: documented(
            "the parameter whose values are recorded, such as `block3.first.weight`; without `probe`, the largest gradient of the first run at step 0",
        ),
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::ProbeIndex,
        path: "probe.index",
        kind: count(0..=*limits::PARAMETERS.end()),
        absent: Absent::RefusedWithParent,
        about: documented("the position within that parameter, row by row from 0"),
        ..Definition::PLAIN
    },
];

/// The definition of a path, in an experiment with this task and a model of this kind.
pub fn definition(path: &str, task: &str, model: &str) -> Option<&'static Definition> {
    definitions(task, model).find(|definition| definition.path == path)
}

/// All metaparameters of an experiment with this task and a model of this kind, in the order of the JSON: the task's after its
/// id, the model's after its kind.
pub fn definitions(task: &str, model: &str) -> impl Iterator<Item = &'static Definition> + use<> {
    let of_task = brink_task::find(task).map(|task| task.metaparameters).unwrap_or_default();
    let of_model = Model::metaparameters(model).unwrap_or_default();
    METAPARAMETERS.iter().flat_map(move |definition| {
        let own = match definition.id {
            Metaparameter::Task => of_task,
            Metaparameter::Model => of_model,
            _ => &[],
        };
        std::iter::once(definition).chain(own)
    })
}
