import { type EngineFault, type EngineSession, type EngineStat } from '../../../ace';
import { engineSession, fault, stat } from '../../testing/scripted-ace.spec-support';
import { StatPolling, type PolledSource, type PollResult } from './stat-polling';

interface Call {
  readonly session: EngineSession;
  readonly signal: AbortSignal;
  answer(value: EngineStat): void;
  fail(error: unknown): void;
}

function stage() {
  let nowMs = 0;
  const calls: Call[] = [];
  const notices: string[] = [];
  const on = (session: EngineSession | null): PolledSource => ({
    engine: { id: 'e1' },
    opened: session,
    stat: (_timeoutMs, signal) =>
      session?.statPath == null
        ? null
        : new Promise((answer, fail) => calls.push({ session, signal, answer, fail })),
  });
  let current: PolledSource | null = on(engineSession(1));
  const polling = new StatPolling(
    {
      current: () => current,
      answered: (answer) => notices.push(`answered ${answer.status ?? 'nothing'}`),
      sessionGone: () => notices.push('gone'),
      counted: (result: PollResult) => counts.push(result),
    },
    () => nowMs,
  );
  const counts: PollResult[] = [];
  const pass = async (ms: number): Promise<void> => {
    for (const end = nowMs + ms; nowMs < end; nowMs += 100) {
      polling.tick(nowMs);
      await Promise.resolve();
    }
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  /** Lets `ms` pass and settles each call at once by `how`. */
  const run = async (ms: number, how: (call: Call) => void): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      await pass(100);
      for (const call of calls.slice(done)) how(call);
      done = calls.length;
      await settle();
    }
  };
  let done = 0;
  return {
    calls,
    notices,
    counts,
    polling,
    pass,
    run,
    settle,
    move: (session: EngineSession | null) => (current = session === null ? null : on(session)),
  };
}

const gone = (): EngineFault => fault('session', 'unknown_playback_session_id');

describe('StatPolling', () => {
  it('polls every 2 s', async () => {
    const { run, calls, notices } = stage();
    await run(20_000, (call) => call.answer(stat()));
    expect(calls).toHaveLength(10);
    expect(notices).toEqual(Array(10).fill('answered dl'));
  });

  it('polls again soon when the first answer is empty', async () => {
    const { run, calls } = stage();
    await run(1000, (call) => call.answer(stat({ status: calls.length > 1 ? 'dl' : null })));
    expect(calls).toHaveLength(2);
  });

  it('has one call at a time, however long the engine takes', async () => {
    const { pass, calls, notices } = stage();
    await pass(60_000);
    expect(calls).toHaveLength(1);
    expect(notices).toEqual([]);
  });

  it('polls less often while the engine does not answer, then every 2 s again', async () => {
    const { run, calls, counts } = stage();
    await run(60_000, (call) => call.fail(fault('engine', 'answer_timeout')));
    // 0, 2, 6, 14 s, then every 10 s.
    expect(calls).toHaveLength(8);
    expect(new Set(counts)).toEqual(new Set(['failed']));
    await run(10_000, (call) => call.answer(stat()));
    const before = calls.length;
    await run(20_000, (call) => call.answer(stat()));
    expect(calls.length - before).toBe(10);
  });

  it.each<[string, () => unknown]>([
    ['invalid JSON', () => fault('engine', 'bad_json')],
    ['a fault of the product', () => new TypeError('oops')],
    ['undefined', () => undefined],
  ])('ignores a call that fails with %s', async (_, error) => {
    const { run, notices } = stage();
    await run(10_000, (call) => call.fail(error()));
    expect(notices).toEqual([]);
  });

  it.each<[string, () => EngineFault]>([
    ['an unknown engine session', gone],
    ['a newer download', () => fault('session', 'got_newer_download')],
    ['status 403', () => fault('engine', 'http_403')],
  ])(
    'reports that the engine session is gone after two answers of %s in a row',
    async (_, error) => {
      const { run, notices } = stage();
      await run(1100, (call) => call.fail(error()));
      expect(notices).toEqual(['gone']);
    },
  );

  it('does not report an engine session that the engine knows again at the next poll', async () => {
    const { run, calls, notices } = stage();
    await run(20_000, (call) => {
      if (calls.length % 2 === 1) call.fail(gone());
      else call.answer(stat());
    });
    expect(notices.filter((line) => line === 'gone')).toEqual([]);
  });

  it('ignores an answer about an engine session that has been replaced', async () => {
    const { pass, calls, notices, move, settle } = stage();
    await pass(100);
    move(engineSession(2));
    calls[0]!.answer(stat());
    await settle();
    await pass(2000);
    expect(calls[1]!.session.playbackSessionId).toBe('session-2');
    move(engineSession(3));
    calls[1]!.fail(gone());
    await settle();
    expect(notices).toEqual([]);
  });

  it('does not poll without an engine session or without its statistics address', async () => {
    const { pass, calls, move } = stage();
    move(null);
    await pass(10_000);
    move(engineSession(1, { statPath: null }));
    await pass(10_000);
    expect(calls).toEqual([]);
  });

  it('aborts the call and polls no more when it is closed', async () => {
    const { pass, calls, notices, polling, settle } = stage();
    await pass(100);
    polling.close();
    expect(calls[0]!.signal.aborted).toBe(true);
    calls[0]!.fail(calls[0]!.signal.reason);
    await settle();
    await pass(60_000);
    expect(calls).toHaveLength(1);
    expect(notices).toEqual([]);
  });
});
