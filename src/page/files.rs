//! Files beside the page that are loaded once they are needed, by the page or by a worker.

use brink_engine::task::DataFile;
use js_sys::{ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Response, Url};

#[wasm_bindgen]
extern "C" {
    /// `import.meta` of the program's glue, which lies beside the page's other files.
    #[wasm_bindgen(thread_local_v2, js_namespace = import, js_name = meta)]
    static META: JsValue;

    /// That of whichever global scope this is.
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(address: &str) -> Promise;
}

/// The address of the program's glue.
pub fn glue() -> Result<JsValue, JsValue> {
    META.with(|meta| js_sys::Reflect::get(meta, &"url".into()))
}

/// Why a file could not be loaded.
#[derive(Debug, thiserror::Error)]
#[error("{0} could not be loaded")]
pub struct LoadError(String);

/// Loads a file that lies beside the page.
async fn load(name: &str) -> Result<Response, LoadError> {
    let refused = |_| LoadError(name.to_owned());
    let glue = glue().map_err(refused)?.as_string().unwrap_or_default();
    let address = Url::new_with_base(name, &glue).map_err(refused)?;
    let response = JsFuture::from(fetch(&address.href())).await.map_err(refused)?;
    let response: Response = response.dyn_into().map_err(refused)?;
    if response.ok() { Ok(response) } else { Err(LoadError(name.to_owned())) }
}

/// Loads a text that lies beside the page.
pub async fn text(name: &str) -> Result<String, LoadError> {
    let refused = |_| LoadError(name.to_owned());
    let body = load(name).await?.text().map_err(refused)?;
    let text = JsFuture::from(body).await.map_err(refused)?;
    text.as_string().ok_or_else(|| LoadError(name.to_owned()))
}

/// Loads the data that a task reads, unless it is there.
pub async fn provide(file: &DataFile) -> Result<(), LoadError> {
    if file.bytes().is_some() {
        return Ok(());
    }
    let refused = |_| LoadError(file.name.to_owned());
    let body = load(file.name).await?.array_buffer().map_err(refused)?;
    let buffer: ArrayBuffer = JsFuture::from(body).await.map_err(refused)?.dyn_into().map_err(refused)?;
    file.provide(Uint8Array::new(&buffer).to_vec()).map_err(|error| LoadError(error.to_string()))
}
