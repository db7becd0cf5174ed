import * as fc from 'fast-check';
import type { SwarmTaskState } from '../docker-client';
import { task } from './swarm-facts.spec-support';
import { newestTask, phaseOf } from './task-phase';

const STATES: readonly SwarmTaskState[] = [
  ...(['new', 'allocated', 'pending', 'assigned', 'accepted', 'preparing', 'ready'] as const),
  ...(['starting', 'running', 'complete', 'shutdown', 'failed', 'rejected', 'remove'] as const),
  'orphaned',
];

describe('the phase of a service', () => {
  it.each<[SwarmTaskState, string, string]>([
    ['new', 'running', 'new'],
    ['pending', 'running', 'pending'],
    ['preparing', 'running', 'preparing'],
    ['ready', 'running', 'ready'],
    ['starting', 'running', 'starting'],
    ['running', 'running', 'running'],
    ['complete', 'ended', 'exited with code 0'],
    ['shutdown', 'ended', 'shutdown'],
    ['failed', 'ended', 'failed'],
    ['rejected', 'ended', 'rejected'],
    ['remove', 'ended', 'remove'],
    ['orphaned', 'ended', 'orphaned'],
  ])('with a task that is %s is %s: %s', (State, phase, detail) => {
    expect(phaseOf(task({ State }))).toEqual({ phase, detail });
  });

  it('reports the exit code of the process', () => {
    const status = { State: 'failed', Err: 'task: non-zero exit (137)' } as const;
    const detail = 'exited with code 137';
    expect(phaseOf(task({ ...status, ContainerStatus: { ExitCode: 137 } }))).toEqual({
      phase: 'ended',
      detail,
    });
  });

  it("does not report the exit code of a container that never started as the engine's", () => {
    const status = { State: 'failed', Message: 'starting', Err: 'no port' } as const;
    const { detail } = phaseOf(task({ ...status, ContainerStatus: { ExitCode: 128 } }));
    expect(detail).toBe('failed: no port');
  });

  it('gives the reason for which a task waits', () => {
    const { detail } = phaseOf(task({ State: 'pending', Err: 'no suitable node' }));
    expect(detail).toBe('pending: no suitable node');
  });

  it('has ended without any task, and with a task that the Swarm has given up', () => {
    expect(phaseOf(null).phase).toBe('ended');
    expect(phaseOf(task({}, { DesiredState: 'shutdown' }))).toEqual({
      phase: 'ended',
      detail: 'given up while running',
    });
  });

  it('is never `created` or `paused`, because a Swarm starts every task that it creates', () => {
    const states = fc.tuple(fc.constantFrom(...STATES), fc.constantFrom(...STATES));
    fc.assert(
      fc.property(states, ([State, DesiredState]) => {
        expect(['running', 'ended']).toContain(phaseOf(task({ State }, { DesiredState })).phase);
      }),
    );
  });
});

describe('the newest task', () => {
  it('does not depend on the order of the tasks', () => {
    const at = (n: number) => task({}, { ID: `task-${n}`, CreatedAt: new Date(n).toISOString() });
    const some = fc.uniqueArray(fc.nat(1_000_000), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(some, (times) => {
        const latest = Math.max(...times);
        expect(newestTask(times.map(at))?.ID).toBe(`task-${latest}`);
      }),
    );
    expect(newestTask([])).toBeNull();
  });
});
