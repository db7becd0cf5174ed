import { Logger } from '@nestjs/common';
import { RecordingEvents } from '../../../events/testing/recording-events.spec-support';
import { Deferred } from '../../../kernel/deferred';
import { RuntimeError } from '../engine-runtime.port';
import type { ImageInfo, PullProgress } from '../docker-client';
import { EngineImage, type ImageClient } from './engine-image';

const REFERENCE = 'toy/engine:1';
const never = () => new AbortController().signal;

/** One pull, which the test or its own signal ends. */
class Pull {
  readonly end = new Deferred<void>();

  constructor(
    readonly tell: (progress: PullProgress) => void,
    readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => this.end.reject(signal.reason));
  }
}

class ScriptedImages {
  isThere = false;
  id = 'sha256:1';
  readonly byId = new Map<string, ImageInfo>();
  readonly removed: string[] = [];
  checks = 0;
  failure: Error | null = null;
  readonly pulls: Pull[] = [];

  readonly client: ImageClient = {
    version: () => Promise.resolve({ arch: 'amd64' }),
    images: {
      find: async (reference: string) => {
        this.checks += 1;
        await new Promise(setImmediate);
        if (this.failure !== null) throw this.failure;
        if (reference !== REFERENCE) return this.byId.get(reference) ?? null;
        return this.isThere ? { Id: this.id } : null;
      },
      remove: (id: string) => {
        this.removed.push(id);
        return Promise.resolve('done' as const);
      },
      pull: (_: string, tell: (progress: PullProgress) => void, signal: AbortSignal) => {
        const pull = new Pull(tell, signal);
        this.pulls.push(pull);
        return pull.end.promise;
      },
    },
  };
}

describe('EngineImage', () => {
  let images: ScriptedImages;
  let image: EngineImage;
  let events: RecordingEvents;
  let nowMs: number;
  let objection: string | null;

  beforeEach(() => {
    Logger.overrideLogger(false);
    images = new ScriptedImages();
    events = new RecordingEvents();
    nowMs = 0;
    objection = null;
    const recipe = { imageReference: REFERENCE, imageObjection: () => objection };
    image = new EngineImage(images.client, recipe, events, () => nowMs);
  });

  /** Resolves with the next pull once it has begun. */
  async function nextPull(): Promise<Pull> {
    const before = images.pulls.length;
    while (images.pulls.length === before) await new Promise(setImmediate);
    return images.pulls.at(-1)!;
  }

  async function failingPull(): Promise<void> {
    const ensured = image.ensure(never());
    (await nextPull()).end.reject(new RuntimeError('image_missing', 'denied'));
    await expect(ensured).rejects.toMatchObject({
      code: 'image_missing',
      message: expect.stringMatching(/: denied$/),
      retryAfterMs: expect.any(Number),
    });
  }

  const pulls = () => events.payloads('image_pull');
  const states = () => pulls().map(({ state }) => state);

  it('is unknown until the first request, and is checked for each request, because anybody may remove it', async () => {
    expect(image.state).toEqual({
      reference: REFERENCE,
      id: null,
      state: 'unknown',
      progress: null,
      reason: null,
    });
    images.isThere = true;
    await image.ensure(never());
    await image.ensure(never());
    expect([image.state.state, images.checks, images.pulls.length]).toEqual(['present', 2, 0]);
    expect(pulls()).toEqual([]);
  });

  it('is pulled once for all requests, with progress', async () => {
    const ensured = [image.ensure(never()), image.ensure(never())];
    const pull = await nextPull();
    expect(image.state.state).toBe('pulling');
    for (const currentBytes of [10, 20, 30]) {
      nowMs += 600;
      pull.tell({ currentBytes, totalBytes: 100 });
    }
    expect(image.state.progress).toEqual({ currentBytes: 30, totalBytes: 100 });
    pull.end.resolve();
    await Promise.all(ensured);
    expect(images.pulls).toHaveLength(1);
    expect(image.state).toMatchObject({ state: 'present', progress: null });
    expect(pulls().map(({ state, current_bytes }) => `${state} ${current_bytes}`)).toEqual([
      ...['started 0', 'progress 20', 'finished 30'],
    ]);
  });

  it('is not pulled again during a wait after each refusal, which doubles', async () => {
    const waits = [15, 30, 60, 120, 240, 300, 300];
    for (const [index, waitS] of waits.entries()) {
      await failingPull();
      expect(image.state).toMatchObject({ state: 'missing', reason: 'denied' });
      nowMs += waitS * 1000 - 1;
      await expect(image.ensure(never())).rejects.toMatchObject({
        message: `${REFERENCE}: denied`,
        retryAfterMs: 1,
      });
      expect(images.pulls).toHaveLength(index + 1);
      nowMs += 1;
    }
    expect(new Set(states())).toEqual(new Set(['started', 'failed']));
  });

  it('is used at once when it was pulled by another program, and a later refusal begins with the short wait', async () => {
    await failingPull();
    images.isThere = true;
    await image.ensure(never());
    expect(image.state).toMatchObject({ state: 'present', reason: null });
    images.isThere = false;
    await failingPull();
    nowMs += 15_000;
    await failingPull();
  });

  it('does not count a loss of Docker as a failed pull', async () => {
    const ensured = image.ensure(never());
    (await nextPull()).end.reject(new RuntimeError('docker_unavailable', 'gone'));
    await expect(ensured).rejects.toMatchObject({ code: 'docker_unavailable' });
    expect(image.state.state).toBe('unknown');
    images.failure = new RuntimeError('docker_unavailable', 'gone');
    await expect(image.ensure(never())).rejects.toMatchObject({ code: 'docker_unavailable' });
    images.failure = null;
    const again = image.ensure(never());
    (await nextPull()).end.resolve();
    await again;
  });

  it('is not pulled for another architecture', async () => {
    objection = 'not built for amd64';
    const refusal = { code: 'image_missing', message: objection };
    await expect(image.ensure(never())).rejects.toMatchObject(refusal);
    expect(image.state).toMatchObject({ state: 'missing', reason: objection });
    expect(images.pulls).toHaveLength(0);
  });

  it('stops the pull when the requests are cancelled', async () => {
    const calling = new AbortController();
    const ensured = [image.ensure(calling.signal), image.ensure(calling.signal)];
    const pull = await nextPull();
    calling.abort();
    for (const each of ensured) await expect(each).rejects.toThrow('the request was cancelled');
    expect(pull.signal.aborted).toBe(true);
    expect([image.state.state, states()]).toEqual(['unknown', ['started', 'failed']]);
    // The ended pull does not delay the next request.
    const again = image.ensure(never());
    (await nextPull()).end.resolve();
    await again;
    expect(image.state.state).toBe('present');
  });

  it('does not check the image for a request that is already cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(image.ensure(signal)).rejects.toThrow('the request was cancelled');
    expect(images.checks).toBe(0);
  });

  it('does not begin a pull for a request that was cancelled during the check', async () => {
    const calling = new AbortController();
    const ensured = image.ensure(calling.signal);
    calling.abort();
    await expect(ensured).rejects.toThrow('the request was cancelled');
    expect([images.checks, images.pulls.length, pulls()]).toEqual([1, 0, []]);
  });

  it('is pulled again by a refresh, for which no request waits, and has the id of what was pulled', async () => {
    images.isThere = true;
    await image.known();
    expect(image.state).toMatchObject({ state: 'present', id: 'sha256:1' });
    const refreshed = image.refresh(never());
    const pull = await nextPull();
    await image.ensure(never());
    images.id = 'sha256:2';
    pull.end.resolve();
    await refreshed;
    expect(image.state).toMatchObject({ state: 'present', id: 'sha256:2' });
    expect(states()).toEqual(['started', 'finished']);
  });

  it('stays as it is when a refresh fails', async () => {
    images.isThere = true;
    await image.known();
    const refreshed = image.refresh(never());
    (await nextPull()).end.reject(new RuntimeError('image_missing', 'denied'));
    await expect(refreshed).rejects.toMatchObject({ code: 'image_missing', message: 'denied' });
    expect(image.state).toMatchObject({ state: 'present', id: 'sha256:1' });
    await image.ensure(never());
  });

  it('is the pinned one while that exists', async () => {
    images.isThere = true;
    images.byId.set('sha256:0', { Id: 'sha256:0' });
    image.pin('sha256:0');
    await image.ensure(never());
    expect(image.source).toBe('sha256:0');
    images.byId.delete('sha256:0');
    await image.ensure(never());
    expect(image.source).toBe(REFERENCE);
  });

  it('is discarded only without another name', async () => {
    images.byId.set('sha256:0', { Id: 'sha256:0', RepoTags: ['kept:1'] });
    await image.discard('sha256:0');
    await image.discard('sha256:9');
    expect(images.removed).toEqual([]);
    images.byId.set('sha256:0', { Id: 'sha256:0', RepoTags: [] });
    await image.discard('sha256:0');
    expect(images.removed).toEqual(['sha256:0']);
  });
});
