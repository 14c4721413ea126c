//! `#bench`: the works of the benchmark, measured through the worker pool that serves a learner.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::pool::Pool;
use brink_engine::train::Backend;
use brink_lab::bench::{Timing, WORKS, measure};
use brink_view::text::Language;

/// A clock in seconds.
fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now() / 1000.0)
}

/// The backend's name in tables and JSON.
fn name(backend: Backend) -> &'static str {
    match backend {
        Backend::Cpu => "cpu",
        Backend::Gpu => "gpu",
    }
}

async fn run(language: Language, timings: RwSignal<Vec<Timing>>, state: RwSignal<String>, done: RwSignal<bool>) {
    let texts = language.texts();
    let (pool, _faults) = Pool::new();
    let mut backends = vec![Backend::Cpu];
    // A software adapter shows overhead, not speed, but it is measured too.
    if pool.adapter().await.is_some() {
        backends.push(Backend::Gpu);
    }
    for backend in backends {
        pool.set_backend(backend);
        for work in WORKS {
            let label = format!("{} ({})", work.to_ascii_uppercase(), name(backend));
            state.set(texts.bench_running(&label));
            match measure(&pool, work, now).await {
                Ok(timing) => timings.update(|timings| timings.push(timing)),
                Err(reason) => return state.set(texts.failed(&reason)),
            }
        }
    }
    state.set(texts.bench_done.to_owned());
    done.set(true);
}

/// The table of results, and the same as JSON for programs.
#[component]
pub fn Bench(language: Language) -> impl IntoView {
    let texts = language.texts();
    let timings = RwSignal::new(Vec::<Timing>::new());
    let state = RwSignal::new(String::new());
    let done = RwSignal::new(false);
    spawn_local(run(language, timings, state, done));
    let row = |timing: Timing| {
        view! {
            <tr>
                <th scope="row">{timing.work}</th>
                <td>{name(timing.backend)}</td>
                <td>{timing.runs.to_string()}</td>
                <td>{timing.steps.to_string()}</td>
                <td>{format!("{:.2}", timing.seconds)}</td>
                <td>{format!("{:.0}", timing.run_steps_per_second)}</td>
            </tr>
        }
    };
    view! {
        <main class="bench">
            <h1>{texts.bench}</h1>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{texts.bench_work}</th>
                        <th scope="col">{texts.bench_backend}</th>
                        <th scope="col">{texts.bench_runs}</th>
                        <th scope="col">{texts.bench_steps}</th>
                        <th scope="col">{texts.bench_seconds}</th>
                        <th scope="col">{texts.bench_speed}</th>
                    </tr>
                </thead>
                <tbody>{move || timings.get().into_iter().map(row).collect_view()}</tbody>
            </table>
            <p role="status">{move || state.get()}</p>
            // Only when all is measured: a program that finds it finds all of it.
            {move || {
                let json = move || timings.with(|timings| serde_json::to_string(timings).unwrap_or_default());
                done.get().then(|| view! { <script id="bench-results" type="application/json">{json}</script> })
            }}
        </main>
    }
}
