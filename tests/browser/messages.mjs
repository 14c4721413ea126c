// The messages between the page and its workers, as far as tests read and change them. They are MessagePack.

/** Runs in the page before its program: notes how far each shard says it is, in `window.reports`, as [shard, step]. */
export const watchReports = () => {
  window.reports = [];
  const number = (bytes, at) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (bytes[at] < 0x80) return bytes[at];
    return { 0xcc: () => view.getUint8(at + 1), 0xcd: () => view.getUint16(at + 1), 0xce: () => view.getUint32(at + 1) }[bytes[at]]();
  };
  const after = (bytes, text, from) => {
    const word = new TextEncoder().encode(text);
    for (let at = from; at + word.length <= bytes.length; at++) {
      if (word.every((byte, i) => bytes[at + i] === byte)) return at + word.length;
    }
    return -1;
  };
  window.Worker = class extends Worker {
    constructor(...options) {
      super(...options);
      this.addEventListener('message', ({ data }) => {
        const bytes = new Uint8Array(data.slice(0));
        const progress = after(bytes, 'Progress', 0);
        if (progress < 0) return;
        window.reports.push([number(bytes, after(bytes, 'shard', 0)), number(bytes, after(bytes, 'step', progress))]);
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
      const key = new TextEncoder().encode('runs');
      for (let at = bytes.length - key.length - 2; at > 0; at--) {
        // The list of the shard's runs, in the order of the request its last list of that name; its first run becomes the 127th.
        if (key.every((byte, i) => bytes[at + i] === byte) && bytes[at + key.length] > 0x90) {
          bytes[at + key.length + 1] = 0x7f;
          break;
        }
      }
    }
    return send.call(this, message, transfer);
  };
};

/** The script of a worker that says it is ready, as the engine does, and ends by itself before it has trained. */
export const DYING_WORKER = `
  const text = new TextEncoder().encode('Ready');
  postMessage(new Uint8Array([0xa0 + text.length, ...text]).buffer);
  setTimeout(() => { throw new Error('it ended by itself'); }, 50);
`;
