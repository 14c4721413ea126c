//! MathML trees as elements of the document.

use leptos::html;
use leptos::prelude::*;
use web_sys::{Document, Element};

use super::equations::Numbers;
use brink_engine::rule::{MathNode, Symbol};
use brink_view::number::three;

const NAMESPACE: &str = "http://www.w3.org/1998/Math/MathML";

/// A space as wide as a digit.
const DIGIT_SPACE: char = '\u{2007}';

/// The elements that show the values of symbols.
type Places = Vec<(Symbol, Element)>;

/// Builds the elements of a tree: text goes in as text, so no rule can smuggle markup in. With `places`, each symbol gets
/// room for its value below it.
fn element(document: &Document, node: &MathNode, places: &mut Option<Places>) -> Option<Element> {
    let element = document.create_element_ns(Some(NAMESPACE), node.tag).ok()?;
    for (name, value) in &node.attributes {
        element.set_attribute(name, value).ok()?;
    }
    if let Some(text) = &node.text {
        element.set_text_content(Some(text));
    }
    for child in &node.children {
        let child = self::element(document, child, places)?;
        element.append_child(&child).ok()?;
    }
    let (Some(symbol), Some(places)) = (&node.symbol, places) else { return Some(element) };
    let under = document.create_element_ns(Some(NAMESPACE), "munder").ok()?;
    let value = document.create_element_ns(Some(NAMESPACE), "mtext").ok()?;
    value.set_attribute("class", "value").ok()?;
    under.append_child(&element).ok()?;
    under.append_child(&value).ok()?;
    places.push((symbol.clone(), value));
    Some(under)
}

/// A number in the middle of so many places.
fn centred(text: &str, places: usize) -> String {
    let room = places.saturating_sub(text.chars().count());
    let space = |count: usize| std::iter::repeat_n(DIGIT_SPACE, count).collect::<String>();
    format!("{}{text}{}", space(room / 2), space(room - room / 2))
}

/// A formula. A tree that is not a `math` element (a symbol out of one) gets one around it. `text` is the same in plain
/// text, for readers that do not speak MathML; it may be empty. With `numbers`, each symbol's value stands below it.
#[component]
pub fn Formula(
    node: MathNode,
    #[prop(optional)] text: String,
    #[prop(optional)] numbers: Option<Memo<Numbers>>,
) -> impl IntoView {
    let place = NodeRef::<html::Span>::new();
    let node = if node.tag == "math" {
        node
    } else {
        MathNode { tag: "math", attributes: Vec::new(), text: None, children: vec![node], symbol: None }
    };
    let built = StoredValue::new_local(Places::new());
    Effect::new(move |_| {
        let Some(place) = place.get() else { return };
        place.set_text_content(None);
        let mut places = numbers.map(|_| Places::new());
        if let Some(element) = element(&document(), &node, &mut places) {
            if !text.is_empty() {
                let _ = element.set_attribute("alttext", &text);
            }
            let _ = place.append_child(&element);
        }
        built.set_value(places.unwrap_or_default());
    });
    if let Some(numbers) = numbers {
        Effect::new(move |_| {
            place.track();
            numbers.with(|numbers| {
                built.with_value(|places| {
                    for (symbol, element) in places {
                        let value = numbers.values().iter().find(|(other, _)| other == symbol);
                        let before = element.text_content().unwrap_or_default();
                        // As wide as the widest so far: the formula does not move with each number, and a constant takes
                        // no more room than it needs.
                        let value = value.map_or_else(|| "–".to_owned(), |(_, value)| three(*value));
                        // One place more: it must not touch its neighbour's.
                        let text = centred(&value, before.chars().count().max(value.chars().count() + 1));
                        if before != text {
                            element.set_text_content(Some(&text));
                        }
                    }
                });
            });
        });
    }
    view! { <span node_ref=place></span> }
}
