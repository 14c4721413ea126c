use super::{Arm, Claim, Figure, Plot, arm, once, seeded};
use brink_engine::experiment::{Experiment, preset};

/// Figure 6: at a learning rate beyond the cliff, a short warmup does not help, a longer one does.
pub(super) static FIGURE: Figure = Figure {
    id: "6",
    about: "warmup of several lengths to one learning rate beyond the cliff: the longer ones survive",
    plot: Plot::Loss,
    arms: |seed, arms| {
        once(arms, || {
            let warmups = seeded("figure-6", seed);
            let longest = warmups.runs.iter().filter_map(|run| run.warmup_steps).max().unwrap_or(0);
            // The control: as many steps as the longest, without warmup, at every learning rate of Figure 7a.
            let mut control = Experiment { seed, ..preset("figure-7a").unwrap_or_else(|| warmups.clone()) };
            control.max_train_steps += longest;
            vec![
                ("warmups", warmups),
                ("transformer", seeded("figure-6-transformer", seed)),
                ("as many steps without warmup", control),
            ]
        })
    },
    claim,
    focus: (0, None),
    overall: None,
};

fn claim(arms: &[Arm]) -> Claim {
    let mut claim = Claim::default();
    let Some(warmups) = arm(arms, "warmups") else { return claim };
    let feasible: Vec<bool> =
        warmups.fleet.runs.iter().map(|run| run.judgement.is_some_and(|found| found.is_feasible)).collect();
    for (run, feasible) in warmups.fleet.runs.iter().zip(&feasible) {
        claim.fact(&format!("warmup {} is feasible", run.warmup_steps), *feasible);
    }
    claim.fact("best loss with warmup", warmups.star().map(|star| star.final_loss));
    let control = arm(arms, "as many steps without warmup").and_then(Arm::star);
    claim.fact("best loss of as many steps without warmup", control.map(|star| star.final_loss));
    let is_monotone = feasible.windows(2).all(|pair| pair[0] <= pair[1]);
    claim.holds = is_monotone && !feasible[0] && !feasible[1] && feasible.last() == Some(&true);
    claim
}
