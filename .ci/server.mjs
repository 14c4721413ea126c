// A static file server for the built page: what `make serve` and the end-to-end tests use.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
  '.json': 'application/json',
};

/** The names that trunk gives: `page-0123456789abcdef_bg.wasm`. */
const HASHED = /-[0-9a-f]{16}(_bg)?\.\w+$/;

/**
 * Serves the folder `root` at http://127.0.0.1:`port` under `base` ("/" or "/sub/folder/").
 * A file whose name carries a hash of its content never changes; all others are checked again at every request (`no-cache`).
 * `headers` come with every file.
 */
export function serve(root, port, base = '/', headers = {}) {
  const server = createServer(async (request, response) => {
    const answer = (status, text) => response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
    let path;
    try {
      path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    } catch {
      return answer(400, 'bad address');
    }
    if (!path.startsWith(base)) return answer(404, 'not found');
    // A folder is its index.html, as with every server of static files.
    const name = path.slice(base.length);
    const file = normalize(join(root, name === '' || name.endsWith('/') ? `${name}index.html` : name));
    if (!file.startsWith(normalize(root + sep))) return answer(404, 'not found');
    try {
      const info = await stat(file);
      if (!info.isFile()) return answer(404, 'not found');
      const tag = `"${info.size.toString(16)}-${info.mtimeMs.toString(16)}"`;
      const head = {
        ...headers,
        'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
        'cache-control': HASHED.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache',
        etag: tag,
      };
      if (request.headers['if-none-match'] === tag) return response.writeHead(304, head).end();
      response.writeHead(200, { ...head, 'content-length': info.size });
      createReadStream(file).pipe(response);
    } catch {
      answer(404, 'not found');
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
