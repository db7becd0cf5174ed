import {
  call,
  eventually,
  newContentId,
  openViewer,
  SIM_PIDS,
  startProduct,
  startSimulator,
  StreamAudit,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { decode, fromFirstFlag } from './support/recording';
import { whyNoPrograms } from './support/programs';
import { expectHonest, expectUntouched, videoAfterFlag } from './support/session-facts';

const STALL_MS = 1500;
/** A busy machine, and the start of the next source with it. */
const SLACK_MS = 2500;
const KEPT_BYTES = 10_000_000;
const PICTURES_PER_S = 25;
const ENV = {
  MAX_STREAMS_PER_ENGINE: '100',
  PROXY_STARTS_PER_ENGINE: '100',
  PROXY_STARTS_TOTAL: '300',
  PROXY_STALL_TIMEOUT: `${STALL_MS}ms`,
  PROXY_RETRY_BASE: '50ms',
  LOOP_DETECTION: 'failover',
  LOOP_DETECTION_AFTER: '1s',
  LOG_LEVEL: 'info',
};

/** A content that is being watched, and the engines before anything happens. */
interface Scene {
  readonly id: string;
  readonly engine: Simulator;
  readonly others: readonly Simulator[];
}

interface Cause {
  readonly name: string;
  /** What the engines do; the media, or the engine session, are lost by it. */
  readonly strike: (scene: Scene) => Promise<void>;
  /** Outcomes of the sources in order; the last one plays. */
  readonly sources: readonly RegExp[];
  /** Rule 23: a new session on the same engine comes first only after what is most often one session's trouble. */
  readonly endsOn: 'same' | 'other' | 'any';
  /** Longest time without media that a viewer bears, slack aside; the new engine session takes 300 ms. */
  readonly silenceMs: number;
  /** `proved`: the new source's past reaches behind the cut. `flagged`: it can not, or the old media are no guide. */
  readonly splice: 'proved' | 'flagged';
  /** What came before the splice is the cause itself. */
  readonly isDamagedBefore?: true;
}

const PLAYING = /^playing$/;
/** A reset that comes along with unread bytes is told as an end by the runtime. */
const CUT = /^(?:reset|end)$/;
const act =
  (action: string, more: Readonly<Record<string, unknown>> = {}) =>
  ({ id, engine }: Scene): Promise<void> =>
    engine.actOnReaders(action, { content: id, ...more });

/** The next requests of the content to its engine fail, then the media end. */
const endsAndRefuses =
  (fault: { readonly kind: string } & Readonly<Record<string, unknown>>) =>
  async ({ id, engine }: Scene): Promise<void> => {
    await engine.fault({ ...fault, content: id });
    await engine.actOnReaders('end', { content: id });
  };

const onSame = { endsOn: 'same', silenceMs: 0, splice: 'proved' } as const;
const onOther = { endsOn: 'other', silenceMs: 0, splice: 'proved' } as const;
const GONE = /^the engine session is gone$/;

const CAUSES: readonly Cause[] = [
  { name: 'the stream ends', strike: act('end'), sources: [/^end$/, PLAYING], ...onSame },
  {
    name: 'the connection is reset',
    strike: act('reset'),
    sources: [CUT, PLAYING],
    ...onSame,
  },
  {
    name: 'the connection is reset within a packet',
    strike: act('cut_mid_packet', { how: 'reset' }),
    sources: [CUT, PLAYING],
    ...onSame,
  },
  {
    name: 'silence with an open socket',
    strike: act('stall'),
    sources: [/^silence$/, PLAYING],
    ...onOther,
    silenceMs: STALL_MS,
  },
  {
    name: 'garbage that does not become packets again',
    strike: async ({ id, engine }) => {
      // Faults strike playbacks that begin: the one that follows a reset. The cut is between two packets, since
      // the damaged rest of one would be no proof of anything.
      await engine.fault({
        ...{ kind: 'html_in_middle', content: id, bytes: 188 * 3700 },
        ...{ html: 'x'.repeat(1000), repeat: 2000 },
      });
      await engine.actOnReaders('reset', { content: id });
    },
    sources: [CUT, /^garbage$/, PLAYING],
    ...onOther,
  },
  {
    name: 'the session is stolen, with an end',
    strike: act('steal', { how: 'end' }),
    sources: [/^end$/, PLAYING],
    ...onSame,
  },
  {
    name: 'the session is stolen, with a reset',
    strike: act('steal', { how: 'reset' }),
    sources: [CUT, PLAYING],
    ...onSame,
  },
  {
    name: 'the session is stolen, and the reader freezes',
    strike: act('steal', { how: 'freeze' }),
    // Whether the statistics or the silence tell first is a matter of moments, and so is where it leads.
    sources: [/^silence$|^the engine session is gone$/, PLAYING],
    endsOn: 'any',
    silenceMs: STALL_MS,
    splice: 'proved',
  },
  {
    name: 'another player takes the content over on the same engine',
    strike: async ({ id, engine }) => {
      const path = `/ace/getstream?id=${id}&format=json&pid=thief`;
      expect((await call({ port: engine.httpPort, path })).body.error).toBeNull();
    },
    sources: [/^end$|^the engine session is gone$/, PLAYING],
    ...onSame,
  },
  {
    name: 'the statistics say: unknown playback session id',
    strike: ({ id, engine }) => engine.fault({ kind: 'stat_unknown', content: id, times: 2 }),
    sources: [GONE, PLAYING],
    ...onSame,
  },
  {
    name: 'the statistics say: got newer download',
    strike: ({ id, engine }) =>
      engine.fault({
        ...{ kind: 'json_error', text: 'got newer download', where: 'stat' },
        ...{ content: id, times: 2 },
      }),
    sources: [GONE, PLAYING],
    ...onSame,
  },
  {
    name: 'the statistics say: 403',
    strike: ({ id, engine }) =>
      engine.fault({ kind: 'http_status', status: 403, where: 'stat', content: id, times: 2 }),
    sources: [GONE, PLAYING],
    ...onSame,
  },
  {
    name: 'an end, and the same engine refuses with 403',
    strike: endsAndRefuses({ kind: 'http_status', status: 403 }),
    sources: [/^end$/, /^http_403/, PLAYING],
    ...onOther,
  },
  {
    name: 'an end, and the same engine refuses with 500',
    strike: endsAndRefuses({ kind: 'http_status', status: 500 }),
    sources: [/^end$/, /^http_500/, PLAYING],
    ...onOther,
  },
  {
    name: 'an end, and the same engine talks nonsense',
    strike: endsAndRefuses({ kind: 'malformed_json' }),
    sources: [/^end$/, /^bad_json/, PLAYING],
    ...onOther,
  },
  {
    name: 'an end, and the same engine does not answer within its second',
    strike: endsAndRefuses({ kind: 'never' }),
    sources: [/^end$/, /timeout/, PLAYING],
    ...onOther,
    silenceMs: 1000,
  },
  {
    name: 'an end, and the new session is gone before its media: unknown playback session id',
    strike: endsAndRefuses({
      ...{ kind: 'http_status', where: 'playback', status: 500 },
      body: 'unknown playback session id',
    }),
    sources: [/^end$/, /unknown playback session id/, PLAYING],
    ...onOther,
  },
  {
    name: 'an end, and the new session is gone before its media: got newer download',
    strike: endsAndRefuses({
      ...{ kind: 'http_status', where: 'playback', status: 500 },
      body: 'got newer download',
    }),
    sources: [/^end$/, /got newer download/, PLAYING],
    ...onOther,
  },
  {
    name: 'an end, and every engine refuses at first',
    strike: async ({ id, engine, others }) => {
      const refusal = { kind: 'http_status', status: 500, content: id, times: 1 };
      await Promise.all([engine, ...others].map((one) => one.fault(refusal)));
      await engine.actOnReaders('end', { content: id });
    },
    sources: [/^end$/, /^http_500/, /^http_500/, /^http_500/, PLAYING],
    endsOn: 'any',
    silenceMs: 0,
    splice: 'proved',
  },
  {
    name: 'silence, and what other engines have begins later',
    strike: async (scene) => {
      await Promise.all(scene.others.map((one) => one.setContent(scene.id, { burst_seconds: 0 })));
      await act('stall')(scene);
    },
    sources: [/^silence$/, PLAYING],
    endsOn: 'other',
    // A source without a past is entered at its first key frame, and one comes each second.
    silenceMs: STALL_MS,
    splice: 'flagged',
  },
  {
    name: 'the same seconds come again and again',
    strike: act('loop_back', { seconds: 3 }),
    sources: [/^the stream repeats itself$/, PLAYING],
    ...onOther,
    splice: 'flagged',
    isDamagedBefore: true,
  },
];

describe('what a viewer gets when', () => {
  let engines: Simulator[];
  let product: Product;
  const viewers = new Map<Cause, Viewer>();
  const ids = new Map<Cause, string>();
  const struck = new Map<Cause, Promise<Scene>>();

  beforeAll(async () => {
    engines = await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        startSimulator({ name, bitrateMbps: 1, startDelayMs: 300, burstSeconds: 4 }),
      ),
    );
    product = await startProduct({ engines, env: ENV });
    for (const cause of CAUSES) {
      const id = newContentId();
      ids.set(cause, id);
      viewers.set(cause, openViewer(product.url(streamPath(id)), { keepBytes: KEPT_BYTES }));
    }
    await Promise.all([...viewers.values()].map((viewer) => viewer.playing()));
    // All at once, each on its own content; the tests look at how it went.
    for (const cause of CAUSES) {
      const run = strike(cause);
      run.catch(() => undefined);
      struck.set(cause, run);
    }
  });

  async function strike(cause: Cause): Promise<Scene> {
    const id = ids.get(cause)!;
    const viewer = viewers.get(cause)!;
    await viewer.receiveMore(1500);
    const { container_id: engineId } = await product.session(id);
    const engine = engines.find((one) => one.engineId === engineId)!;
    const scene = { id, engine, others: engines.filter((one) => one !== engine) };
    await cause.strike(scene);
    await eventually(
      async () => {
        const { state, attempts } = await product.session(id);
        const outcomes = attempts.map(({ outcome }: { outcome: string }) => outcome);
        if (state === 'live' && outcomes.length === cause.sources.length) return true;
        throw new Error(`${state}: ${outcomes.join(', ')}; ${viewer.audit.describe()}`);
      },
      20_000,
      'the next source',
    );
    // Until the media are behind what was there when the source broke.
    await viewer.receiveMore(2500);
    return scene;
  }

  const why = whyNoPrograms('ffmpeg');
  const test = why === null ? it : it.skip;

  test.each(CAUSES.map((cause) => [cause.name, cause] as const))(
    `%s ${why ?? ''}`,
    async (_, cause) => {
      const { id, engine } = await struck.get(cause)!;
      const viewer = viewers.get(cause)!;
      const { audit } = viewer;
      expect(viewer.ending).toBeNull();

      // Where it went, and why.
      const session = await product.session(id);
      const outcomes = session.attempts.map(({ outcome }: { outcome: string }) => outcome);
      expect(outcomes).toEqual(cause.sources.map((source) => expect.stringMatching(source)));
      expect(session).toMatchObject({ state: 'live', client_count: 1, error: null });
      if (cause.endsOn === 'same') expect(session.container_id).toBe(engine.engineId);
      if (cause.endsOn === 'other') expect(session.container_id).not.toBe(engine.engineId);

      // How long it took.
      expect(audit.longestGapMs).toBeLessThan(cause.silenceMs + SLACK_MS);
      if (cause.silenceMs > 0) expect(audit.longestGapMs).toBeGreaterThan(cause.silenceMs - 300);

      // What was lost or repeated, and whether that was said.
      if (cause.splice === 'proved') {
        expectUntouched(audit);
        expect(audit.continuityErrors + audit.tableContinuityErrors).toBe(0);
      } else {
        expect(audit.markers.jumps).toHaveLength(1);
        expect(audit.markers.jumps[0]!.ms).toBeGreaterThan(0);
        expect(videoAfterFlag(viewer.kept())).toBe('key frame');
      }
      const body = cause.splice === 'proved' ? viewer.kept() : fromFirstFlag(viewer.kept());
      for (const seen of cause.isDamagedBefore ? [audited(body)] : [audit, audited(body)]) {
        expectHonest(seen);
        expectOneTimeline(seen);
      }
      expect(audit.markers.infohashes).toHaveLength(1);

      // Whether it can be decoded: all of it, or all from where the flag tells players to begin anew.
      const { complaints, pictures } = await decode(body);
      expect(complaints).toEqual([]);
      expect(pictures).toBeGreaterThan(PICTURES_PER_S);
    },
  );

  function audited(body: Buffer): StreamAudit {
    const audit = new StreamAudit();
    audit.feed(body);
    return audit;
  }

  /** Clock references and decode times go forward, as if nothing had happened. */
  function expectOneTimeline({ pids, markers }: StreamAudit): void {
    const video = pids.get(SIM_PIDS.video)!;
    expect(video).toMatchObject({ backSteps: 0, clockBackSteps: 0 });
    expect(pids.get(SIM_PIDS.audio)).toMatchObject({ backSteps: 0 });
    const missingMs = Math.max(0, ...markers.jumps.map(({ ms }) => ms));
    expect(video.largestClockStepMs!).toBeLessThan(missingMs + 200);
    expect(video.largestStepMs).toBeLessThan(missingMs + 200);
  }
});
