import type { StreamUser } from '../../access';
import { type AppError } from '../../kernel/errors';
import { makeUser } from '../testing/viewers.spec-support';
import type { LeaveReason } from '../viewers';
import { type StreamUse, UserStreams } from './user-streams';

const TV = 'tv';
const PHONE = 'phone';

describe('UserStreams', () => {
  const one = { name: 'one' };
  const two = { name: 'two' };
  const three = { name: 'three' };
  let refused: ReadonlySet<string>;
  let streams: UserStreams;
  /** The uses that were ended, and why. */
  let ended: [string, object | null, LeaveReason][];
  let clock: number;

  beforeEach(() => {
    refused = new Set();
    streams = new UserStreams((user, ip) =>
      refused.has(user.id) || refused.has(ip) ? 'This user is disabled.' : null,
    );
    ended = [];
    clock = 0;
  });

  /** A further viewer, as a join of a stream that exists already. */
  function watch(user: StreamUser | null, device: string, subject: object): StreamUse {
    const use: StreamUse = {
      user,
      ip: '192.0.2.1',
      device,
      joinedMs: ++clock,
      subject,
      leave: (reason) => {
        ended.push([device, subject, reason]);
        streams.remove(use);
      },
    };
    streams.replace(streams.check(use, subject));
    streams.add(use);
    return use;
  }

  function refusalOf(call: () => unknown): AppError {
    try {
      call();
    } catch (error) {
      return error as AppError;
    }
    throw new Error('nothing was refused');
  }

  it('replaces the oldest stream of the same device at the limit', () => {
    const user = makeUser(2);
    watch(user, TV, one);
    watch(user, TV, two);
    watch(user, TV, three);
    expect(ended).toEqual([[TV, one, 'user_limit']]);
    expect(streams.streamsOf(user)).toHaveLength(2);
  });

  it('ends nothing below the limit', () => {
    const user = makeUser(5);
    for (const subject of [one, two, three, { name: 'four' }]) watch(user, TV, subject);
    expect(ended).toEqual([]);
  });

  it('does not count uses that leave anyway', () => {
    const user = makeUser(1);
    const leaving = watch(user, TV, one);
    const next = { ...leaving, device: PHONE };
    expect(refusalOf(() => streams.check(next, one))).toMatchObject({ code: 'client_limit' });
    expect(streams.check(next, one, [leaving])).toEqual([]);
    expect(streams.check({ ...leaving }, two)).toEqual([leaving]);
    expect(ended).toEqual([]);
  });

  it('replaces a stream with all its viewers', () => {
    const user = makeUser(1);
    watch(user, TV, one);
    watch(user, TV, one);
    watch(user, TV, two);
    expect(ended).toEqual([
      [TV, one, 'user_limit'],
      [TV, one, 'user_limit'],
    ]);
  });

  it('counts viewers of one content on one device once, and on two devices twice', () => {
    const user = makeUser(2);
    watch(user, TV, one);
    watch(user, TV, one);
    watch(user, PHONE, one);
    expect(streams.streamsOf(user)).toHaveLength(2);
    expect(refusalOf(() => watch(user, 'third', one))).toMatchObject({ code: 'client_limit' });
    expect(ended).toEqual([]);
  });

  it('never ends the stream of another device', () => {
    const user = makeUser(1);
    watch(user, TV, one);
    expect(refusalOf(() => watch(user, PHONE, two))).toMatchObject({
      status: 429,
      detail: "The user's limit of 1 stream is reached by other devices.",
    });
    expect(ended).toEqual([]);
  });

  it('keeps the own stream if other devices alone reach a limit that was lowered', () => {
    const user = makeUser(null);
    watch(user, PHONE, one);
    watch(user, TV, two);
    Object.assign(user, { maxStreams: 1 });
    expect(refusalOf(() => watch(user, TV, three))).toMatchObject({ code: 'client_limit' });
    expect(ended).toEqual([]);
  });

  it('ends as many own streams as a lowered limit requires', () => {
    const user = makeUser(null);
    for (const subject of [one, two, three]) watch(user, TV, subject);
    Object.assign(user, { maxStreams: 1 });
    watch(user, TV, { name: 'four' });
    expect(ended.map(([, subject]) => subject)).toEqual([one, two, three]);
  });

  it('does not limit other users, nor viewers without a user', () => {
    watch(makeUser(1, 'u1'), TV, one);
    watch(makeUser(1, 'u2'), TV, two);
    for (const subject of [one, two, three]) watch(null, TV, subject);
    expect(ended).toEqual([]);
  });

  it('ends what revoked users watch, and nothing else', () => {
    watch(makeUser(null, 'u1'), TV, one);
    watch(makeUser(null, 'u2'), TV, one);
    watch(null, TV, one);
    refused = new Set(['u1']);
    streams.endRevoked();
    expect(ended).toEqual([[TV, one, 'revoked']]);
    expect(refusalOf(() => watch(makeUser(null, 'u1'), TV, two))).toMatchObject({
      code: 'forbidden',
      detail: 'This user is disabled.',
    });
  });
});
