use super::{Arm, Claim, Figure, Plot, arm, median, once, seeded};
use brink_engine::experiment::{Experiment, apply};

const WARMUP: u32 = 100;
const ARMS: [&str; 4] = ["post", "post, warmup 100", "pre", "pre, warmup 100"];
/// The controls: as many steps as with warmup, without it.
const CONTROLS: [&str; 2] = ["post, 100 steps more", "pre, 100 steps more"];

/// Figure 8: a post-norm transformer needs warmup for the learning rates that a pre-norm one trains at.
pub(super) static FIGURE: Figure = Figure {
    id: "8",
    about: "post-norm and pre-norm transformers, each with and without warmup: four sweeps",
    plot: Plot::Axis,
    arms: |seed, arms| {
        once(arms, || {
            let post = seeded("figure-8", seed);
            let pre = apply(&post, [("model.placement", "pre".into()), ("model.final_norm", true.into())]);
            let pre = pre.unwrap_or_else(|_| post.clone());
            let warm = |base: &Experiment| Experiment { warmup_steps: WARMUP, ..base.clone() };
            let longer =
                |base: &Experiment| Experiment { max_train_steps: base.max_train_steps + WARMUP, ..base.clone() };
            vec![
                (ARMS[0], post.clone()),
                (ARMS[1], warm(&post)),
                (ARMS[2], pre.clone()),
                (ARMS[3], warm(&pre)),
                (CONTROLS[0], longer(&post)),
                (CONTROLS[1], longer(&pre)),
            ]
        })
    },
    claim,
    focus: (0, None),
    overall: Some(in_order),
};

fn claim(arms: &[Arm]) -> Claim {
    let mut claim = Claim::default();
    for name in ARMS.into_iter().chain(CONTROLS) {
        let star = arm(arms, name).and_then(Arm::star);
        claim.fact(&format!("lr*, {name}"), star.map(|star| star.learning_rate));
        claim.fact(&format!("best loss, {name}"), star.map(|star| star.final_loss));
    }
    let rates = ARMS.map(|name| claim.number(&format!("lr*, {name}")));
    claim.holds = matches!(rates, [Some(post), Some(post_warm), Some(pre), _] if post < post_warm && post < pre);
    claim
}

/// The medians over seeds: post < post with warmup <= pre <= pre with warmup.
fn in_order(claims: &[&Claim]) -> bool {
    let rates = ARMS.map(|name| median(claims, &format!("lr*, {name}")));
    matches!(rates, [Some(a), Some(b), Some(c), Some(d)] if a < b && b <= c && c <= d)
}
