//! `#bench`: how fast training is in this browser, on the two fixed works of `brink bench`; a table, and the same as JSON.

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use leptos::prelude::*;
use serde::Serialize;
use wasm_bindgen_futures::spawn_local;

use super::pool::Pool;
use crate::experiment::preset;
use crate::lab::{Command, Event, Runner};
use crate::train::Backend;
use crate::view::number::three;
use crate::view::text::Language;

/// Steps before the clock starts: caches fill, buffers and pipelines are made. As in `brink bench`.
const WARMUP_STEPS: u32 = 50;
/// Steps up to which the clock may run; beyond, the last validation would be timed, too.
const LAST_TIMED_STEP: u32 = 950;
/// A timing goes on for at most about this long.
const MAX_SECONDS: f64 = 10.0;
/// A work that has not been measured by then is left out.
const GIVE_UP_SECONDS: f64 = 45.0;

/// One measurement.
#[derive(Clone, Debug, Serialize)]
struct Timing {
    /// W1 or W2.
    work: String,
    backend: Backend,
    runs: usize,
    /// Steps timed, each of all runs.
    steps: u32,
    seconds: f64,
    run_steps_per_second: f64,
}

fn now() -> f64 {
    window().performance().map_or_else(js_sys::Date::now, |clock| clock.now()) / 1000.0
}

/// Measures a work as the page trains it, messages and all. `None` where it does not get anywhere on that backend.
async fn measure(pool: &Pool, id: &str, backend: Backend) -> Option<Timing> {
    let experiment = preset(id)?;
    let runs = experiment.learning_rates.count;
    pool.set_backend(backend);
    let mut running = pool.start(&experiment);
    let asked = now();
    let mut begin: Option<(u32, f64)> = None;
    let mut end = None;
    let mut timeout = Box::pin(pause(GIVE_UP_SECONDS));
    loop {
        let event = match select(running.events.next(), &mut timeout).await {
            Either::Left((event, _)) => event?,
            Either::Right(_) => break,
        };
        match event {
            // The GPU was not to be had: this is no measurement of it.
            Event::Started { backend: real, .. } if real != backend => {
                running.control.send(Command::Cancel);
                return None;
            }
            Event::Progress { step, .. } => match begin {
                None if step >= WARMUP_STEPS || now() - asked > MAX_SECONDS => begin = Some((step, now())),
                Some((first, start)) if step > first => {
                    end = Some((step, now()));
                    if step >= LAST_TIMED_STEP || now() - start > MAX_SECONDS {
                        break;
                    }
                }
                _ => {}
            },
            Event::Finished => break,
            Event::Failed(_) => return None,
            _ => {}
        }
    }
    running.control.send(Command::Cancel);
    let ((first, start), (last, stop)) = (begin?, end?);
    let (steps, seconds) = (last - first, stop - start);
    let run_steps_per_second = runs as f64 * f64::from(steps) / seconds;
    Some(Timing { work: id.to_uppercase(), backend, runs, steps, seconds, run_steps_per_second })
}

/// Waits for some seconds.
async fn pause(seconds: f64) {
    let (done, wait) = futures_channel::oneshot::channel();
    set_timeout(
        move || {
            // Whoever waited may have gone on.
            let _ = done.send(());
        },
        std::time::Duration::from_secs_f64(seconds),
    );
    let _ = wait.await;
}

/// The table of timings, and the same as JSON for programs.
#[component]
pub fn Bench(language: Language) -> impl IntoView {
    let texts = language.texts();
    let timings = RwSignal::new(Vec::<Timing>::new());
    let state = RwSignal::new(texts.bench_running.to_owned());
    let json = RwSignal::new(None::<String>);
    spawn_local(async move {
        let pool = match Pool::new() {
            Ok(pool) => pool,
            Err(reason) => return state.set(reason),
        };
        let adapter = pool.adapter().await;
        let backends = [Some(Backend::Cpu), adapter.as_ref().map(|_| Backend::Gpu)];
        for backend in backends.into_iter().flatten() {
            for id in ["w1", "w2"] {
                if let Some(timing) = measure(&pool, id, backend).await {
                    timings.update(|timings| timings.push(timing));
                }
            }
        }
        json.set(timings.with_untracked(|timings| serde_json::to_string(timings).ok()));
        state.set(match adapter {
            Some(adapter) if adapter.software => texts.bench_software.to_owned(),
            Some(_) => texts.bench_done.to_owned(),
            None => texts.bench_no_gpu.to_owned(),
        });
    });
    let rows = move || {
        timings.with(|timings| {
            timings
                .iter()
                .map(|timing| {
                    let backend = if timing.backend == Backend::Gpu { "gpu" } else { "cpu" };
                    view! {
                        <tr>
                            <td>{timing.work.clone()}</td>
                            <td>{backend}</td>
                            <td>{timing.runs}</td>
                            <td>{timing.steps}</td>
                            <td>{three(timing.seconds)}</td>
                            <td>{format!("{:.0}", timing.run_steps_per_second)}</td>
                        </tr>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <main class="single">
            <section class="card">
                <h1>{texts.bench_title}</h1>
                <p>{texts.bench_what}</p>
                <div class="scroll">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{texts.bench_work}</th>
                                <th scope="col">"backend"</th>
                                <th scope="col">{texts.rate_count}</th>
                                <th scope="col">{texts.bench_steps}</th>
                                <th scope="col">{texts.bench_seconds}</th>
                                <th scope="col">{texts.bench_speed}</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
                <p role="status">{move || state.get()}</p>
            </section>
        </main>
        {move || {
            json.get().map(|json| view! { <script id="bench-results" type="application/json">{json}</script> })
        }}
    }
}
