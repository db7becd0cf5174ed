import http from 'node:http';

/** What a request to the server's own API gave. */
export interface Answer {
  status: number;
  body: string;
}

const MAX_BODY_BYTES = 1024 * 1024;

/** GET from the loopback address, within `timeoutMs`. @throws Error when there is no whole answer */
export function httpGet(
  port: number,
  path: string,
  options: { headers?: Record<string, string>; agent?: http.Agent; timeoutMs: number },
): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const request = http.get(
      {
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
  });
}
