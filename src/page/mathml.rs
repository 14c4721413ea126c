//! MathML trees as elements of the document.

use leptos::html;
use leptos::prelude::*;
use web_sys::{Document, Element};

use super::equations::Numbers;
use brink_engine::rule::{MathNode, Symbol};
use brink_view::number::precise;

const NAMESPACE: &str = "http://www.w3.org/1998/Math/MathML";

/// A space as wide as a digit.
const DIGIT_SPACE: char = '\u{2007}';

/// The elements that show the values of symbols.
type SymbolValues = Vec<(Symbol, Element)>;

/// Builds the elements of a tree: text goes in as text, so no rule can smuggle markup in. With `values`, each symbol gets
/// room for its value below it.
fn element(document: &Document, node: &MathNode, values: &mut Option<SymbolValues>) -> Option<Element> {
    let element = document.create_element_ns(Some(NAMESPACE), node.tag).ok()?;
    for (name, value) in &node.attributes {
        element.set_attribute(name, value).ok()?;
    }
    if let Some(text) = &node.text {
        element.set_text_content(Some(text));
        // Numbers below the symbols make no bracket taller; the bars of a norm are drawn badly where they are stretched.
        if values.is_some() && matches!(text.as_str(), "(" | ")") || text == "‖" {
            element.set_attribute("stretchy", "false").ok()?;
        }
    }
    if let Some(symbol) = &node.symbol {
        // One thing by two letters.
        let name = if symbol.name == "alpha" { "eta" } else { &symbol.name };
        element.set_attribute("data-symbol", name).ok()?;
    }
    for (index, child) in node.children.iter().enumerate() {
        // Below an exponent there is no room: only what it stands on shows its value.
        let (is_exponent, mut none) = (node.tag == "msup" && index == 1, None);
        let child = self::element(document, child, if is_exponent { &mut none } else { &mut *values })?;
        element.append_child(&child).ok()?;
    }
    let (Some(symbol), Some(values)) = (&node.symbol, values) else { return Some(element) };
    let under = document.create_element_ns(Some(NAMESPACE), "munder").ok()?;
    let value = document.create_element_ns(Some(NAMESPACE), "mtext").ok()?;
    value.set_attribute("class", "value").ok()?;
    under.append_child(&element).ok()?;
    under.append_child(&value).ok()?;
    values.push((symbol.clone(), value));
    Some(under)
}

/// What a line is broken before: a sum's next term.
const TERM: [&str; 2] = ["+", "−"];
/// What it is broken before where a term alone has no room: a product's next factor, whose sign is not seen.
const FACTOR: &str = "\u{2062}";

/// A formula in terms of factors, which stand one after another, and below one another where there is no room: each but the first
/// begins with an operator.
fn pieces(mut math: MathNode) -> Vec<Vec<MathNode>> {
    fn flatten(node: MathNode, out: &mut Vec<MathNode>) {
        let is_fenced = node.children.first().is_some_and(|first| first.text.as_deref() == Some("("));
        // What is inside brackets or is one symbol is one piece.
        if node.tag == "mrow" && node.symbol.is_none() && !is_fenced {
            node.children.into_iter().for_each(|child| flatten(child, out));
        } else {
            out.push(node);
        }
    }
    let mut parts = Vec::new();
    std::mem::take(&mut math.children).into_iter().for_each(|child| flatten(child, &mut parts));
    let of = |part: MathNode| MathNode { children: vec![part], ..math.clone() };
    let mut terms: Vec<Vec<MathNode>> = Vec::new();
    for part in parts {
        let operator = part.text.as_deref().filter(|_| part.tag == "mo").unwrap_or_default();
        let is_new_term = TERM.contains(&operator);
        match terms.last_mut().filter(|_| !is_new_term) {
            Some(factors) if operator == FACTOR => factors.push(of(part)),
            Some(factors) => match factors.last_mut() {
                Some(factor) => factor.children.push(part),
                None => factors.push(of(part)),
            },
            None => terms.push(vec![of(part)]),
        }
    }
    terms
}

/// A number in the middle of a text of this many characters.
fn centred(text: &str, width: usize) -> String {
    let room = width.saturating_sub(text.chars().count());
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
    let span = NodeRef::<html::Span>::new();
    let node = if node.tag == "math" {
        node
    } else {
        MathNode { tag: "math", attributes: Vec::new(), text: None, children: vec![node], symbol: None }
    };
    let built = StoredValue::new_local(SymbolValues::new());
    Effect::new(move |_| {
        let Some(parent) = span.get() else { return };
        parent.set_text_content(None);
        let mut values = numbers.map(|_| SymbolValues::new());
        // With its numbers a formula may be wider than its place: it is broken into lines.
        let is_whole = numbers.is_none();
        if is_whole {
            if let Some(element) = element(&document(), &node, &mut values) {
                if !text.is_empty() {
                    let _ = element.set_attribute("alttext", &text);
                }
                let _ = parent.append_child(&element);
            }
        } else {
            for term in pieces(node.clone()) {
                let Ok(place) = document().create_element("span") else { continue };
                for factor in term {
                    let element = element(&document(), &factor, &mut values);
                    element.into_iter().for_each(|element| drop(place.append_child(&element)));
                }
                let _ = parent.append_child(&place);
            }
            // Pieces are one formula to who does not see them.
            let _ = parent.set_attribute("role", "math");
            let _ = parent.set_attribute("aria-label", &text);
        }
        built.set_value(values.unwrap_or_default());
    });
    if let Some(numbers) = numbers {
        Effect::new(move |_| {
            span.track();
            numbers.with(|numbers| {
                let mark = numbers.mark();
                built.with_value(|values| {
                    for (symbol, element) in values {
                        let value = numbers.values().iter().find(|(other, _)| other == symbol);
                        let before = element.text_content().unwrap_or_default();
                        // As wide as the widest so far: the formula does not move with each number, and a constant takes
                        // no more room than it needs.
                        let value = value.map_or_else(|| "–".to_owned(), |(_, value)| mark.of(precise(*value)));
                        // One character more: it must not touch its neighbour's.
                        let text = centred(&value, before.chars().count().max(value.chars().count() + 1));
                        if before != text {
                            element.set_text_content(Some(&text));
                        }
                    }
                });
            });
        });
    }
    view! { <span node_ref=span></span> }
}
