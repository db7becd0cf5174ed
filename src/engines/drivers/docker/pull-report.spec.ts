import fc from 'fast-check';
import { PullReport } from './pull-report';

const of = (currentBytes: number, totalBytes: number) => ({ currentBytes, totalBytes });

describe('PullReport', () => {
  it('reports each step of ten percent once, also when the total grows', () => {
    const report = new PullReport(() => 0);
    const told = [
      of(0, 0),
      of(5, 100),
      of(12, 100),
      of(19, 100),
      of(19, 300),
      of(60, 300),
      of(300, 300),
    ];
    expect(told.map((seen) => report.note(seen).percent)).toEqual([
      ...[null, null, 10, null, null, 20, 90],
    ]);
    expect(report.last).toEqual(of(300, 300));
  });

  it('publishes at most once a second, and at most nine times in the log', () => {
    const size = fc.nat(1000);
    const seen = fc.record({ currentBytes: size, totalBytes: size, afterMs: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 200 }), (all) => {
        let nowMs = 0;
        const report = new PullReport(() => nowMs);
        let [events, lines] = [0, 0];
        for (const { currentBytes, totalBytes, afterMs } of all) {
          nowMs += afterMs;
          const due = report.note(of(currentBytes, totalBytes));
          if (due.isEventDue) events += 1;
          if (due.percent !== null) lines += 1;
        }
        expect(events).toBeLessThanOrEqual(nowMs / 1000);
        expect(lines).toBeLessThanOrEqual(9);
      }),
    );
  });
});
