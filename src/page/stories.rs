//! The menu of stories: boards that are worth looking at.

use leptos::html;
use leptos::prelude::*;

use super::address::Address;
use super::lab::Lab;
use brink_view::fragment::Place;
use brink_view::story::{Story, stories};

/// The menu. Its pictures are loaded once it is opened.
#[component]
pub fn Stories(lab: Lab, address: Address) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let is_open = RwSignal::new(false);
    let open = move |story: Story| {
        if let Some(menu) = node.get_untracked() {
            // Fails only for a menu that is closed.
            let _ = menu.hide_popover();
        }
        lab.open(story);
        if address.place.with_untracked(|place| *place != Place::Lab) {
            address.go_to(Place::Lab);
        }
    };
    let item = move |story: Story| {
        view! {
            <li>
                <button type="button" data-story=story.id on:click=move |_| open(story)>
                    {move || is_open.get().then(|| view! { <img src=story.picture(lab.language.get()) alt="" width="128" height="77" /> })}
                    <span>
                        <b>{move || story.title(lab.texts())}</b>
                        <span>{move || story.line(lab.texts())}</span>
                    </span>
                </button>
            </li>
        }
    };
    let toggled = move |_| {
        is_open.set(node.get_untracked().is_some_and(|menu| menu.matches(":popover-open").unwrap_or(false)));
    };
    view! {
        // The browser closes it at Escape and at a click beside it.
        <button type="button" id="stories" popovertarget="stories-menu">
            {move || lab.texts().stories}
        </button>
        <div class="card menu" id="stories-menu" popover="auto" node_ref=node on:toggle=toggled>
            <p class="help">{move || lab.texts().stories_help}</p>
            <ul>{stories().map(item).collect_view()}</ul>
        </div>
    }
}
