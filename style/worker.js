// An engine worker: waits for the address of the program's glue and the compiled module, then starts the same program,
// which sees from its global scope that it is a worker.
self.onmessage = ({ data: [glue, module] }) => {
  self.onmessage = null;
  import(glue)
    .then(({ default: init }) => init({ module_or_path: module }))
    // The page is notified of errors, not of rejected promises.
    .catch((error) => setTimeout(() => { throw error; }));
};
