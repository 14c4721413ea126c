// `make serve`: serves a folder until it is stopped. Arguments: folder, port.
import { serve } from './server.mjs';

const [folder = 'dist', port = '8080'] = process.argv.slice(2);
try {
  await serve(folder, Number(port));
  console.log(`Brink is at http://127.0.0.1:${port} (Ctrl-C stops it)`);
} catch (error) {
  console.error(error.code === 'EADDRINUSE' ? `error: port ${port} is in use; try: make serve PORT=8081` : `error: ${error.message}`);
  process.exit(1);
}
