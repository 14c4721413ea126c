//! MathML trees as elements of the document.

use leptos::html;
use leptos::prelude::*;
use web_sys::{Document, Element};

use crate::rule::MathNode;

const NAMESPACE: &str = "http://www.w3.org/1998/Math/MathML";

/// Builds the elements of a tree: text goes in as text, so no rule can smuggle markup in.
fn element(document: &Document, node: &MathNode) -> Option<Element> {
    let element = document.create_element_ns(Some(NAMESPACE), node.tag).ok()?;
    for (name, value) in &node.attributes {
        element.set_attribute(name, value).ok()?;
    }
    if let Some(text) = &node.text {
        element.set_text_content(Some(text));
    }
    for child in &node.children {
        let child = self::element(document, child)?;
        element.append_child(&child).ok()?;
    }
    Some(element)
}

/// A formula. A tree that is not a `math` element (a symbol out of one) gets one around it. `text` is the same in plain
/// text, for readers that do not speak MathML; it may be empty.
#[component]
pub fn Formula(node: MathNode, #[prop(optional)] text: String) -> impl IntoView {
    let place = NodeRef::<html::Span>::new();
    let node = if node.tag == "math" {
        node
    } else {
        MathNode { tag: "math", attributes: Vec::new(), text: None, children: vec![node], symbol: None }
    };
    Effect::new(move |_| {
        let Some(place) = place.get() else { return };
        place.set_text_content(None);
        if let Some(element) = element(&document(), &node) {
            if !text.is_empty() {
                let _ = element.set_attribute("alttext", &text);
            }
            let _ = place.append_child(&element);
        }
    });
    view! { <span node_ref=place></span> }
}
