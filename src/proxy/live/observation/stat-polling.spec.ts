import { type EngineFault, type EngineSession, type EngineStat } from '../../../ace';
import { engineSession, fault, stat } from '../../testing/scripted-ace.spec-support';
import type { Source } from '../sources/source.port';
import { StatPolling, type PollResult } from './stat-polling';

interface Call {
  readonly session: EngineSession;
  readonly signal: AbortSignal;
  answer(value: EngineStat): void;
  fail(error: unknown): void;
}

function stage() {
  let nowMs = 0;
  const calls: Call[] = [];
  const told: string[] = [];
  const on = (session: EngineSession | null): Source =>
    ({ engine: { id: 'e1' }, engineSession: session }) as Source;
  let current: Source | null = on(engineSession(1));
  const engines = {
    stat: (_: unknown, session: EngineSession, { signal }: { signal: AbortSignal }) =>
      new Promise<EngineStat>((answer, fail) => calls.push({ session, signal, answer, fail })),
  };
  const polling = new StatPolling(
    engines,
    {
      current: () => current,
      answered: (answer) => told.push(`answered ${answer.status ?? 'nothing'}`),
      sessionGone: () => told.push('gone'),
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
  /** Lets so much time pass while every call is settled at once as `how` says. */
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
    told,
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
  it('asks every 2 s', async () => {
    const { run, calls, told } = stage();
    await run(20_000, (call) => call.answer(stat()));
    expect(calls).toHaveLength(10);
    expect(told).toEqual(Array(10).fill('answered dl'));
  });

  it('asks again soon when the first answer is empty', async () => {
    const { run, calls } = stage();
    await run(1000, (call) => call.answer(stat({ status: calls.length > 1 ? 'dl' : null })));
    expect(calls).toHaveLength(2);
  });

  it('has one call at a time, however long it hangs', async () => {
    const { pass, calls, told } = stage();
    await pass(60_000);
    expect(calls).toHaveLength(1);
    expect(told).toEqual([]);
  });

  it('asks less often while there is no answer, then as before', async () => {
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
    ['no JSON', () => fault('engine', 'bad_json')],
    ['a fault of ours', () => new TypeError('oops')],
    ['nothing to call an error', () => undefined],
  ])('%s harms nobody', async (_, error) => {
    const { run, told } = stage();
    await run(10_000, (call) => call.fail(error()));
    expect(told).toEqual([]);
  });

  it.each<[string, () => EngineFault]>([
    ['an unknown session', gone],
    ['a newer download', () => fault('session', 'got_newer_download')],
    ['403', () => fault('engine', 'http_403')],
  ])('%s is told when it was said twice in a row, soon after one another', async (_, error) => {
    const { run, told } = stage();
    await run(1100, (call) => call.fail(error()));
    expect(told).toEqual(['gone']);
  });

  it('a session that is there again was never gone', async () => {
    const { run, calls, told } = stage();
    await run(20_000, (call) => {
      if (calls.length % 2 === 1) call.fail(gone());
      else call.answer(stat());
    });
    expect(told.filter((line) => line === 'gone')).toEqual([]);
  });

  it('what was said about a session that is replaced meanwhile counts for nobody', async () => {
    const { pass, calls, told, move, settle } = stage();
    await pass(100);
    move(engineSession(2));
    calls[0]!.answer(stat());
    await settle();
    await pass(2000);
    expect(calls[1]!.session.playbackSessionId).toBe('session-2');
    move(engineSession(3));
    calls[1]!.fail(gone());
    await settle();
    expect(told).toEqual([]);
  });

  it('asks nothing without a session, or one without an address for it', async () => {
    const { pass, calls, move } = stage();
    move(null);
    await pass(10_000);
    move(engineSession(1, { statPath: null }));
    await pass(10_000);
    expect(calls).toEqual([]);
  });

  it('ends with its owner: the call under way is broken off, and none follows', async () => {
    const { pass, calls, told, polling, settle } = stage();
    await pass(100);
    polling.close();
    expect(calls[0]!.signal.aborted).toBe(true);
    calls[0]!.fail(calls[0]!.signal.reason);
    await settle();
    await pass(60_000);
    expect(calls).toHaveLength(1);
    expect(told).toEqual([]);
  });
});
