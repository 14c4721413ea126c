//! Parts of the documentation that are made from what they describe.

use std::path::Path;

/// Compares the part of a page of `docs/` between two marks with what it must be, or writes it where `BRINK_WRITE_DOCS` is set.
///
/// # Panics
///
/// If they differ.
pub fn check(page: &str, mark: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    let text = std::fs::read_to_string(&path).expect("the page");
    let (start, end) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->\n"));
    let (before, rest) = text.split_once(&start).unwrap_or_else(|| panic!("{page} has no mark {mark}"));
    let (found, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{page} has no end of {mark}"));
    if std::env::var_os("BRINK_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{start}{expected}{end}{after}")).expect("a page that can be written");
    } else {
        assert_eq!(found, expected, "{page}: make it again with BRINK_WRITE_DOCS=1");
    }
}
