import { Settleable } from '../../../kernel/settleable';
import { turns, until } from '../../testing/until.spec-support';
import { StartGate } from './start-gate';
import type { StartTurn } from './start-turn';

interface Wish {
  readonly engineId?: string;
  readonly isRestart?: boolean;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

describe('StartGate', () => {
  const open: StartTurn[] = [];
  let gate: StartGate;

  beforeEach(() => {
    gate = new StartGate({ perEngine: 4, total: 24, patienceMs: 10_000 });
  });

  afterEach(async () => {
    for (const turn of open.splice(0)) turn.leave();
    await turns();
    expect([gate.waitingCount, gate.activeCount]).toEqual([0, 0]);
  });

  function enter(wish: Wish = {}): StartTurn {
    const turn = gate.enter({
      engineId: 'e1',
      isRestart: false,
      timeoutMs: 10_000,
      signal: new AbortController().signal,
      ...wish,
    });
    open.push(turn);
    return turn;
  }

  it('lets three first starts begin, and each further one when another has left', async () => {
    const starts = [enter(), enter(), enter(), enter(), enter()];
    await Promise.all(starts.slice(0, 3).map(({ begun }) => begun));
    expect([gate.waitingCount, gate.activeCount]).toEqual([2, 3]);
    starts[1]!.leave();
    await starts[3]!.begun;
    expect([gate.waitingCount, gate.activeCount]).toEqual([1, 3]);
  });

  it('lets a restart begin at once beside as many dead starts as there may be', async () => {
    for (let n = 0; n < 50; n++) enter();
    await enter({ isRestart: true }).begun;
    expect(gate.activeCount).toBe(4);
  });

  it('gives up at the deadline, and on an abort with its reason', async () => {
    for (let n = 0; n < 3; n++) enter();
    const abort = new AbortController();
    const [late, called] = [enter({ timeoutMs: 20 }), enter({ signal: abort.signal })];
    abort.abort('called off');
    await expect(called.begun).rejects.toBe('called off');
    await expect(late.begun).rejects.toMatchObject({ code: 'no_capacity' });
    await expect(enter({ signal: AbortSignal.abort('before') }).begun).rejects.toBe('before');
    expect(gate.waitingCount).toBe(0);
  });

  it('lets the next begin when the engine has answered, up to eight times as many', async () => {
    const starts = Array.from({ length: 40 }, () => enter());
    for (const turn of starts.slice(0, 32)) {
      await turn.begun;
      turn.answered();
    }
    expect([gate.waitingCount, gate.activeCount]).toEqual([8, 32]);
    expect(gate.crowded()).toEqual(new Set(['e1']));
    expect(await gate.makeRoomForNewcomer(new Set())).toBe(false);
    starts[7]!.leave();
    await starts[32]!.begun;
  });

  it('has one that is overdue give way to who stands in line, and no other', async () => {
    gate = new StartGate({ perEngine: 4, total: 24, patienceMs: 30 });
    const starts = Array.from({ length: 33 }, () => enter());
    for (const turn of starts.slice(0, 32)) {
      turn.answered();
      await turns();
    }
    expect(gate.waitingCount).toBe(1);
    await until(() => starts[0]!.isTaken);
    expect(starts[0]!.taken.reason).toMatchObject({ code: 'no_capacity' });
    await until(() => starts[31]!.isOverdue);
    expect(starts.filter(({ isTaken }) => isTaken)).toHaveLength(1);
    starts[0]!.leave();
    await starts[32]!.begun;
  });

  it('gives a newcomer the slot of one that is overdue', async () => {
    gate = new StartGate({ perEngine: 4, total: 24, patienceMs: 30 });
    const [old] = [enter(), enter()];
    expect(await gate.makeRoomForNewcomer(new Set())).toBe(false);
    await until(() => old.isOverdue);
    const made = gate.makeRoomForNewcomer(new Set());
    expect(old.isTaken).toBe(true);
    old.leave();
    expect(await made).toBe(true);
  });

  it('tells when one is overdue, and spares those on barred engines', async () => {
    gate = new StartGate({ perEngine: 4, total: 24, patienceMs: 20 });
    let isTold = false;
    gate.onOverdue(() => (isTold = true));
    const start = enter();
    await until(() => isTold);
    expect(start.isOverdue).toBe(true);
    expect(await gate.makeRoomForNewcomer(new Set(['e1']))).toBe(false);
    expect(start.isTaken).toBe(false);
  });

  it('has whoever asks the engine again stand in line for it, in its own place', async () => {
    const again = enter();
    again.answered();
    const starts = [enter(), enter(), enter()];
    await Promise.all(starts.map(({ begun }) => begun));
    const second = again.again(5000);
    await turns();
    expect([gate.waitingCount, gate.activeCount]).toEqual([1, 3]);
    starts[0]!.answered();
    await second;
    expect([gate.waitingCount, gate.activeCount]).toEqual([0, 4]);
    again.answered();
    starts[0]!.leave();
    const late = enter();
    await late.begun;
    await expect(again.again(20)).rejects.toMatchObject({ code: 'no_capacity' });
    again.takeAway('another one');
    await expect(again.again(5000)).rejects.toBe(again.taken.reason);
  });

  it('keeps a turn until the engine is done with what was given up', async () => {
    const starts = [enter(), enter(), enter()];
    const next = enter();
    const busy = new Settleable<undefined>();
    starts[0]!.occupyUntil(busy.promise);
    starts[0]!.leave();
    await turns();
    expect(gate.waitingCount).toBe(1);
    busy.resolve(undefined);
    await next.begun;
  });

  it('makes room: one start is told to go, and its slot is free when that is said', async () => {
    const restart = enter({ isRestart: true });
    const dead = enter();
    const made = gate.makeRoom(new Set());
    expect([restart.taken.aborted, dead.taken.aborted]).toEqual([false, true]);
    dead.leave();
    expect(await made).toBe(true);
    // It is asked once; who needs another one takes another.
    expect(await gate.makeRoom(new Set())).toBe(false);
  });

  it('takes the last in line rather than one under way, and the line goes on', async () => {
    const starts = [enter(), enter(), enter(), enter(), enter()];
    starts[4]!.begun.catch(() => starts[4]!.leave());
    expect(await gate.makeRoom(new Set())).toBe(true);
    await expect(starts[4]!.begun).rejects.toMatchObject({ code: 'no_capacity' });
    starts[0]!.leave();
    await starts[3]!.begun;
  });

  it('takes nothing from one that was left, whatever its engine still does for it', async () => {
    gate = new StartGate({ perEngine: 4, total: 24, patienceMs: 10 });
    const playing = enter();
    const busy = new Settleable<undefined>();
    playing.occupyUntil(busy.promise);
    await until(() => playing.isOverdue);
    playing.leave();
    expect(await gate.makeRoom(new Set())).toBe(false);
    expect(await gate.makeRoomForNewcomer(new Set())).toBe(false);
    expect(playing.taken.aborted).toBe(false);
    busy.resolve(undefined);
  });

  it('refuses the thousand and first in line', async () => {
    for (let n = 0; n < 1003; n++) enter();
    expect(() => enter()).toThrow(expect.objectContaining({ code: 'no_capacity' }));
    await until(() => gate.activeCount === 3);
  });
});
