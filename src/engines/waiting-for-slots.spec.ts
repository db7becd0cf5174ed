import 'reflect-metadata';
import { AllocatorStage, codeOf, tick, WAIT_MS } from './allocator-stage.spec-support';
import type { AcquireRequest, EngineLease } from './engine.types';

/** Slots that are on their way, or may come free; and what the wait for them does to others. */
describe('Waiting for slots', () => {
  let stage: AllocatorStage;

  beforeEach(() => {
    stage = new AllocatorStage();
  });

  afterEach(() => stage.close());

  describe('when a slot is on its way to be free', () => {
    let held: EngineLease;

    beforeEach(async () => {
      stage.add('a', 'healthy');
      held = await stage.acquire('s0');
      held.vacate();
    });

    it('waits for it, and refuses at once who comes after as many as there are', async () => {
      const codes = ['s1', 's2'].map((id) => codeOf(stage.acquire(id)));
      expect(await codes[1]).toBe('no_capacity');
      held.release();
      expect(await codes[0]).toBe('lease of a');
    });

    it('takes none from an idle session meanwhile', async () => {
      const give = jest.fn(() => Promise.resolve(false));
      stage.allocator.onCapacityNeeded(give);
      const code = codeOf(stage.acquire('s1'));
      await tick();
      expect(give).not.toHaveBeenCalled();
      held.release();
      expect(await code).toBe('lease of a');
    });

    it('refuses who wants no slot of that engine, and who wants one that is free now', async () => {
      stage.add('b', 'healthy');
      await stage.acquire('s00');
      expect(await codeOf(stage.acquire('s1', ['a']))).toBe('no_capacity');
      const request = { excluded: new Set<string>(), signal: new AbortController().signal };
      const now = stage.allocator.acquire({ ...request, streamId: 's2', mayReclaim: false });
      expect(await codeOf(now)).toBe('no_capacity');
    });

    it('is given up when the engine stops working: any other will do', async () => {
      const code = codeOf(stage.acquire('s1'));
      stage.move('a', 'unhealthy');
      stage.add('b', 'healthy');
      expect(await code).toBe('lease of b');
    });
  });

  describe('when slots may come free', () => {
    let held: EngineLease;
    let hope: boolean;

    beforeEach(async () => {
      stage.add('a', 'healthy');
      held = await stage.acquire('s0');
      hope = true;
    });

    function hopeful(streamId: string, isWanted = () => true): Promise<string> {
      const signal = new AbortController().signal;
      const mayHope = (): boolean => hope;
      return codeOf(
        stage.allocator.acquire({ streamId, excluded: new Set(), signal, mayHope, isWanted }),
      );
    }

    it('waits as long as there is hope, and refuses the moment there is none', async () => {
      const code = hopeful('s1');
      await jest.advanceTimersByTimeAsync(WAIT_MS / 2);
      stage.allocator.reconsider();
      await tick();
      expect(jest.getTimerCount()).toBe(1);
      hope = false;
      stage.allocator.reconsider();
      expect(await code).toBe('no_capacity');
    });

    it('waits for starts in which nothing plays yet, and is one itself when it is served', async () => {
      stage.add('b', 'healthy');
      const first = { excluded: new Set<string>(), isFirstStart: true };
      const start = (streamId: string): Promise<EngineLease> =>
        stage.allocator.acquire({ ...first, streamId, signal: new AbortController().signal });
      const unproved = await start('s1');
      const [next, last] = [start('s2'), codeOf(start('s3'))];
      expect(await codeOf(stage.acquire('a restart'))).toBe('no_capacity');
      await tick();
      unproved.release();
      const served = await next;
      await tick();
      expect([served.engine.id, served.isUnproved]).toEqual(['b', true]);
      // Still one of which nobody knows whether it stays.
      expect(jest.getTimerCount()).toBe(1);
      served.prove();
      expect(await last).toBe('no_capacity');
    });

    it('waits no longer than anybody', async () => {
      const code = hopeful('s1');
      await jest.advanceTimersByTimeAsync(WAIT_MS);
      expect(await code).toBe('no_capacity');
    });

    it('asks again who had nothing to give, and those who are waited for last', async () => {
      const asked: string[] = [];
      let mayGive = false;
      stage.allocator.onCapacityNeeded(() => {
        asked.push('start');
        if (mayGive) held.release();
        return Promise.resolve(mayGive);
      }, true);
      stage.allocator.onCapacityNeeded(() => {
        asked.push('idle');
        return Promise.resolve(false);
      });
      const code = hopeful('s1');
      await tick();
      mayGive = true;
      stage.allocator.reconsider();
      expect(await code).toBe('lease of a');
      expect(asked).toEqual(['idle', 'start', 'idle', 'start']);
    });

    it('has nobody give up a slot for a stream that nobody waits for, and serves it last', async () => {
      const give = jest.fn(() => Promise.resolve(false));
      stage.allocator.onCapacityNeeded(give);
      let isWanted = false;
      const [left, waited] = [hopeful('s1', () => isWanted), hopeful('s2')];
      await tick();
      expect(give).toHaveBeenCalledTimes(1);
      held.release();
      expect(await waited).toBe('lease of a');
      isWanted = true;
      stage.allocator.reconsider();
      await tick();
      expect(give).toHaveBeenCalledTimes(2);
      hope = false;
      stage.allocator.reconsider();
      expect(await left).toBe('no_capacity');
    });

    it('serves of a crowd who came first, then who came last', async () => {
      const served: string[] = [];
      for (const id of ['s1', 's2', 's3', 's4']) {
        void hopeful(id).then((code) => code.startsWith('lease') && served.push(id));
      }
      for (let n = 0; n < 4; n += 1) {
        await tick();
        for (const lease of stage.registry.get('a')!.leases) lease.release();
      }
      await tick();
      expect(served).toEqual(['s1', 's4', 's2', 's3']);
    });
  });

  describe('beside others', () => {
    beforeEach(() => {
      for (const id of ['a', 'b']) stage.add(id, 'healthy');
    });

    const start = (
      streamId: string,
      excluded: string[],
      over: Partial<AcquireRequest> = {},
    ): Promise<EngineLease> => stage.acquire(streamId, excluded, { isFirstStart: true, ...over });

    it('is nothing for two starts of which each has what the other wants', async () => {
      await Promise.all([start('s1', ['b']), start('s2', ['a'])]);
      // Each leaves its own engine alone, and keeps its slot there until it has another.
      const others = [
        start('s1', ['a'], { mayWait: false }),
        start('s2', ['b'], { mayWait: false }),
      ].map((lease) => expect(lease).rejects.toMatchObject({ code: 'no_capacity' }));
      await Promise.all(others);
    });

    it('asks nobody for a slot within the change that made it look', async () => {
      await Promise.all([start('s1', []), start('s2', [])]);
      const refused = expect(start('s3', [])).rejects.toMatchObject({ code: 'shutting_down' });
      await tick();
      const give = jest.fn(() => Promise.resolve(false));
      stage.allocator.onCapacityNeeded(give);
      stage.allocator.reconsider();
      expect(give).not.toHaveBeenCalled();
      await tick();
      expect(give).toHaveBeenCalledTimes(1);
      stage.allocator.onModuleDestroy();
      await refused;
    });

    it('wants an engine again when that of the slot that was on its way stops working', async () => {
      const leases = await Promise.all([start('s1', []), start('s2', [])]);
      for (const lease of leases) lease.vacate();
      const served = start('s3', []);
      served.catch(() => undefined);
      expect(stage.waiting.wantingEngine).toBe(0);
      stage.supply.canGrow = true;
      for (const engine of stage.registry.list()) stage.move(engine.id, 'unhealthy');
      expect(stage.waiting.wantingEngine).toBe(1);
      stage.add('c', 'healthy');
      expect((await served).engine.id).toBe('c');
    });
  });
});
