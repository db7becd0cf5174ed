import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import type { RenderedGuide } from '../rendered-guides';
import { sendGuide } from './guide-answer';

describe('the answer with the guide', () => {
  let folder: string;
  let server: FastifyInstance;
  /** What is found by each attempt. */
  let found: RenderedGuide[];

  const guide = (key: string): RenderedGuide => {
    const path = join(folder, `${key}.xml`);
    return { key, path, gzipPath: `${path}.gz` };
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'acefleet-guide-'));
    writeFileSync(guide('present').path, '<tv/>');
    server = fastify();
    server.get('/', (request, reply) =>
      sendGuide(() => Promise.resolve(found.shift()!), request, reply),
    );
  });

  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('is the new guide if the one of before was removed since', async () => {
    found = [guide('removed'), guide('present')];
    const { statusCode, headers, body } = await server.inject('/');
    expect([statusCode, headers.etag, body]).toEqual([200, '"present"', '<tv/>']);
  });

  it('is an error without the headers of a guide if there is none', async () => {
    found = [guide('removed'), guide('removed')];
    const { statusCode, headers } = await server.inject({
      url: '/',
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(statusCode).toBe(500);
    expect(headers).not.toHaveProperty('content-encoding');
    expect(headers).not.toHaveProperty('etag');
  });
});
