import { SlotHolder } from '../../engines';
import type { WatchedStream } from '../viewers';
import { ManualJobs } from '../testing/manual-jobs.spec-support';
import { makeViewer } from '../testing/viewers.spec-support';
import { Audience } from './audience';

const host: WatchedStream = { subject: {}, removeViewer: () => undefined };

describe('Audience', () => {
  let jobs: ManualJobs;
  let graceOver: string[];
  let changes: number;
  let audience: Audience;

  beforeEach(() => {
    graceOver = [];
    jobs = new ManualJobs(({ id }) => graceOver.push(id));
    changes = 0;
    audience = new Audience('1', { graceMs: 10_000 }, jobs, new SlotHolder('s', () => changes++));
  });

  it('schedules the grace job when there are no viewers', () => {
    audience.beginIdleIfUnwatched();
    expect(audience.idleSince).not.toBeNull();
    expect(jobs.pending.get('stream.grace 1')?.delayMs).toBe(10_000);
    jobs.runAll();
    expect(graceOver).toEqual(['1']);
  });

  it('cancels the grace job when a viewer or a holder is added', () => {
    audience.beginIdleIfUnwatched();
    audience.add(makeViewer(), host);
    expect(jobs.pending.size).toBe(0);
    expect(audience.idleSince).toBeNull();

    const held = new Audience('2', { graceMs: 10_000 }, jobs, new SlotHolder('s'));
    held.beginIdleIfUnwatched();
    held.hold({}, 'client');
    expect(jobs.pending.size).toBe(0);
    expect(held.idleSince).toBeNull();
  });

  it('reports each change between watched and unwatched once', () => {
    const viewer = makeViewer();
    audience.add(viewer, host);
    expect(changes).toBe(0);
    audience.remove(viewer, 'hung_up');
    audience.beginIdleIfUnwatched();
    audience.beginIdleIfUnwatched();
    expect(changes).toBe(1);
    audience.add(makeViewer(), host);
    audience.add(makeViewer(), host);
    expect(changes).toBe(2);
  });

  it('has no grace job while a viewer or a holder is left', () => {
    const [first, second] = [makeViewer(), makeViewer()];
    const holder = {};
    audience.add(first, host);
    audience.add(second, host);
    audience.hold(holder, 'check');
    audience.remove(first, 'hung_up');
    audience.beginIdleIfUnwatched();
    expect(jobs.pending.size).toBe(0);
    audience.remove(second, 'hung_up');
    audience.beginIdleIfUnwatched();
    expect(jobs.pending.size).toBe(0);
    audience.letGo(holder);
    audience.beginIdleIfUnwatched();
    expect(jobs.pending.size).toBe(1);
  });

  it('is idle while all viewers are paused, and has no grace job until the last one leaves', () => {
    const [first, second] = [makeViewer(), makeViewer()];
    audience.add(first, host);
    audience.add(second, host);
    audience.setPaused(first, true);
    expect([audience.idleSince, audience.watching]).toEqual([null, 1]);
    audience.setPaused(second, true);
    expect(audience.idleSince).not.toBeNull();
    expect([audience.watching, audience.isEmpty, changes]).toEqual([0, false, 1]);
    audience.remove(first, 'stalled');
    audience.beginIdleIfUnwatched();
    expect(jobs.pending.size).toBe(0);
    audience.remove(second, 'stalled');
    audience.beginIdleIfUnwatched();
    // One change when the last viewer was paused, and one when it left.
    expect(changes).toBe(2);
    jobs.runAll();
    expect(graceOver).toEqual(['1']);
  });

  it('is watched again when a paused viewer resumes', () => {
    const viewer = makeViewer();
    audience.add(viewer, host);
    audience.setPaused(viewer, true);
    audience.setPaused(viewer, false);
    expect([audience.idleSince, audience.watching, changes]).toEqual([null, 1, 2]);
    audience.remove(viewer, 'hung_up');
    audience.setPaused(viewer, true);
    expect(audience.watching).toBe(0);
  });

  it('does not restart the grace period when an unknown holder lets go', () => {
    audience.beginIdleIfUnwatched();
    const since = audience.idleSince;
    const [job] = jobs.pending.values();
    audience.letGo({});
    audience.beginIdleIfUnwatched();
    expect(audience.idleSince).toBe(since);
    expect(jobs.pending.get('stream.grace 1')).toBe(job);
  });

  it('removes a viewer once and keeps the first reason', () => {
    const viewer = makeViewer();
    audience.add(viewer, host);
    expect(viewer.stream).toBe(host);
    expect(audience.remove(viewer, 'kicked')).toBe(true);
    expect(viewer.leaveReason).toBe('kicked');
    expect(audience.remove(viewer, 'stopped')).toBe(false);
    expect(viewer.leaveReason).toBe('kicked');
  });

  it('counts the bytes of present and of former viewers', () => {
    const [first, second] = [makeViewer(), makeViewer()];
    audience.add(first, host);
    audience.add(second, host);
    first.queuedBytes = 1000;
    second.queuedBytes = 20;
    expect(audience.bytesOut).toBe(1020);
    audience.remove(first, 'hung_up');
    expect(audience.bytesOut).toBe(1020);
    second.queuedBytes = 25;
    expect(audience.bytesOut).toBe(1025);
  });

  it('moves all viewers and holders to another audience and is empty afterwards', () => {
    const other = new Audience('2', { graceMs: 10_000 }, jobs, new SlotHolder('s'));
    const otherHost: WatchedStream = { subject: {}, removeViewer: () => undefined };
    other.beginIdleIfUnwatched();
    const viewer = makeViewer();
    const holder = {};
    audience.add(viewer, host);
    audience.hold(holder, 'check');
    audience.moveTo(other, otherHost);
    expect(audience.isEmpty).toBe(true);
    expect([...other.viewers]).toEqual([viewer]);
    expect(viewer.stream).toBe(otherHost);
    expect(other.idleSince).toBeNull();
    other.remove(viewer, 'hung_up');
    expect(other.isEmpty).toBe(false);
    other.letGo(holder);
    expect(other.isEmpty).toBe(true);
  });

  it('does not end the grace period of another audience when it moves nobody there', () => {
    const other = new Audience('2', { graceMs: 10_000 }, jobs, new SlotHolder('s'));
    other.beginIdleIfUnwatched();
    audience.moveTo(other, host);
    expect(other.idleSince).not.toBeNull();
  });

  it('cancels its grace job when it is closed', () => {
    audience.beginIdleIfUnwatched();
    audience.close();
    expect(jobs.pending.size).toBe(0);
  });
});
