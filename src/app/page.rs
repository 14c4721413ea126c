//! The page itself.

use leptos::prelude::*;

/// Takes the place of the line that stands in `index.html` until the program runs.
pub fn start() {
    if let Some(waiting) = document().get_element_by_id("waiting") {
        waiting.remove();
    }
    leptos::mount::mount_to_body(|| view! { <main><h1>"Brink"</h1></main> });
}
