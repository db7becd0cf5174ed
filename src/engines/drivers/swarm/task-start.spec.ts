import type { SwarmTaskState } from '../docker-client';
import { judgeStart } from './task-start';
import { task, type TaskStatus } from './swarm-facts.spec-support';

const verdictOn = (status: TaskStatus) => judgeStart(task(status));

describe('the verdict on a task that should run', () => {
  it('runs', () => {
    expect(verdictOn({ State: 'running' })).toEqual({ kind: 'runs' });
  });

  it.each<[SwarmTaskState, number]>([
    ['new', 60_000],
    ['pending', 5000],
    ['assigned', 60_000],
    ['preparing', 900_000],
    ['ready', 60_000],
    ['starting', 60_000],
  ])('waits while it is %s, at most %d ms', (State, limitMs) => {
    expect(verdictOn({ State, Message: '' })).toMatchObject({ kind: 'wait', limitMs });
  });

  it('waits for a missing task, and in a state of a later Docker', () => {
    expect(judgeStart(null)).toMatchObject({ kind: 'wait' });
    expect(verdictOn({ State: 'dreaming' as SwarmTaskState })).toMatchObject({ kind: 'wait' });
  });

  it.each([
    ['no suitable node (scheduling constraints not satisfied on 1 node)', 'no_place'],
    ['no suitable node (host-mode port already in use on 1 node)', 'port_conflict'],
    ['', 'no_place'],
  ])('that no node takes fails after the limit: %s is %s', (Err, code) => {
    expect(verdictOn({ State: 'pending', Err })).toMatchObject({ kind: 'wait', error: { code } });
  });

  it.each<[TaskStatus, string]>([
    [{ State: 'rejected', Message: 'preparing', Err: 'No such image: a:b' }, 'image_missing'],
    [{ State: 'rejected', Message: 'preparing', Err: 'invalid mount' }, 'runtime_refused'],
    [
      { State: 'failed', Message: 'starting', Err: 'listen tcp4: bind: address already in use' },
      'port_conflict',
    ],
    [
      {
        State: 'failed',
        Message: 'starting',
        Err: 'Bind for 0.0.0.0:1 failed: port is already allocated',
      },
      'port_conflict',
    ],
    [{ State: 'failed', Message: 'starting', Err: 'exec format error' }, 'runtime_refused'],
    [{ State: 'failed', Message: 'started', Err: 'task: non-zero exit (1)' }, 'engine_exited'],
    [{ State: 'complete', Message: 'finished' }, 'engine_exited'],
    [{ State: 'shutdown', Message: 'shutdown' }, 'runtime_refused'],
    [{ State: 'orphaned', Message: '' }, 'runtime_refused'],
  ])('%j is %s', (status, code) => {
    expect(verdictOn(status)).toMatchObject({ kind: 'failed', error: { code } });
  });

  it('gives the reason as one line of bounded length', () => {
    const verdict = verdictOn({ State: 'failed', Err: `a\nb${'c'.repeat(5000)}` });
    const message = verdict.kind === 'failed' ? verdict.error.message : '';
    expect(message).toMatch(/^a bc+$/);
    expect(message.length).toBeLessThanOrEqual(300);
  });
});
