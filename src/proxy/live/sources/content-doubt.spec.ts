import { ContentDoubt } from './content-doubt';
import { outcomeOfEnd, startTimeout, type Outcome } from './start-outcome';

const NO_TABLES = outcomeOfEnd('no_tables', true, Buffer.alloc(0));
const RESET = outcomeOfEnd('reset', false, Buffer.alloc(0));
const REFUSED: Outcome = { next: 'other_engine', reason: 'refused', complaint: 'connect_refused' };
const UNSUPPORTED = {
  next: 'give_up',
  error: { code: 'unsupported_content', status: 501, detail: expect.stringContaining('PAT') },
};

class Stage {
  isRunning = false;
  readonly hurried: number[] = [];
  readonly doubt = new ContentDoubt(
    { hurry: (ms) => void this.hurried.push(ms) },
    () => this.isRunning,
  );
}

describe('media without tables at a start', () => {
  it('have one other engine tried, without complaint and not for long', () => {
    const { doubt, hurried } = new Stage();
    expect(doubt.weigh(NO_TABLES)).toMatchObject({ next: 'other_engine', complaint: null });
    expect(hurried).toHaveLength(1);
    // Four seconds of media came first.
    expect(hurried[0]! + 4000).toBeLessThan(15_000);
  });

  it.each<[string, Outcome]>([
    ['has none either', NO_TABLES],
    ['breaks off', RESET],
    ['refuses', REFUSED],
    ['gives nothing in time', startTimeout('silence')],
  ])('are what viewers are told of when the other engine %s', (_what, outcome) => {
    const { doubt } = new Stage();
    doubt.weigh(NO_TABLES);
    expect(doubt.weigh(outcome)).toMatchObject(UNSUPPORTED);
  });

  it('are what viewers are told of when there is no other engine', () => {
    const { doubt } = new Stage();
    expect(doubt.error).toBeNull();
    doubt.weigh(NO_TABLES);
    expect(doubt.error).toMatchObject(UNSUPPORTED.error);
  });

  it.each<Outcome>([
    { next: 'moved', reason: 'moved' },
    { next: 'merged', reason: 'merged' },
  ])('say nothing while no other engine had its turn: %j', (outcome) => {
    const { doubt } = new Stage();
    doubt.weigh(NO_TABLES);
    expect(doubt.weigh(outcome)).toBe(outcome);
    expect(doubt.weigh(RESET)).toMatchObject(UNSUPPORTED);
  });

  it('say nothing against the next source of a channel', () => {
    const { doubt } = new Stage();
    doubt.weigh(NO_TABLES);
    doubt.clear();
    expect(doubt.weigh(RESET)).toBe(RESET);
  });
});

describe('media without tables of a running stream', () => {
  it('are a source that failed: another engine is asked, as often as it takes', () => {
    const stage = new Stage();
    stage.isRunning = true;
    for (let n = 0; n < 3; n++) {
      expect(stage.doubt.weigh(NO_TABLES)).toMatchObject({ next: 'other_engine' });
    }
    expect(stage.hurried).toEqual([]);
    expect(stage.doubt.error).toBeNull();
  });
});
