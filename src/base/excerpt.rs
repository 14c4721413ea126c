//! The beginning of a text, for messages.

/// How much of a refused value a message repeats, in characters.
const MOST_REPEATED: usize = 40;

/// The beginning of a refused text, enough to recognise it by: a message is never as long as what it refuses.
pub fn beginning(text: &str) -> String {
    let mut short: String = text.chars().take(MOST_REPEATED).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(beginning("short"), "short");
        let cut = beginning(&"é".repeat(300_000));
        assert_eq!(cut, "é".repeat(MOST_REPEATED) + "…");
    }
}
