//! The page: leptos components, canvas, worker pool. One WebAssembly file serves the page and its workers.

mod address;
mod advice;
mod bench;
mod blob_worker;
mod canvas;
mod chapter;
mod embed;
mod engine;
mod equations;
mod files;
mod focus;
mod frames;
mod host;
mod lab;
mod linked;
mod mathml;
mod page;
mod panic;
mod plots;
mod pool;
mod procedure;
mod question;
mod reading;
mod rule_editor;
mod save;
mod setup;
mod stories;
mod table;
mod threshold;
mod transport;

use wasm_bindgen::JsCast;

/// Starts the page, or the worker where the global scope is a worker's.
fn main() {
    let global = js_sys::global();
    if global.is_instance_of::<web_sys::DedicatedWorkerGlobalScope>() {
        host::start(global.unchecked_into());
    } else {
        panic::set_hook(panic::show_crash_notice);
        page::start();
    }
}
