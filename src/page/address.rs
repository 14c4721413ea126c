//! The address follows the board, and the board the address: links, back and forward; and undo and redo, which watch the
//! same changes.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, KeyboardEvent};

use super::focus;
use super::lab::{Lab, default};
use brink_engine::train::Backend;
use brink_view::board::Arrangement;
use brink_view::fragment::{Fragment, Place, Problem};
use brink_view::history::History;
use brink_view::story::Story;

/// How long the address waits for the focus or the cursor to stand still: browsers refuse more than about six changes a
/// second.
const SETTLE: Duration = Duration::from_millis(400);

/// How long the page says that it copied a link.
const COPIED: Duration = Duration::from_secs(6);

#[wasm_bindgen]
extern "C" {
    /// Throws where there is no clipboard (a page without a secure origin) and rejects where it is refused.
    #[wasm_bindgen(js_namespace = ["navigator", "clipboard"], js_name = writeText, catch)]
    fn write_clipboard(text: &str) -> Result<js_sys::Promise, JsValue>;
}

/// Copies a text, and tells whether the browser let the page do that.
pub async fn copy(text: &str) -> bool {
    match write_clipboard(text) {
        Ok(promise) => JsFuture::from(promise).await.is_ok(),
        Err(_) => false,
    }
}

/// What became of a link that was asked for.
#[derive(Clone, Debug, PartialEq)]
enum Shared {
    Copied,
    Refused(String),
    TooLong(Problem),
}

/// Keeps the address and the history in step with the board.
#[derive(Clone, Copy)]
pub struct Address {
    /// The lab whose board it follows.
    pub lab: Lab,
    backend: Option<Backend>,
    history: RwSignal<History>,
    /// The variants that the address stands for: another set of them is a step of the browser's history.
    written: StoredValue<Vec<u64>>,
    timer: StoredValue<Option<TimeoutHandle>>,
    shared: RwSignal<Option<Shared>>,
    /// Where on the page the learner is.
    pub place: RwSignal<Place>,
}

impl Address {
    /// Loads the board of the address, or the default one with a notice of what is wrong, and follows from there.
    pub fn new(lab: Lab, fragment: &Fragment) -> Self {
        lab.view.set(fragment.view);
        match &fragment.board {
            Some(board) => {
                lab.restore(board);
                lab.tell(fragment.figure.and_then(Story::find));
            }
            None => lab.commit(default()),
        }
        if let Some(problem) = &fragment.problem {
            let texts = lab.language.get_untracked().texts();
            lab.notice.set(Some(texts.bad_fragment(problem.describe(texts))));
        } else if let Some(problem) = &lab.query().problem {
            let texts = lab.language.get_untracked().texts();
            lab.notice.set(Some(texts.bad_query(problem.describe(texts))));
        }
        // What the address brought is what its locks keep.
        lab.lock();
        let address = Self {
            lab,
            backend: fragment.backend,
            history: RwSignal::new(History::default()),
            written: StoredValue::new(ids(lab)),
            timer: StoredValue::new(None),
            shared: RwSignal::new(None),
            place: RwSignal::new(fragment.place.clone()),
        };
        // What the address holds, without the records: changes a few times a minute, not once a frame.
        let shown = Memo::new(move |_| {
            let view = lab.view.get();
            lab.board.with(|board| {
                let variants: Vec<_> = board.variants().iter().map(|v| (v.id, v.hidden)).collect();
                (variants, board.focused().map(|v| v.id), board.run(), board.cursor, view)
            })
        });
        Effect::new(move |before: Option<()>| {
            // A memo that nobody reads follows nothing.
            shown.with(|_| ());
            address.history.update(|history| history.observe(lab.board.with_untracked(|board| board.arrangement())));
            if before.is_some() {
                address.shared.set(None);
                address.follow();
            }
        });
        let back = window_event_listener(leptos::ev::popstate, move |_| address.arrive());
        let keys = window_event_listener(leptos::ev::keydown, move |event| address.key(&event));
        // For as long as the page.
        std::mem::forget((back, keys));
        address
    }

    /// Writes the board into the address: at once where the variants changed, as a step that the browser's back button
    /// takes back; later and in place where only the focus or the cursor moved.
    fn follow(&self) {
        // In the chapter the address is the chapter's.
        if self.place.with_untracked(|place| *place != Place::Lab) {
            return;
        }
        let address = *self;
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        if ids(self.lab) != self.written.get_value() {
            self.write_or_say();
        } else {
            let later = set_timeout_with_handle(move || address.write_or_say(), SETTLE);
            self.timer.set_value(later.ok());
        }
    }

    /// Writes the board into the address; a notice says so where it is too large for that.
    fn write_or_say(&self) {
        if let Err(problem) = self.write() {
            let texts = self.lab.language.get_untracked().texts();
            self.lab.notice.set(Some(texts.share_too_long(problem.describe(texts))));
        }
    }

    /// The fragment of the board as it is.
    fn text(&self) -> Result<String, Problem> {
        let board = self.lab.board.with_untracked(|board| board.arrangement());
        Fragment::text(self.backend, self.lab.view.get_untracked(), &board)
    }

    /// Writes the board into the address, and gives the whole link.
    fn write(&self) -> Result<String, Problem> {
        let text = self.text()?;
        let location = location();
        let now = location.hash().unwrap_or_default();
        let ids = ids(self.lab);
        let is_step = self.written.get_value() != ids;
        self.written.set_value(ids);
        let path = format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
        let target = if text.is_empty() { path } else { format!("{path}#{text}") };
        if now.strip_prefix('#').unwrap_or(&now) != text
            && let Ok(history) = window().history()
        {
            // A sandboxed frame may refuse; the board is as it is all the same, and Share gives its link. An embedded board adds no
            // steps to the history of the page around it.
            let _ = if is_step && !self.lab.is_embedded() {
                history.push_state_with_url(&JsValue::NULL, "", Some(&target))
            } else {
                history.replace_state_with_url(&JsValue::NULL, "", Some(&target))
            };
        }
        Ok(format!("{}{target}", location.origin().unwrap_or_default()))
    }

    /// The address of the same board on a page of its own: without what embeds it.
    pub fn own_page(&self) -> String {
        let lab = self.lab;
        let query = lab.query().of_own_page(lab.language.get(), lab.theme.get());
        self.link(&query)
    }

    /// The address of the board with this query.
    pub fn link(&self, query: &str) -> String {
        let location = location();
        // One that is too large for a link opens the default board.
        let fragment = match self.place.with_untracked(Clone::clone) {
            Place::Lab => self.text().unwrap_or_default(),
            place => place.text(),
        };
        let (origin, path) = (location.origin().unwrap_or_default(), location.pathname().unwrap_or_default());
        format!("{origin}{path}?{query}#{fragment}")
    }

    /// The address changed under the page: back, forward, or a fragment typed into it.
    fn arrive(&self) {
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        let fragment = Fragment::parse(&location().hash().unwrap_or_default());
        if let Some(problem) = &fragment.problem {
            let texts = self.lab.language.get_untracked().texts();
            self.lab.notice.set(Some(texts.bad_fragment_kept(problem.describe(texts))));
            return;
        }
        self.lab.notice.set(None);
        let is_back = self.place.with_untracked(|place| *place != Place::Lab);
        // From the chapter to the lab: the axes are as they were.
        if !is_back {
            self.lab.view.set(fragment.view);
        }
        self.place.set(fragment.place.clone());
        let is_taken = match fragment.board {
            Some(board) => {
                let is_taken = self.lab.restore(&board);
                self.lab.tell(fragment.figure.filter(|_| is_taken).and_then(Story::find));
                is_taken
            }
            // From the chapter to the lab: the board is as it was.
            None if is_back || fragment.place != Place::Lab => return,
            None => self.lab.restore(&Arrangement::of(default())),
        };
        self.written.set_value(ids(self.lab));
        if !is_taken {
            // Back to the board that is there.
            self.write_or_say();
        }
    }

    /// Goes to a place on the page, as a step that the browser's back button takes back.
    pub fn go_to(&self, place: Place) {
        if place == Place::Lab {
            self.place.set(place);
            window().scroll_to_with_x_and_y(0.0, 0.0);
            // A step of its own even where the board is the one that was written last.
            self.written.set_value(Vec::new());
            return self.write_or_say();
        }
        if let Ok(history) = window().history() {
            // A sandboxed frame may refuse; the page goes there all the same.
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&format!("#{}", place.text())));
        }
        self.place.set(place);
    }

    fn key(&self, event: &KeyboardEvent) {
        if !(event.ctrl_key() || event.meta_key()) || event.alt_key() || is_text_field(event) {
            return;
        }
        match (event.key().to_ascii_lowercase().as_str(), event.shift_key()) {
            ("z", false) => self.undo(),
            ("z", true) | ("y", false) => self.redo(),
            _ => return,
        }
        event.prevent_default();
    }

    fn undo(&self) {
        self.go(History::undo);
    }

    fn redo(&self) {
        self.go(History::redo);
    }

    fn go(&self, step: fn(&mut History) -> Option<Arrangement>) {
        if let Some(arrangement) = step(&mut self.history.write()) {
            self.lab.notice.set(None);
            self.lab.restore(&arrangement);
        }
    }

    /// Copies the link to the board, or shows it where the browser does not let the page copy.
    fn share(&self) {
        let shared = self.shared;
        match self.write() {
            Err(problem) => shared.set(Some(Shared::TooLong(problem))),
            Ok(link) => spawn_local(async move {
                let copied = copy(&link).await;
                shared.set(Some(if copied { Shared::Copied } else { Shared::Refused(link) }));
                // Said once; a link that is to be copied by hand stays.
                if copied {
                    let forget = move || {
                        if shared.with_untracked(|shared| *shared == Some(Shared::Copied)) {
                            shared.set(None);
                        }
                    };
                    set_timeout(forget, COPIED);
                }
            }),
        }
    }
}

fn ids(lab: Lab) -> Vec<u64> {
    lab.board.with_untracked(|board| board.variants().iter().map(|variant| variant.id).collect())
}

/// Whether a key goes to a field that has an undo of its own.
fn is_text_field(event: &KeyboardEvent) -> bool {
    let Some(element) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else {
        return false;
    };
    match element.dyn_ref::<HtmlInputElement>() {
        Some(input) => !matches!(input.type_().as_str(), "checkbox" | "radio" | "range" | "button"),
        None => element.tag_name().eq_ignore_ascii_case("textarea"),
    }
}

/// The button that copies the link.
#[component]
pub fn Share(address: Address) -> impl IntoView {
    let lab = address.lab;
    view! {
        <button type="button" id="share" on:click=move |_| address.share()>
            {move || lab.texts().share}
        </button>
    }
}

/// What became of the link that was asked for.
#[component]
pub fn ShareResult(address: Address) -> impl IntoView {
    let lab = address.lab;
    let select = |event: leptos::ev::FocusEvent| event_target::<HtmlInputElement>(&event).select();
    let result = move || {
        let texts = lab.texts();
        address.shared.get().map(|shared| match shared {
            Shared::Copied => view! { <p id="shared">{texts.share_copied}</p> }.into_any(),
            Shared::TooLong(problem) => {
                let text = texts.share_too_long(problem.describe(texts));
                view! { <p class="warning" id="shared">{text}</p> }.into_any()
            }
            Shared::Refused(link) => view! {
                <p id="shared">
                    {texts.share_refused}
                    <input id="link" type="text" readonly aria-label=texts.share_link prop:value=link on:focus=select />
                </p>
            }
            .into_any(),
        })
    };
    view! { <div role="status" class="shared">{result}</div> }
}

/// Undo and redo.
#[component]
pub fn UndoRedo(address: Address) -> impl IntoView {
    let lab = address.lab;
    let can_undo = Memo::new(move |_| address.history.with(History::can_undo));
    let can_redo = Memo::new(move |_| address.history.with(History::can_redo));
    view! {
        <div class="undo">
            <button
                type="button"
                id="undo"
                aria-keyshortcuts="Control+Z"
                disabled=move || !can_undo.get()
                on:click=move |_| {
                    address.undo();
                    focus::keep(&["#redo"]);
                }
            >
                {move || lab.texts().undo}
            </button>
            <button
                type="button"
                id="redo"
                aria-keyshortcuts="Control+Shift+Z"
                disabled=move || !can_redo.get()
                on:click=move |_| {
                    address.redo();
                    focus::keep(&["#undo"]);
                }
            >
                {move || lab.texts().redo}
            </button>
        </div>
    }
}
