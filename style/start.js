// Starts the page's program. A file, not an inline script: the page's Content-Security-Policy allows no other.
import init from './page.js';

init({ module_or_path: new URL('./page_bg.wasm', import.meta.url) }).catch((error) => {
  // The line that stands in index.html stays; the reason goes to the console.
  console.error('Brink did not start:', error);
});
