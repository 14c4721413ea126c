//! What happens when the program panics: the message and its location go to the console, and to whoever can show them. The
//! program itself does nothing more; in a worker the pool replaces it, on the page a notice offers to reload.

use std::cell::OnceCell;
use std::panic::PanicHookInfo;

type Report = Box<dyn Fn(&str)>;

/// From now on a panic is written to the console, and `report` is called with one line: the message and its location.
pub fn set_hook(report: impl Fn(&str) + 'static) {
    // The hook must be `Sync`, which nothing of the browser is; a thread has one hook of its own here.
    thread_local! {
        static REPORT: OnceCell<Report> = const { OnceCell::new() };
    }
    REPORT.with(|slot| {
        let _is_set = slot.set(Box::new(report));
    });
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        REPORT.with(|slot| {
            if let Some(report) = slot.get() {
                report(&line(info));
            }
        });
    }));
}

/// A panic in one line: what it says, and where in the source.
fn line(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("a panic without a message");
    let location = info.location().map(|at| format!(" ({}:{}:{})", at.file(), at.line(), at.column()));
    format!("{message}{}", location.unwrap_or_default())
}

/// Shows the notice that stands in `index.html`. Only the document is used: nothing of the program may be relied on.
pub fn show_crash_notice(message: &str) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    if let Some(reason) = document.get_element_by_id("failure-reason") {
        reason.set_text_content(Some(message));
    }
    if let Some(notice) = document.get_element_by_id("failure") {
        // These fail only for names that are no attributes.
        let _ = notice.set_attribute("data-kind", "crash");
        let _ = notice.remove_attribute("hidden");
    }
}

/// Writes an error to the console.
pub fn log_error(message: &str) {
    web_sys::console::error_1(&message.into());
}
