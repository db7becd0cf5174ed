import 'reflect-metadata';
import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { JobHandler } from './job-handler';
import { JobHandlers } from './job-handlers';

const SIGNAL = new AbortController().signal;

@Injectable()
class Streams {
  readonly ended: string[] = [];

  @JobHandler('stream.grace')
  endStream({ streamUid }: { readonly streamUid: string }): void {
    this.ended.push(streamUid);
  }

  notMarked(): void {
    this.ended.push('not marked');
  }
}

@Injectable()
class Others {
  @JobHandler('file.grace')
  endPlayback(): Promise<void> {
    return Promise.reject(new Error('boom'));
  }

  @JobHandler('fleet.provision')
  createEngine(): void {
    // Nothing to do.
  }

  @JobHandler('source.check')
  checkSource(): void {
    // Nothing to do.
  }

  @JobHandler('source.schedule')
  queueSources(): void {
    // Nothing to do.
  }

  @JobHandler('engine_image.schedule')
  lookAtClock(): void {
    // Nothing to do.
  }

  @JobHandler('guide.refresh')
  fetchGuide(): void {
    // Nothing to do.
  }

  @JobHandler('guide.channels')
  checkGuides(): void {
    // Nothing to do.
  }

  @JobHandler('hls.idle')
  removeViewers(): void {
    // Nothing to do.
  }

  @JobHandler('engine_api.idle')
  removeIdle(): void {
    // Nothing to do.
  }

  @JobHandler('channel_imports.refresh')
  refreshLists(): void {
    // Nothing to do.
  }
}

@Injectable()
class Rival {
  @JobHandler('stream.grace')
  endAsWell(): void {
    // Never called.
  }
}

describe('JobHandlers', () => {
  const open = async (...providers: Type[]) =>
    Test.createTestingModule({
      imports: [DiscoveryModule],
      providers: [JobHandlers, ...providers, { provide: 'alias', useFactory: () => Streams }],
    }).compile();

  it('calls the marked method of the provider', async () => {
    const module = await open(Streams, Others);
    const handlers = module.get(JobHandlers);
    await handlers.run('stream.grace', { streamUid: 'a' }, SIGNAL);
    expect(module.get(Streams).ended).toEqual(['a']);
    await expect(handlers.run('file.grace', { playbackUid: 'a' }, SIGNAL)).rejects.toThrow('boom');
  });

  it('fails the start when a job has no handler', async () => {
    await expect(open(Others)).rejects.toThrow(
      'no provider has a method with @JobHandler for: stream.grace',
    );
  });

  it('fails the start when a job has two handlers', async () => {
    await expect(open(Streams, Others, Rival)).rejects.toThrow(
      'job "stream.grace" has two handlers: Streams.endStream and Rival.endAsWell',
    );
  });
});
