import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { EngineDescription } from '../../engine.types';
import { CONTROL_PORT_LABEL, SimulatorDriver } from './simulator.driver';

/** The simulator's manners in a few lines: two ports, one line, ends with its parent, dies when told to. */
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

/** What the sink hears, and a way to wait for the next thing it hears. */
class RecordingSink {
  readonly announced: EngineDescription[] = [];
  readonly lost: [string, string][] = [];
  private waiting: { readonly isTrue: () => boolean; readonly resolve: () => void }[] = [];

  announce(description: EngineDescription): void {
    this.announced.push(description);
    this.wake();
  }

  lose(id: string, reason: string): void {
    this.lost.push([id, reason]);
    this.wake();
  }

  remove(): void {
    throw new Error('a simulated engine always comes back');
  }

  until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ isTrue, resolve });
      this.wake();
    });
  }

  private wake(): void {
    const ready = this.waiting.filter(({ isTrue }) => isTrue());
    this.waiting = this.waiting.filter((entry) => !ready.includes(entry));
    for (const { resolve } of ready) resolve();
  }
}

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

describe('SimulatorDriver with scripted children', () => {
  let folder: string;
  let script: string;
  let sink: RecordingSink;
  let driver: SimulatorDriver;

  beforeEach(() => {
    Logger.overrideLogger(false);
    folder = mkdtempSync(join(tmpdir(), 'simulator-driver-'));
    script = join(folder, 'main.js');
    writeFileSync(script, CHILD);
    sink = new RecordingSink();
  });

  afterEach(async () => {
    await driver.stop();
    rmSync(folder, { recursive: true });
  });

  async function start(replicas: number, playsAnyContent = false): Promise<void> {
    driver = new SimulatorDriver({ script, replicas, playsAnyContent });
    await driver.start(sink);
  }

  const portOf = (id: string) =>
    sink.announced.filter((engine) => engine.id === id).at(-1)!.endpoint.port;

  it('runs one process per engine and announces its address and where its faults are set', async () => {
    await start(2);
    expect(driver.canGrow).toBe(true);
    await sink.until(() => sink.announced.length === 2);
    expect(sink.announced.map(({ id }) => id).sort()).toEqual(['sim-1', 'sim-2']);
    expect(portOf('sim-1')).not.toBe(portOf('sim-2'));
    const label = sink.announced[0]!.labels[CONTROL_PORT_LABEL]!;
    expect(await isOpen(Number(label))).toBe(true);
    expect(JSON.parse(await ask(portOf('sim-2'), 'args'))).toEqual([
      ...['--http-port', '0', '--control-port', '0', '--exit-with-parent', '--name', 'sim-2'],
    ]);
    expect(driver.canGrow).toBe(false);
  });

  it('plays any content only when told to', async () => {
    await start(1, true);
    await sink.until(() => sink.announced.length === 1);
    expect(JSON.parse(await ask(portOf('sim-1'), 'args'))).toContain('--any-content');
  });

  it('restarts an engine that died, under its id, and says why it died', async () => {
    await start(2);
    await sink.until(() => sink.announced.length === 2);
    const before = portOf('sim-1');
    await ask(before, 'crash');
    await sink.until(() => sink.announced.length === 3);
    expect(sink.lost).toEqual([['sim-1', 'process exited with code 7: out of tea']]);
    expect(portOf('sim-1')).not.toBe(before);
    expect(await isOpen(portOf('sim-1'))).toBe(true);
  });

  it('backs off from one that cannot start, and does not expect it for ever', async () => {
    writeFileSync(script, `console.error('bad start'); process.exit(1);`);
    await start(1);
    await sink.until(() => sink.lost.length === 1);
    expect(driver.canGrow).toBe(true);
    await sink.until(() => sink.lost.length === 3);
    expect(driver.canGrow).toBe(false);
    expect(sink.announced).toEqual([]);
    expect(sink.lost[0]).toEqual(['sim-1', 'process exited with code 1: bad start']);
  });

  it('ends every process at its stop, also one that ignores SIGTERM, and starts none anew', async () => {
    await start(2);
    await sink.until(() => sink.announced.length === 2);
    await ask(portOf('sim-2'), 'stubborn');
    await driver.stop();
    expect([await isOpen(portOf('sim-1')), await isOpen(portOf('sim-2'))]).toEqual([false, false]);
    expect(sink.lost).toEqual([]);
  });

  it('stops during a start', async () => {
    await start(2);
    await driver.stop();
    expect(sink.announced).toEqual([]);
    expect(sink.lost).toEqual([]);
  });

  it('knows the demo channels without a running engine', async () => {
    driver = new SimulatorDriver({ script, replicas: 1, playsAnyContent: false });
    expect(await driver.demoChannels()).toEqual([{ id: 'ab'.repeat(20), name: 'Test card' }]);
  });

  it.each(['console.log("{}")', `console.log('[{"isLive":1}]')`, 'process.exit(1)'])(
    'refuses a catalogue from %s',
    async (text) => {
      writeFileSync(script, text);
      driver = new SimulatorDriver({ script, replicas: 1, playsAnyContent: false });
      await expect(driver.demoChannels()).rejects.toThrow();
    },
  );

  it('says clearly that the simulator is not there', async () => {
    script = join(folder, 'missing.js');
    await expect(start(1)).rejects.toThrow(
      `the engine simulator is not built: ${script} is missing`,
    );
  });
});
