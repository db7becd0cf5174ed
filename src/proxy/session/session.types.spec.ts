import { mayMove, type SessionPhase } from './session.types';

const PHASES: readonly SessionPhase[] = ['starting', 'live', 'stalled', 'ended', 'failed'];

describe('the phases of a session', () => {
  it.each<[SessionPhase, SessionPhase[]]>([
    ['starting', ['live', 'ended', 'failed']],
    ['live', ['stalled', 'ended', 'failed']],
    ['stalled', ['live', 'ended', 'failed']],
    ['ended', []],
    ['failed', []],
  ])('from %s lead to %j only', (from, to) => {
    expect(PHASES.filter((phase) => mayMove(from, phase)).sort()).toEqual([...to].sort());
  });
});
