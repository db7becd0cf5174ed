import {
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
} from './support';
import { CUT, FailoverStage, PLAYING, type Cause, type Scene } from './support/failover-stage';
import { whyNoPrograms } from './support/programs';
import { expectHonest } from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** Longer than the delays of an engine on a busy machine. */
const STALL_MS = 6000;
/** Immediate detection must be distinguishable from detection by missing media. */
const SLACK_MS = 4500;
const ENV = {
  PROXY_STALL_TIMEOUT: `${STALL_MS}ms`,
  PROXY_RETRY_BASE: '50ms',
  ENGINE_PROBE_INTERVAL: '300ms',
  ENGINE_PROBE_TIMEOUT: '3s',
};
/** Reaches back before the break even if the next source comes late. */
const PAST_S = 16;

/** The silent engine fails either a probe or the fleet's check first. Both lead to another engine at once. */
const GIVEN_UP = /^(?:silence|engine_unresponsive|moved.*)$/;

function signalled(signal: NodeJS.Signals): Cause['strike'] {
  return ({ engine }) => {
    engine.kill(signal);
    return Promise.resolve();
  };
}

describe('the streams of viewers when their engine', () => {
  let engines: Simulator[];
  let product: Product;
  let stage: FailoverStage;

  beforeAll(async () => {
    engines = await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        startSimulator({ name, bitrateMbps: 1, startDelayMs: 300, burstSeconds: PAST_S }),
      ),
    );
    product = await startProduct({ engines, env: ENV });
    stage = new FailoverStage(product, engines, SLACK_MS);
  });

  async function isIn(state: string, { engineId }: Simulator): Promise<void> {
    await eventually(
      async () => (await product.api('GET', `/engines/${engineId}`)).body.state === state,
      30_000,
      `${engineId} ${state}`,
    );
  }

  const why = whyNoPrograms('ffmpeg');
  const test = why === null ? it : it.skip;

  async function play(cause: Cause, scene: Scene): Promise<void> {
    await stage.judge(cause, await stage.strike(cause, scene));
  }

  test.each(['hang', 'refuse'])(
    `answers no more probes (%s): its streams leave by planned moves, without a gap ${why ?? ''}`,
    async (mode) => {
      const scene = await stage.watch();
      const { engine, viewer } = scene;
      try {
        await play(
          {
            name: mode,
            strike: async () => {
              await engine.control('POST', '/__sim/mode', { mode });
            },
            sources: [/^superseded$|^engine_withdrawn/, PLAYING],
            endsOn: 'other',
            silenceMs: 0,
            splice: 'proved',
          },
          scene,
        );
        // A viewer whose stream leaves only after media are missing waits for the limit of silence.
        expect(viewer.audit.longestGapMs).toBeLessThan(withLag(STALL_MS - 1000));
      } finally {
        await engine.control('POST', '/__sim/mode', { mode: 'normal' });
      }
      await isIn('healthy', engine);
    },
  );

  test(`freezes (SIGSTOP) ${why ?? ''}`, async () => {
    const scene = await stage.watch();
    try {
      await play(
        {
          name: 'SIGSTOP',
          strike: signalled('SIGSTOP'),
          sources: [GIVEN_UP, PLAYING],
          endsOn: 'other',
          silenceMs: STALL_MS,
          splice: 'proved',
        },
        scene,
      );
    } finally {
      scene.engine.kill('SIGCONT');
    }
    await isIn('healthy', scene.engine);
  });

  test(`is killed (SIGKILL): every viewer of every content on it continues ${why ?? ''}`, async () => {
    for (const engine of engines) await isIn('healthy', engine);
    const scenes = await Promise.all([1, 2, 3, 4, 5, 6].map(() => stage.watch()));
    const killed = scenes[0]!.engine;
    const cause: Cause = {
      name: 'SIGKILL',
      // The first scene kills the engine for all.
      strike: signalled('SIGKILL'),
      // The same engine is asked once, because most broken connections concern one session.
      sources: [CUT, /: (?:connect_refused|reset)/, PLAYING],
      endsOn: 'other',
      silenceMs: 0,
      splice: 'proved',
    };
    const struck = scenes.filter(({ engine }) => engine === killed);
    const spared = scenes.filter(({ engine }) => engine !== killed);
    expect(struck.length).toBeGreaterThan(1);
    await Promise.all(struck.map((scene) => stage.strike(cause, scene)));
    for (const scene of struck) await stage.judge(cause, scene);
    for (const { viewer, id } of spared) {
      expect(viewer.ending).toBeNull();
      expectHonest(viewer.audit);
      expect(await product.session(id)).toMatchObject({ failovers: 0 });
    }
  });
});

describe('the stream of a viewer when its engine', () => {
  it('is removed for good', async () => {
    const product = await startProduct({
      env: { ENGINE_DRIVER: 'simulator', MIN_REPLICAS: '2', MAX_REPLICAS: '2' },
    });
    const id = newContentId();
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    const { container_id: engineId } = await product.session(id);
    await eventually(async () => {
      const { body } = await product.api('GET', '/engines');
      return body.length === 2 && body.every(({ state }: { state: string }) => state === 'healthy');
    }, 40_000);
    expect((await product.api('DELETE', `/engines/${engineId}`)).status).toBeLessThan(300);
    await eventually(async () => (await product.session(id)).failovers === 1, 30_000, 'a source');
    await viewer.receiveMore(2000);
    expectHonest(viewer.audit);
    // Detected before media are missing, which would take 15 s.
    expect(viewer.audit.longestGapMs).toBeLessThan(withLag(8000));
    expect(viewer.ending).toBeNull();
    const session = await product.session(id);
    expect(session.container_id).not.toBe(engineId);
    expect(session.attempts[0].outcome).toBe('engine_withdrawn');
  });
});
