//! Starts a worker from a blob of the script that a worker begins with.
//!
//! Nothing has to be fetched for it, which on a slow network brings the first curve forward by two round trips: browsers ask
//! for the one script of several workers one after the other.
//!
//! It is also the only way in a frame sandboxed without `allow-same-origin`: such a page has an opaque origin, to which even its
//! own server is foreign, so `new Worker("./worker.js")` throws a `SecurityError` (Chromium, Safari) or fires `error` (Firefox),
//! whatever CORS headers the script comes with. A blob that the page makes has the page's origin; but there a module worker from
//! a blob fires `error`, too (Chromium 156), so this is a classic one, which may import modules as well.
//! Source: <https://github.com/whatwg/html/issues/12046>.

use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::{Blob, BlobPropertyBag, Url, Worker};

/// The script that a worker begins with.
const SCRIPT: &str = include_str!("../../style/worker.js");

/// Starts a worker from a blob of the script. It imports the program's glue by an absolute address.
pub fn start() -> Result<Worker, JsValue> {
    thread_local! {
        /// One address for as long as the page: a worker may read it after its constructor returned.
        static ADDRESS: Result<String, JsValue> = {
            let kind = BlobPropertyBag::new();
            kind.set_type("text/javascript");
            Blob::new_with_str_sequence_and_options(&Array::of1(&SCRIPT.into()), &kind)
                .and_then(|blob| Url::create_object_url_with_blob(&blob))
        };
    }
    let address = ADDRESS.with(Clone::clone)?;
    Worker::new(&address)
}
