import { mayMove, type LivePhase } from './live-phase';

const PHASES: readonly LivePhase[] = ['starting', 'live', 'stalled', 'ended', 'failed'];

describe('mayMove', () => {
  it.each<[LivePhase, LivePhase[]]>([
    ['starting', ['live', 'ended', 'failed']],
    ['live', ['stalled', 'ended', 'failed']],
    ['stalled', ['live', 'ended', 'failed']],
    ['ended', []],
    ['failed', []],
  ])('allows the phase %s to be followed by %j only', (from, to) => {
    expect(PHASES.filter((phase) => mayMove(from, phase)).sort()).toEqual([...to].sort());
  });
});
