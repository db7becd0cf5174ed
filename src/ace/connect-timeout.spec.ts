import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { viewOf } from '../config';
import { AceEngineClient } from './ace-engine-client';
import { type EngineEndpoint } from './ace.types';

/** Listens, then never accepts a connection, because its thread sleeps. */
const SLEEPER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });`;

describe('an engine whose host drops connection requests', () => {
  let sleeper: Worker;
  let endpoint: EngineEndpoint;
  const fillers: Socket[] = [];
  const config = { proxyConnectionTimeoutMs: 100 };
  const ace = new AceEngineClient(viewOf(config, { connectTimeoutMs: 'proxyConnectionTimeoutMs' }));

  beforeAll(async () => {
    sleeper = new Worker(SLEEPER, { eval: true });
    const [port] = (await once(sleeper, 'message')) as [number];
    endpoint = { host: '127.0.0.1', port };
    // The kernel completes backlog + 1 connections by itself; further ones wait unanswered.
    for (let i = 0; i < 8; i++) {
      fillers.push(connect(port, '127.0.0.1').on('error', () => undefined));
    }
    await once(fillers[1]!, 'connect');
  });

  afterAll(async () => {
    fillers.forEach((socket) => socket.destroy());
    await ace.close();
    await sleeper.terminate();
  });

  it('does not use up the budget of an API call', async () => {
    await expect(ace.probe(endpoint, { timeoutMs: 15_000 })).rejects.toMatchObject({
      kind: 'engine',
      reason: 'connect_timeout',
    });
  });

  it('follows changes of PROXY_CONNECTION_TIMEOUT', async () => {
    config.proxyConnectionTimeoutMs = 50;
    await expect(ace.probe(endpoint, { timeoutMs: 15_000 })).rejects.toMatchObject({
      detail: expect.stringContaining('50 ms'),
    });
  });

  it('does not use up the budget for opening media', async () => {
    const { signal } = new AbortController();
    await expect(
      ace.openMedia(endpoint, '/ace/r/a/b', { timeoutMs: 15_000, signal }),
    ).rejects.toMatchObject({ kind: 'engine', reason: 'connect_timeout' });
  });
});
