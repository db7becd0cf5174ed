import http from 'node:http';
import { announceListening, endWithParent } from './child-side';
import { guideParts } from './guide-source';

/** Serves a guide of the size in its first argument, in MiB. The benchmark starts it as a child process. */
const sizeMib = Number(process.argv[2] ?? '512');

const server = http.createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/xml' });
  const parts = guideParts(sizeMib * 1024 * 1024);
  const send = (): void => {
    for (;;) {
      const { value, done } = parts.next();
      if (done === true) {
        response.end();
        return;
      }
      if (!response.write(value)) {
        response.once('drain', send);
        return;
      }
    }
  };
  send();
});

endWithParent();
server.listen(0, '127.0.0.1', () => announceListening(server));
