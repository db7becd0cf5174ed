import { MAX_CHANNELS, MAX_SOURCES } from './channel';
import { SourceRecords } from './source-records';

const source = (n: number) => ({ kind: 'content_id' as const, id: String(n) });

it('keeps the records of as many sources as channels can have, and then forgets the oldest', () => {
  const records = new SourceRecords();
  const count = 2 * MAX_CHANNELS * MAX_SOURCES;
  for (let n = 0; n < count; n++) records.failed(source(n), 'start_timeout', true);
  const changes: string[] = [];
  records.onDeath((key) => changes.push(key));
  records.failed(source(0), 'start_timeout', true);
  expect(records.isDead(source(1))).toBe(true);
  expect(changes).toEqual([]);
  records.started(source(count), 100);
  expect([0, 1, 2].map((n) => records.isDead(source(n)))).toEqual([true, false, true]);
  expect(changes).toEqual(['content_id:1']);
});
