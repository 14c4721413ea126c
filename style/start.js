// Starts the page's program. A file, not an inline script: the page's Content-Security-Policy allows no other. The names of
// the program's files carry a hash of their content; the build writes them into index.html.
const { script, wasm } = document.querySelector('meta[name="program"]').dataset;
const address = (file) => new URL(file, document.baseURI);
const element = (id) => document.getElementById(id);

document.querySelector('#waiting .late')?.remove();
element('reload').addEventListener('click', () => location.reload());

import(address(script))
  .then(({ default: init }) => init({ module_or_path: address(wasm) }))
  .catch((error) => {
    console.error('Brink did not start:', error);
    // A panic while it starts has shown its own notice already.
    if (!element('failure').hidden) return;
    element('waiting')?.remove();
    element('failure-reason').textContent = error?.message || String(error);
    element('failure').hidden = false;
  });
