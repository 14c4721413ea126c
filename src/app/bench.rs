//! `#bench`: how fast training is in this browser, on the two fixed works of `brink bench`; a table, and the same as JSON.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::pool::Pool;
use crate::lab::bench::{Timing, WORKS, measure};
use crate::train::Backend;
use crate::view::number::three;
use crate::view::text::{Language, fill};

fn now() -> f64 {
    window().performance().map_or_else(js_sys::Date::now, |clock| clock.now()) / 1000.0
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
            pool.set_backend(backend);
            for work in WORKS {
                match measure(&pool, work, now).await {
                    // A GPU that is not to be had is no measurement of it: its work was done on the CPU.
                    Ok(timing) if timing.backend == backend => timings.update(|timings| timings.push(timing)),
                    Ok(_) => {}
                    Err(reason) => state.set(fill(texts.failed, &[("reason", &reason)])),
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
