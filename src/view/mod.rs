//! What is seen, without a browser.
