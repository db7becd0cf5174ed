import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { ObservedEngine } from '../engine-runtime.port';
import { readProcessUsage } from './process-usage';
import { CONTROL_PORT_LABEL } from './simulated-engine';
import { SimulatorRuntime } from './simulator-runtime';

/** A minimal simulator: it opens two ports, prints one line, ends with its parent, and exits on command. */
const CHILD = `
const net = require('node:net');
const args = process.argv.slice(2);
if (args.includes('--print-catalogue')) {
  const live = { id: 'ab'.repeat(20), infohash: 'cd'.repeat(20), name: 'Test card', isLive: 1 };
  console.log(JSON.stringify([live, { ...live, name: 'Recorded', isLive: 0 }]));
  process.exit(0);
}
process.stderr.write('x'.repeat(100000) + '\\n');
process.stdout.write('not json\\n{"event":"other"}\\n{"event":"listening","http_port":0}\\n');
if (args.includes('--any-content')) process.stdout.write('any\\n');
const http = net.createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (text) => {
    if (String(text) === 'args') socket.end(JSON.stringify(args));
    if (String(text) === 'crash') { console.error('out of tea'); process.exit(7); }
    if (String(text) === 'stubborn') process.on('SIGTERM', () => undefined) && socket.end('ok');
  });
});
const control = net.createServer();
http.listen(0, '127.0.0.1', () => control.listen(0, '127.0.0.1', () => {
  const line = { event: 'listening', http_port: http.address().port, control_port: control.address().port, pid: process.pid };
  const text = JSON.stringify(line) + '\\n';
  process.stdout.write(text.slice(0, 10));
  setImmediate(() => process.stdout.write(text.slice(10)));
}));
process.stdin.on('end', () => process.exit(0)).resume();
`;

async function ask(port: number, text: string): Promise<string> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  let answer = '';
  socket.on('data', (part) => (answer += String(part))).on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

async function isOpen(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

const KEY = '0123456789ab';

describe('SimulatorRuntime with scripted children', () => {
  let folder: string;
  let script: string;
  let runtime: SimulatorRuntime;
  let waiting: (() => void)[];

  beforeEach(() => {
    Logger.overrideLogger(false);
    folder = mkdtempSync(join(tmpdir(), 'simulator-runtime-'));
    script = join(folder, 'main.js');
    writeFileSync(script, CHILD);
    waiting = [];
  });

  afterEach(async () => {
    await runtime.close();
    rmSync(folder, { recursive: true });
  });

  function open(playsAnyContent = false): void {
    runtime = new SimulatorRuntime({ script, playsAnyContent });
    runtime.open({
      changed: () => {
        for (const look of [...waiting]) look();
      },
      vanished: () => undefined,
    });
  }

  const provision = (signal = new AbortController().signal): Promise<ObservedEngine> =>
    runtime.provision({ key: KEY, vpnSlot: null }, signal);

  const portOf = (engine: ObservedEngine) => engine.endpoint!.port;

  /** Resolves with the engine as soon as the condition is true; the runtime notifies of every change. */
  function observed(
    id: string,
    isTrue: (engine: ObservedEngine) => boolean,
  ): Promise<ObservedEngine> {
    return new Promise((resolve) => {
      const look = (): void =>
        void runtime.list().then((engines) => {
          const engine = engines.find((one) => one.id === id);
          if (engine === undefined || !isTrue(engine)) return;
          waiting = waiting.filter((one) => one !== look);
          resolve(engine);
        });
      waiting.push(look);
      look();
    });
  }

  it('runs one process per engine, and resolves when it listens', async () => {
    open();
    const [one, two] = await Promise.all([provision(), provision()]);
    expect([one.id, two.id]).toEqual(['sim-1', 'sim-2']);
    expect(one).toMatchObject({ key: KEY, phase: 'running', specHash: runtime.specHash });
    expect(portOf(one)).not.toBe(portOf(two));
    expect(await isOpen(Number(one.labels[CONTROL_PORT_LABEL]))).toBe(true);
    expect(JSON.parse(await ask(portOf(two), 'args'))).toEqual([
      ...['--http-port', '0', '--control-port', '0', '--exit-with-parent', '--name', 'sim-2'],
    ]);
    expect(await runtime.list()).toEqual([one, two]);
  });

  it('plays any content only with that option', async () => {
    open(true);
    expect(JSON.parse(await ask(portOf(await provision()), 'args'))).toContain('--any-content');
  });

  it('uses the lowest free number', async () => {
    open();
    const [one] = [await provision(), await provision(), await provision()];
    await runtime.remove('sim-2');
    await runtime.remove('sim-1');
    await runtime.remove('sim-1');
    expect(await isOpen(portOf(one))).toBe(false);
    expect((await provision()).id).toBe('sim-1');
    expect((await provision()).id).toBe('sim-2');
  });

  it('restarts an engine whose process ended under the same id, as a new incarnation with the reason', async () => {
    open();
    const before = await provision();
    await ask(portOf(before), 'crash');
    expect(await observed('sim-1', ({ endpoint }) => endpoint === null)).toMatchObject({
      phase: 'running',
      phaseDetail: 'process exited with code 7: out of tea',
    });
    const after = await observed('sim-1', ({ endpoint }) => endpoint !== null);
    expect(after.incarnation).not.toBe(before.incarnation);
    expect(await isOpen(portOf(after))).toBe(true);
  });

  it('gives up an engine whose processes end repeatedly', async () => {
    open();
    const first = await provision();
    writeFileSync(script, `console.error('bad start'); process.exit(1);`);
    await ask(portOf(first), 'crash');
    expect(await observed('sim-1', ({ phase }) => phase === 'ended')).toMatchObject({
      endpoint: null,
      phaseDetail: 'process exited with code 1: bad start',
    });
  });

  it('restarts an engine on every request', async () => {
    open();
    let before = await provision();
    for (let n = 0; n < 5; n += 1) {
      await runtime.restart('sim-1');
      const [after] = await runtime.list();
      expect(after!.incarnation).not.toBe(before.incarnation);
      expect(await isOpen(portOf(after!))).toBe(true);
      before = after!;
    }
  });

  it('leaves nothing of an engine that cannot start', async () => {
    writeFileSync(script, `console.error('bad start'); process.exit(1);`);
    open();
    await expect(provision()).rejects.toMatchObject({
      code: 'engine_exited',
      message: 'process exited with code 1: bad start',
    });
    expect(await runtime.list()).toEqual([]);
  });

  it('ends a start that was cancelled', async () => {
    writeFileSync(script, 'process.stdin.on("end", () => process.exit(0)).resume()');
    open();
    const giveUp = new AbortController();
    const failed = provision(giveUp.signal).catch((error: unknown) => error);
    giveUp.abort();
    expect(await failed).toBeInstanceOf(Error);
    expect(await runtime.list()).toEqual([]);
  });

  it('keeps the last log lines of an engine across restarts', async () => {
    open();
    const { endpoint } = await provision();
    await ask(endpoint!.port, 'crash');
    const again = await observed(
      'sim-1',
      ({ endpoint: at }) => at !== null && at.port !== endpoint!.port,
    );
    expect(again.id).toBe('sim-1');
    const { lines } = await runtime.logs('sim-1', 100);
    expect(lines).toContain('out of tea');
    expect((await runtime.logs('sim-1', 2)).lines).toHaveLength(2);
    await expect(runtime.logs('sim-9', 1)).rejects.toMatchObject({ code: 'runtime_refused' });
  });

  it('reports the usage of an engine', async () => {
    open();
    await provision();
    const usage = await runtime.usage('sim-1');
    expect(usage.memoryBytes).toBeGreaterThan(1_000_000);
    expect(usage.cpuPercent).toBeGreaterThanOrEqual(0);
    await expect(readProcessUsage(2 ** 30)).rejects.toMatchObject({ code: 'runtime_refused' });
  });

  it('ends every process when it is closed, also one that ignores SIGTERM, and starts none again', async () => {
    open();
    const engines = await Promise.all([provision(), provision()]);
    await ask(portOf(engines[1]), 'stubborn');
    await runtime.close();
    expect(await Promise.all(engines.map((one) => isOpen(portOf(one))))).toEqual([false, false]);
    await expect(provision()).rejects.toThrow('closed');
  });

  it('can be closed during a start', async () => {
    open();
    const failed = provision().catch((error: unknown) => error);
    await runtime.close();
    expect(await failed).toBeInstanceOf(Error);
  });

  it('lists the demo channels without a running engine', async () => {
    open();
    expect(await runtime.demoChannels()).toEqual([{ id: 'ab'.repeat(20), name: 'Test card' }]);
  });

  it.each(['console.log("{}")', `console.log('[{"isLive":1}]')`, 'process.exit(1)'])(
    'refuses a catalogue from %s',
    async (text) => {
      writeFileSync(script, text);
      open();
      await expect(runtime.demoChannels()).rejects.toThrow();
    },
  );

  it('reports that the simulator is missing', () => {
    script = join(folder, 'missing.js');
    expect(() => open()).toThrow(`the engine simulator is not built: ${script} is missing`);
  });
});
