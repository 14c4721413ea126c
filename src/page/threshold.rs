//! The clip threshold on the plot of gradient norms: a grip to drag, tried while it is held and committed when it is let
//! go; and the 90th percentile of the norms, one click away.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::lab::Lab;
use brink_engine::number::shortest;
use brink_lab::diagnose::fixes::MOST_CLIPPED;
use brink_view::number::{rounded, three};
use brink_view::plot::NormLayout;
use brink_view::scene::{self, Clipping, NoPercentile, percent};

/// One press of an arrow key changes the threshold by this factor's logarithm: two percent.
const KEY_STEP: f64 = 0.02;

/// Where the threshold's grip is on the page, in CSS pixels, and the logarithms of the norms between which it moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grip {
    top: f64,
    bottom: f64,
    middle: f64,
    low: f64,
    high: f64,
}

impl Grip {
    /// The grip's room in a plot that is drawn at a scale.
    pub fn of(layout: &NormLayout, scale: f64) -> Self {
        let (((top, bottom), middle), (low, high)) = (layout.grip(), layout.range());
        Self {
            top: top * scale,
            bottom: bottom * scale,
            middle: middle * scale,
            low: libm::log(low),
            high: libm::log(high),
        }
    }
}

/// The threshold of the focused variant, or the one that is being tried, for the grip and the words beside it.
#[derive(Clone, Copy)]
pub struct Threshold {
    lab: Lab,
    clipping: Memo<Option<Clipping>>,
    percentile: Memo<Result<f64, NoPercentile>>,
}

impl Threshold {
    /// What the board says of it; computed once, and only where it is shown.
    pub fn new(lab: Lab) -> Self {
        let clipping = Memo::new(move |_| {
            let tried = lab.tried.get();
            lab.board.with(|board| scene::clipping(board, tried))
        });
        Self { lab, clipping, percentile: Memo::new(move |_| lab.board.with(scene::percentile_90)) }
    }

    /// What it clips, or would clip, in words.
    fn words(self) -> String {
        let texts = self.lab.texts();
        match self.clipping.get() {
            Some(clipping) if clipping.fraction.is_finite() => {
                let (threshold, share) = (three(clipping.threshold), percent(clipping.fraction));
                if clipping.is_tried {
                    texts.would_clip(threshold, share)
                } else {
                    texts.clipped_share(threshold, share)
                }
            }
            Some(clipping) => texts.number(format!("λ = {}", three(clipping.threshold))),
            None => texts.clipping_off.to_owned(),
        }
    }

    /// Makes a variant of the threshold that is being tried.
    pub fn commit(self) {
        let lab = self.lab;
        if let Some(threshold) = lab.tried.get_untracked() {
            lab.tried.set(None);
            lab.change(|experiment| *experiment = experiment.clipped_at(rounded(threshold)));
        }
    }
}

/// The grip on the plot.
#[component]
pub fn Clip(threshold: Threshold, grip: RwSignal<Option<Grip>>) -> impl IntoView {
    let Threshold { lab, clipping, percentile } = threshold;
    // Without a threshold of its own the grip rests at the percentile, from where it can be drawn.
    let shown = Memo::new(move |_| {
        let resting = || percentile.get().ok();
        clipping.get().map(|clipping| clipping.threshold).or_else(resting)
    });
    // Keys are let go after each press: they try, and Enter commits. A pointer commits when it lets go.
    let by_key = StoredValue::new(false);
    let words = move || threshold.words();
    let key = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            threshold.commit();
        }
        "Escape" => lab.tried.set(None),
        _ => by_key.set_value(true),
    };
    let value = move || {
        let place = |grip: Grip| shown.get().map_or((grip.low + grip.high) / 2.0, libm::log);
        grip.get().map_or_else(String::new, |grip| shortest(place(grip)))
    };
    let pixels = move |of: fn(Grip) -> f64| move || grip.get().map(|grip| shortest(of(grip)) + "px");
    let limit = move |of: fn(Grip) -> f64| move || shortest(grip.get().map_or(0.0, of));
    view! {
        <input
            id="grip"
            class="grip"
            class:resting=move || clipping.get().is_none()
            type="range"
            min=limit(|grip| grip.low)
            max=limit(|grip| grip.high)
            step=shortest(KEY_STEP)
            prop:value=value
            style=("--top", pixels(|grip| grip.top))
            style=("--middle", pixels(|grip| grip.middle))
            style=("--height", pixels(|grip| grip.bottom - grip.top))
            aria-label=move || lab.texts().threshold
            aria-describedby="grip-help"
            aria-orientation="vertical"
            aria-valuetext=words
            on:pointerdown=move |_| by_key.set_value(false)
            on:keydown=key
            on:input=move |event| {
                if let Ok(value) = event_target_value(&event).parse::<f64>() {
                    lab.tried.set(Some(libm::exp(value)));
                }
            }
            on:change=move |_| {
                if !by_key.get_value() {
                    threshold.commit();
                }
            }
            on:blur=move |_| lab.tried.set(None)
        />
    }
}

/// What the threshold clips, and the button that puts it at the 90th percentile.
#[component]
pub fn UsePercentile(threshold: Threshold) -> impl IntoView {
    let Threshold { lab, percentile, .. } = threshold;
    let words = move || threshold.words();
    let clipping = threshold.clipping;
    let shown = Memo::new(move |_| clipping.get().map(|clipping| clipping.fraction).filter(|share| share.is_finite()));
    let reason = move || match percentile.get() {
        Err(NoPercentile::Infeasible) => lab.texts().p90_infeasible,
        Err(NoPercentile::Nothing) => lab.texts().nothing_yet,
        Ok(_) => "",
    };
    view! {
        <div class="clip">
            <output id="clip-words" for="grip">{words}</output>
            {move || {
                let share = shown.get()?;
                let is_much = share > MOST_CLIPPED;
                let text = lab.texts().half_clipped;
                Some(
                    view! {
                        <meter min="0" max="1" high=MOST_CLIPPED.to_string() optimum="0" value=share.to_string() aria-hidden="true"></meter>
                        {is_much.then(|| view! { <b class="much" id="half-clipped">{text}</b> })}
                    },
                )
            }}
            <button
                type="button"
                id="use-p90"
                aria-describedby="p90-reason"
                disabled=move || percentile.get().is_err()
                on:click=move |_| {
                    if let Ok(value) = percentile.get_untracked() {
                        lab.change(|experiment| *experiment = experiment.clipped_at(rounded(value)));
                    }
                }
            >
                {move || {
                    let value = percentile.get().map_or_else(|_| "–".to_owned(), three);
                    lab.texts().use_p90(&value)
                }}
            </button>
            <span id="p90-reason" class="help">{reason}</span>
            <span id="grip-help" class="unseen">{move || lab.texts().grip_help}</span>
        </div>
    }
}
