import { mayBecome, type LivePhase } from './live-phase';

const PHASES: readonly LivePhase[] = ['starting', 'live', 'stalled', 'ended', 'failed'];

describe('mayBecome', () => {
  it.each<[LivePhase, LivePhase[]]>([
    ['starting', ['live', 'ended', 'failed']],
    ['live', ['stalled', 'ended', 'failed']],
    ['stalled', ['live', 'ended', 'failed']],
    ['ended', []],
    ['failed', []],
  ])('allows the phase %s to be followed by %j only', (from, to) => {
    expect(PHASES.filter((phase) => mayBecome(from, phase)).sort()).toEqual([...to].sort());
  });
});
