//! The fragment of the page's address: `#key=value&key=value`.

use crate::train::Backend;

/// What the fragment asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fragment {
    /// `backend=cpu` or `backend=gpu`: where to train, a software adapter too.
    pub backend: Option<Backend>,
    /// `bench`: measure how fast training is.
    pub bench: bool,
    /// What was not understood.
    pub unknown: Vec<String>,
}

/// The longest fragment that is read, in bytes.
pub const MOST_BYTES: usize = 8192;

impl Fragment {
    /// Reads a fragment, with or without its `#`.
    pub fn parse(text: &str) -> Self {
        let mut fragment = Self::default();
        let text = text.strip_prefix('#').unwrap_or(text);
        if text.len() > MOST_BYTES {
            fragment.unknown.push(format!("{} bytes", text.len()));
            return fragment;
        }
        for part in text.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=').unwrap_or((part, "")) {
                ("bench", "") => fragment.bench = true,
                ("backend", "cpu") => fragment.backend = Some(Backend::Cpu),
                ("backend", "gpu") => fragment.backend = Some(Backend::Gpu),
                _ => fragment.unknown.push(part.to_owned()),
            }
        }
        fragment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_read_and_the_rest_is_named() {
        let fragment = Fragment::parse("#backend=gpu&colour=red&");
        assert_eq!(fragment.backend, Some(Backend::Gpu));
        assert_eq!(fragment.unknown, ["colour=red"]);
        assert!(Fragment::parse("#bench").bench);
        assert_eq!(Fragment::parse(""), Fragment::default());
        assert_eq!(Fragment::parse("backend=tpu").unknown, ["backend=tpu"]);
        assert_eq!(Fragment::parse(&"x".repeat(9000)).unknown, ["9000 bytes"]);
    }
}
