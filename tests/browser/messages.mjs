// The messages between the page and its workers, as far as tests read and change them: postcard, which does not describe itself,
// so what is read here follows `src/lab/protocol.rs` and `src/lab/runner.rs`.

/** Runs in the page before its program: notes how far each shard says it is, in `window.reports`, as [shard, step]. */
export const watchReports = () => {
  window.reports = [];
  /** What the events of a reply report, or null where it is another reply. */
  const read = (buffer) => {
    const bytes = new Uint8Array(buffer);
    let at = 0;
    const number = () => {
      let value = 0;
      for (let shift = 1; ; shift *= 128) {
        const byte = bytes[at++];
        value += (byte & 127) * shift;
        if (byte < 128) return value;
      }
    };
    const skip = (count) => (at += count);
    const text = () => skip(number());
    const option = (value) => bytes[at++] && value();
    const list = (value) => {
      for (let left = number(); left > 0; left--) value();
    };
    const chunk = () => {
      number(), number(), number();
      skip(4 * number());
      list(() => (number(), skip(8)));
      list(() => (number(), skip(4)));
      list(() => (number(), number() !== 1 && skip(8)));
      skip(8);
      option(number);
    };
    if (number() !== 4) return null;
    const [shard, steps] = [number(), []];
    skip(1);
    list(() => {
      const event = [
        () => {
          [number, () => {}, () => (text(), skip(1))][number()]();
          option(text);
          text(), number();
          list(text);
        },
        () => list(chunk),
        () => (steps.push(number()), number(), skip(8)),
        () => {},
        text,
      ];
      event[number()]();
    });
    return { shard, steps };
  };
  window.Worker = class extends Worker {
    constructor(...options) {
      super(...options);
      this.addEventListener('message', ({ data }) => {
        const reply = read(data.slice(0));
        for (const step of reply?.steps ?? []) window.reports.push([reply.shard, step]);
      });
    }
  };
};

/** Runs in the page before its program: from `window.corrupt` on, workers are asked to train a run that does not exist. */
export const corruptRequests = () => {
  window.corrupt = false;
  const send = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, transfer) {
    if (window.corrupt && message instanceof ArrayBuffer) {
      const bytes = new Uint8Array(message);
      let at = 1;
      const number = () => {
        let value = 0;
        for (let shift = 1; ; shift *= 128) {
          const byte = bytes[at++];
          value += (byte & 127) * shift;
          if (byte < 128) return value;
        }
      };
      // A request to start: the shard's id, its experiment as a text, the list of its runs, the first of which becomes the 127th.
      if (bytes[0] === 2) {
        number();
        const length = number();
        at += length;
        if (number() > 0) bytes[at] = 0x7f;
      }
    }
    return send.call(this, message, transfer);
  };
};

/** The script of a worker that says it is ready, as the engine does, and ends by itself before it has trained. */
export const DYING_WORKER = `
  postMessage(new Uint8Array([0]).buffer);
  setTimeout(() => { throw new Error('it ended by itself'); }, 50);
`;
