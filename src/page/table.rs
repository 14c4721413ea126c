//! The table behind a plot: built only while it is open, and renewed about once a second.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::lab::Lab;
use brink_view::words::Table;

/// A disclosure with the numbers of a plot. `label` is the id of the plot's title; `children` stand beside the summary.
#[component]
pub fn TableDisclosure(
    lab: Lab,
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    make: Box<dyn Fn() -> Table + Send + Sync>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let table = Memo::new(move |_| {
        if !open.get() {
            return Table::default();
        }
        lab.slow();
        make()
    });
    let head = move || {
        table.with(|table| table.head.iter().map(|cell| view! { <th scope="col">{cell.clone()}</th> }).collect_view())
    };
    let rows = move || {
        let row = |row: &Vec<String>| {
            let (first, others) = row.split_first().map_or((String::new(), &[][..]), |(f, o)| (f.clone(), o));
            view! {
                <tr>
                    <th scope="row">{first}</th>
                    {others.iter().map(|cell| view! { <td>{cell.clone()}</td> }).collect_view()}
                </tr>
            }
        };
        table.with(|table| table.rows.iter().map(row).collect_view())
    };
    let scroll_label = label.clone();
    view! {
        <div class="under">
            {children.map(|children| children())}
            <details
                class="table"
                on:toggle=move |event: web_sys::Event| {
                    let details = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
                    open.set(details.is_some_and(|details| details.has_attribute("open")));
                }
            >
                <summary>{move || lab.texts().table}</summary>
                // Scrolls by keyboard, too.
                <div class="scroll" tabindex="0" role="group" aria-labelledby=scroll_label>
                    <table aria-labelledby=label>
                        <thead>
                            <tr>{head}</tr>
                        </thead>
                        <tbody id=id>{rows}</tbody>
                    </table>
                </div>
            </details>
        </div>
    }
}
