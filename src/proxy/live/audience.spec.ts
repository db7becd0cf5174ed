import { SlotHolder } from '../../engines';
import type { ViewerHost } from '../viewers';
import { ManualJobs } from '../testing/manual-jobs.spec-support';
import { makeViewer } from '../testing/viewers.spec-support';
import { Audience } from './audience';

const host: ViewerHost = { removeViewer: () => undefined };

describe('Audience', () => {
  let jobs: ManualJobs;
  let graceOver: string[];
  let changes: number;
  let audience: Audience;

  beforeEach(() => {
    graceOver = [];
    jobs = new ManualJobs(({ id }) => graceOver.push(id));
    changes = 0;
    audience = new Audience('1', 10_000, jobs, new SlotHolder('s', () => changes++));
  });

  it('begins its grace when nobody is there, and tells when it is over', () => {
    audience.beginIdleIfUnwatched();
    expect(audience.idleSince).not.toBeNull();
    expect(jobs.pending.get('stream.grace 1')?.delayMs).toBe(10_000);
    jobs.runAll();
    expect(graceOver).toEqual(['1']);
  });

  it('ends the grace when somebody comes, viewer or holder', () => {
    audience.beginIdleIfUnwatched();
    audience.add(makeViewer(), host);
    expect(jobs.pending.size).toBe(0);
    expect(audience.idleSince).toBeNull();

    const held = new Audience('2', 10_000, jobs, new SlotHolder('s'));
    held.beginIdleIfUnwatched();
    held.hold({}, 'client');
    expect(jobs.pending.size).toBe(0);
    expect(held.idleSince).toBeNull();
  });

  it('tells when nobody is there any more and when somebody is again, once each', () => {
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

  it('has no grace while anybody is there', () => {
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

  it('is idle while all who are there are paused, but has no grace as long as one is', () => {
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
    // Paused first, then unwatched.
    expect(changes).toBe(2);
    jobs.runAll();
    expect(graceOver).toEqual(['1']);
  });

  it('is watched again when a paused viewer goes on', () => {
    const viewer = makeViewer();
    audience.add(viewer, host);
    audience.setPaused(viewer, true);
    audience.setPaused(viewer, false);
    expect([audience.idleSince, audience.watching, changes]).toEqual([null, 1, 2]);
    audience.remove(viewer, 'hung_up');
    audience.setPaused(viewer, true);
    expect(audience.watching).toBe(0);
  });

  it('is not prolonged by who was not there', () => {
    audience.beginIdleIfUnwatched();
    const since = audience.idleSince;
    const [job] = jobs.pending.values();
    audience.letGo({});
    audience.beginIdleIfUnwatched();
    expect(audience.idleSince).toBe(since);
    expect(jobs.pending.get('stream.grace 1')).toBe(job);
  });

  it('says once who was removed, and why', () => {
    const viewer = makeViewer();
    audience.add(viewer, host);
    expect(viewer.host).toBe(host);
    expect(audience.remove(viewer, 'kicked')).toBe(true);
    expect(viewer.leaveReason).toBe('kicked');
    expect(audience.remove(viewer, 'stopped')).toBe(false);
    expect(viewer.leaveReason).toBe('kicked');
  });

  it('counts the bytes of those who are there and of those who have left', () => {
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

  it('hands everybody over, with their new host, and is empty then', () => {
    const other = new Audience('2', 10_000, jobs, new SlotHolder('s'));
    const otherHost: ViewerHost = { removeViewer: () => undefined };
    other.beginIdleIfUnwatched();
    const viewer = makeViewer();
    const holder = {};
    audience.add(viewer, host);
    audience.hold(holder, 'check');
    audience.moveTo(other, otherHost);
    expect(audience.isEmpty).toBe(true);
    expect([...other.viewers]).toEqual([viewer]);
    expect(viewer.host).toBe(otherHost);
    expect(other.idleSince).toBeNull();
    other.remove(viewer, 'hung_up');
    expect(other.isEmpty).toBe(false);
    other.letGo(holder);
    expect(other.isEmpty).toBe(true);
  });

  it('handing over nobody does not end the grace of the other', () => {
    const other = new Audience('2', 10_000, jobs, new SlotHolder('s'));
    other.beginIdleIfUnwatched();
    audience.moveTo(other, host);
    expect(other.idleSince).not.toBeNull();
  });

  it('leaves no job when it is closed', () => {
    audience.beginIdleIfUnwatched();
    audience.close();
    expect(jobs.pending.size).toBe(0);
  });
});
