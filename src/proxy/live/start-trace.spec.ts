import 'reflect-metadata';
import { fault, engineSession } from '../testing/scripted-ace.spec-support';
import { selector, LiveStage } from '../testing/live-stage.spec-support';
import { until } from '../testing/until.spec-support';
import type { SpanRecord } from '../../tracing';

const A = selector('a');

/** Names and errors, indented by depth. */
function outline({ name, error, children = [] }: SpanRecord, depth = 0): string[] {
  const line = `${'  '.repeat(depth)}${name}${error == null ? '' : `: ${error}`}`;
  return [line, ...children.flatMap((child) => outline(child, depth + 1))];
}

/** Asserts that children are within their parents, in order and without overlaps. */
function expectNested({ beganMs, endedMs, children = [] }: SpanRecord): void {
  expect(endedMs).toBeGreaterThanOrEqual(beganMs);
  let sinceMs = beganMs;
  for (const child of children) {
    expect(child.beganMs).toBeGreaterThanOrEqual(sinceMs);
    // Durations of attempts are whole milliseconds.
    expect(child.endedMs).toBeLessThanOrEqual(endedMs + 1);
    expectNested(child);
    sinceMs = child.endedMs - 1;
  }
}

describe('the trace of a start', () => {
  let stage: LiveStage;

  beforeEach(async () => {
    stage = await LiveStage.open({ engines: 2 });
  });
  afterEach(() => stage.close());

  it('shows failed attempts and the steps of the one that plays', async () => {
    stage.ace.onStart = ({ engineId, number }) =>
      engineId === 'e1' ? Promise.reject(fault('engine', 'http_500')) : engineSession(number);
    const { stream } = await stage.live(A);
    expect(stage.traces.flatMap((span) => outline(span))).toEqual([
      'stream start',
      '  wait for slot',
      '  attempt: engine_failed',
      '  wait for slot',
      '  attempt',
      '    engine handshake',
      '    first byte',
      '    first random access point',
    ]);
    const [root] = stage.traces as [SpanRecord];
    expectNested(root);
    expect(root.attributes).toEqual({ 'acefleet.stream_id': stream.id, 'acefleet.channel': null });
    expect(root.children![1]!.attributes).toMatchObject({ 'acefleet.engine_id': 'e1' });
    expect(root.children![3]!.attributes).toMatchObject({ 'acefleet.engine_id': 'e2' });
    // A failover is no start.
    (await stage.source(1)).end();
    await until(() => stream.failovers === 1, 'a failover');
    expect(stage.traces).toHaveLength(1);
  });

  it('ends with the error if the start fails', async () => {
    stage.ace.onStart = () => Promise.reject(fault('content', 'unknown'));
    const { ready } = stage.join(A);
    await expect(ready).rejects.toMatchObject({ code: 'content_not_found' });
    expect(stage.traces.flatMap((span) => outline(span)).slice(0, 3)).toEqual([
      'stream start: content_not_found',
      '  wait for slot',
      '  attempt: content_unknown',
    ]);
    expect(stage.traces).toHaveLength(1);
  });
});
