import http from 'node:http';

/** The response to a request to the server's own API. */
export interface Answer {
  status: number;
  body: string;
}

const MAX_BODY_BYTES = 1024 * 1024;

interface AskOptions {
  headers?: Record<string, string>;
  agent?: http.Agent;
  timeoutMs: number;
}

/** GET on the loopback address, within `timeoutMs`. @throws Error if there is no complete response */
export function httpGet(port: number, path: string, options: AskOptions): Promise<Answer> {
  return ask('GET', port, path, options);
}

/** The same as POST, without a body. */
export function httpPost(port: number, path: string, options: AskOptions): Promise<Answer> {
  return ask('POST', port, path, options);
}

function ask(method: string, port: number, path: string, options: AskOptions): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const request = http.request(
      {
        method,
        host: '127.0.0.1',
        port,
        path,
        headers: options.headers ?? {},
        agent: options.agent ?? false,
        signal: AbortSignal.timeout(options.timeoutMs),
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          body += part;
          if (body.length > MAX_BODY_BYTES) request.destroy(new Error('answer too long'));
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end();
  });
}
