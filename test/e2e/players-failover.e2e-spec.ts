import { connect } from 'node:net';
import {
  eventually,
  freePort,
  newContentId,
  startProduct,
  startSimulator,
  streamPath,
  type Child,
  type Product,
  type Simulator,
} from './support';
import { runAsNobody, runProgram, whyNoPrograms } from './support/programs';
import { clientsOf } from './support/session-facts';

const PLAYS_WITHIN_MS = 60_000;
/** More than players have buffered, so that the later pictures came after the kill. */
const BEYOND_S = 6;

interface RunningPlayer {
  readonly child: Child;
  /** The second of the stream that the player shows. */
  readonly seconds: () => Promise<number>;
}

/** A player without a screen. */
interface Player {
  readonly name: string;
  readonly needs: readonly string[];
  readonly start: (url: string) => Promise<RunningPlayer>;
}

/** The newest number in the player's output. */
function newestOf(child: Child, pattern: RegExp): number {
  for (let n = child.lines.length - 1; n >= 0; n -= 1) {
    const found = pattern.exec(child.lines[n]!)?.[1];
    if (found !== undefined) return Number(found);
  }
  return 0;
}

/** One command to VLC's remote control. */
async function askVlc(port: number, question: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 2000 });
    let text = '';
    const finish = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on('connect', () => socket.write(`${question}\nlogout\n`));
    socket.on('data', (data: Buffer) => (text += data.toString()));
    socket.on('close', finish).on('error', finish).on('timeout', finish);
  });
}

const PLAYERS: readonly Player[] = [
  {
    name: 'ffmpeg',
    needs: ['ffmpeg'],
    start: (url) => {
      const child = runProgram(
        'ffmpeg',
        ...['-hide_banner', '-nostdin', '-v', 'warning', '-progress', 'pipe:1', '-i', url],
        ...['-map', '0:v', '-map', '0:a', '-f', 'null', '-'],
      );
      const seconds = (): number => newestOf(child, /^out_time_us=(\d+)/) / 1e6;
      return Promise.resolve({ child, seconds: () => Promise.resolve(seconds()) });
    },
  },
  {
    name: 'mpv',
    needs: ['mpv'],
    start: (url) => {
      const child = runProgram(
        'mpv',
        ...['--no-config', '--vo=null', '--ao=null', '--input-terminal=no', '--no-terminal'],
        ...['--terminal=yes', '--term-status-msg=at ${=time-pos}\n', url],
      );
      const seconds = (): number => newestOf(child, /at (\d+(?:\.\d+)?)/);
      return Promise.resolve({ child, seconds: () => Promise.resolve(seconds()) });
    },
  },
  {
    name: 'VLC',
    needs: process.getuid?.() === 0 ? ['cvlc', 'runuser'] : ['cvlc'],
    start: async (url) => {
      const port = await freePort();
      const child = runAsNobody(
        'cvlc',
        ...[
          '--extraintf',
          'oldrc',
          '--rc-fake-tty',
          '--rc-host',
          `127.0.0.1:${port}`,
          '--no-dbus',
          '--no-color',
        ],
        ...['--vout', 'vdummy', '--aout', 'adummy', '--avcodec-hw=none', '--play-and-exit', url],
      );
      const seconds = async (): Promise<number> =>
        Number(/^(?:> )?(\d+)\s*$/m.exec(await askVlc(port, 'get_time'))?.[1] ?? 0);
      return { child, seconds };
    },
  },
];

describe('players continue on their connections when their engine is killed', () => {
  let engines: Simulator[];
  let product: Product;

  beforeAll(async () => {
    engines = await Promise.all(
      ['one', 'two'].map((name) => startSimulator({ name, bitrateMbps: 2 })),
    );
    product = await startProduct({ engines });
  });

  const why = whyNoPrograms(...PLAYERS.flatMap(({ needs }) => needs));
  const names = PLAYERS.map(({ name }) => name).join(', ');
  (why === null ? it : it.skip)(`${names} ${why ?? ''}`, async () => {
    const id = newContentId();
    const url = product.url(streamPath(id));
    const players = await Promise.all(PLAYERS.map(({ start }) => start(url)));
    await Promise.all(players.map((player) => shows(player, 1)));
    const clientIds = async (): Promise<string[]> =>
      (await clientsOf(product, id)).map(({ client_id: client }) => client);
    const before = await clientIds();
    expect(before).toHaveLength(PLAYERS.length);
    const { engine_port: port } = await product.session(id);
    const seconds = await Promise.all(players.map((player) => player.seconds()));
    // The next source reaches back before the cut, however late it is opened.
    await Promise.all(engines.map((engine) => engine.setContent(id, { burst_seconds: 15 })));
    engines.find(({ httpPort }) => httpPort === port)!.kill();
    await Promise.all(players.map((player, n) => shows(player, seconds[n]! + BEYOND_S)));
    expect(await product.session(id)).toMatchObject({ state: 'live', failovers: 1 });
    expect(await clientIds()).toEqual(before);
    for (const { child } of players) {
      expect(child.ended).toBeNull();
      expect(child.lines.join('\n')).not.toMatch(
        /error while decoding|corrupt|concealing|discontinuity|ts demux error/i,
      );
    }
  });

  async function shows({ child, seconds }: RunningPlayer, second: number): Promise<void> {
    await eventually(
      async () => {
        if (child.ended !== null) throw new Error(`it has ended:\n${child.tail()}`);
        return (await seconds()) > second;
      },
      PLAYS_WITHIN_MS,
      `second ${second} shown by ${child.name}`,
    );
  }
});
