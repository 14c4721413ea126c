// An engine worker: waits for the address of the program's glue and the compiled module, then starts the same program,
// which sees from its global scope that it is a worker.
self.onmessage = async ({ data: [glue, module] }) => {
  self.onmessage = null;
  const { default: init } = await import(glue);
  await init({ module_or_path: module });
};
