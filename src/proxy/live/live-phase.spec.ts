import { mayMove, type LivePhase } from './live-phase';

const PHASES: readonly LivePhase[] = ['starting', 'live', 'stalled', 'ended', 'failed'];

describe('the phases of a session', () => {
  it.each<[LivePhase, LivePhase[]]>([
    ['starting', ['live', 'ended', 'failed']],
    ['live', ['stalled', 'ended', 'failed']],
    ['stalled', ['live', 'ended', 'failed']],
    ['ended', []],
    ['failed', []],
  ])('from %s lead to %j only', (from, to) => {
    expect(PHASES.filter((phase) => mayMove(from, phase)).sort()).toEqual([...to].sort());
  });
});
