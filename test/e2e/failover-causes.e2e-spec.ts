import { call, startProduct, startSimulator, type Simulator } from './support';
import { CUT, FailoverStage, PLAYING, type Cause, type Scene } from './support/failover-stage';
import { whyNoPrograms } from './support/programs';

/**
 * Immediate effects must be distinguishable from those of silence, and the same engine must have its time to answer on
 * a busy machine: LATE_MS lies between.
 */
const STALL_MS = 5500;
const SAME_ENGINE_MS = 4000;
const LATE_MS = 5000;
/** The media of the next source reach back by this much more than the silence. Much media takes time to arrive, too. */
const MORE_PAST_MS = 5000;
const BYTES_PER_S = 125_000;
/** After the burst of a source that follows without silence, and between two packets. */
const AFTER_BURST = 188 * Math.ceil((MORE_PAST_MS / 1000 + 1) * (BYTES_PER_S / 188));
/** As many streams at once as a busy machine can serve. */
const AT_ONCE = 4;
const ENV = {
  MAX_STREAMS_PER_ENGINE: '100',
  PROXY_STARTS_PER_ENGINE: '100',
  PROXY_STARTS_TOTAL: '300',
  PROXY_STALL_TIMEOUT: `${STALL_MS}ms`,
  PROXY_SAME_ENGINE_TIMEOUT: `${SAME_ENGINE_MS}ms`,
  PROXY_RETRY_BASE: '50ms',
  PROXY_KEEPALIVE_AFTER: '4s',
  LOOP_DETECTION: 'failover',
  LOOP_DETECTION_AFTER: '1s',
  LOG_LEVEL: 'info',
};

const act =
  (action: string, more: Readonly<Record<string, unknown>> = {}) =>
  ({ id, engine }: Scene): Promise<void> =>
    engine.actOnReaders(action, { content: id, ...more });

/** The next requests for the content fail on its engine, then its media end. */
const endsAndRefuses =
  (fault: { readonly kind: string } & Readonly<Record<string, unknown>>) =>
  async ({ id, engine }: Scene): Promise<void> => {
    await engine.fault({ ...fault, content: id });
    await engine.actOnReaders('end', { content: id });
  };

/** Other engines start with the present, without past media. */
const withoutPast =
  (strike: Cause['strike']): Cause['strike'] =>
  async (scene) => {
    await Promise.all(scene.others.map((one) => one.setContent(scene.id, { burst_seconds: 0 })));
    await strike(scene);
  };

const onSame = { endsOn: 'same', silenceMs: 0, splice: 'proved' } as const;
const onOther = { endsOn: 'other', silenceMs: 0, splice: 'proved' } as const;
const GONE = /^session_gone$/;

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
    name: 'garbage without any further packets',
    strike: async ({ id, engine }) => {
      // Faults affect playbacks that begin later, here the one after a reset. The cut is between two packets, because
      // the damaged rest of one would prove no overlap.
      await engine.fault({
        ...{
          kind: 'html_in_middle',
          content: id,
          bytes: AFTER_BURST,
        },
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
    // Either the statistics or the silence is detected first, which also decides about the next engine.
    sources: [/^silence$|^session_gone$/, PLAYING],
    endsOn: 'any',
    silenceMs: 0,
    lateMs: STALL_MS + LATE_MS,
    splice: 'proved',
  },
  {
    name: 'another player takes the content over on the same engine',
    strike: async ({ id, engine }) => {
      const path = `/ace/getstream?id=${id}&format=json&pid=thief`;
      expect((await call({ port: engine.httpPort, path })).body.error).toBeNull();
    },
    sources: [/^end$|^session_gone$/, PLAYING],
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
    sources: [/^end$/, /^engine_failed: http_403|^session_failed: http_403/, PLAYING],
    ...onOther,
  },
  {
    name: 'an end, and the same engine refuses with 500',
    strike: endsAndRefuses({ kind: 'http_status', status: 500 }),
    sources: [/^end$/, /^engine_failed: http_500/, PLAYING],
    ...onOther,
  },
  {
    name: 'an end, and the same engine sends invalid answers',
    strike: endsAndRefuses({ kind: 'malformed_json' }),
    sources: [/^end$/, /^engine_failed: bad_json/, PLAYING],
    ...onOther,
  },
  {
    name: 'an end, and the same engine does not answer within its time',
    strike: endsAndRefuses({ kind: 'never' }),
    sources: [/^end$/, /timeout/, PLAYING],
    ...onOther,
    silenceMs: SAME_ENGINE_MS,
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
    sources: [
      /^end$/,
      /^engine_failed: http_500/,
      /^engine_failed: http_500/,
      /^engine_failed: http_500/,
      PLAYING,
    ],
    endsOn: 'any',
    silenceMs: 0,
    splice: 'proved',
  },
  {
    name: 'silence, and the media of other engines begin later',
    strike: withoutPast(act('stall')),
    sources: [/^silence$/, PLAYING],
    endsOn: 'other',
    // A source without past media is entered at its first key frame, and there is one per second.
    silenceMs: STALL_MS,
    splice: 'flagged',
  },
  {
    name: 'the same seconds are repeated',
    // If the past media of another engine overlapped the loop, the overlap would be proved.
    strike: withoutPast(act('loop_back', { seconds: 3 })),
    sources: [/^looping$/, PLAYING],
    ...onOther,
    splice: 'flagged',
    isDamagedBefore: true,
  },
];

describe('the stream of a viewer when', () => {
  let stage: FailoverStage;
  const struck = new Map<Cause, Promise<Scene>>();

  beforeAll(async () => {
    const engines: Simulator[] = await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        startSimulator({ name, bitrateMbps: 1, startDelayMs: 300, burstSeconds: 4 }),
      ),
    );
    stage = new FailoverStage(await startProduct({ engines, env: ENV }), engines);
    for (let n = 0; n < CAUSES.length; n += AT_ONCE) {
      await Promise.allSettled(CAUSES.slice(n, n + AT_ONCE).map(strike));
    }
  }, 300_000);

  /** Each cause has its own content; the tests check its result. */
  function strike(cause: Cause): Promise<Scene> {
    const pastMs = cause.silenceMs + (cause.lateMs ?? 0) + MORE_PAST_MS;
    const run = stage.watch().then(async (scene) => {
      const next = { burst_seconds: Math.ceil(pastMs / 1000) };
      const engines = [scene.engine, ...scene.others];
      await Promise.all(engines.map((engine) => engine.setContent(scene.id, next)));
      return stage.strike(cause, scene);
    });
    run.catch(() => undefined);
    struck.set(cause, run);
    return run;
  }

  const why = whyNoPrograms('ffmpeg');
  const test = why === null ? it : it.skip;

  test.each(CAUSES.map((cause) => [cause.name, cause] as const))(
    `%s ${why ?? ''}`,
    async (_, cause) => stage.judge({ lateMs: LATE_MS, ...cause }, await struck.get(cause)!),
  );
});
