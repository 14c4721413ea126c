// Starts the page's program. A file, not an inline script: the page's Content-Security-Policy allows no other. The names of
// the program's files carry a hash of their content; the build writes them into index.html.
const { script, wasm } = document.querySelector('meta[name="program"]').dataset;
const address = (file) => new URL(file, document.baseURI);

import(address(script))
  .then(({ default: init }) => init({ module_or_path: address(wasm) }))
  .catch((error) => {
    // The line that stands in index.html stays; the reason goes to the console.
    console.error('Brink did not start:', error);
  });
