import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { RecordingEvents } from '../../../events/testing/recording-events.spec-support';
import { stat } from '../../testing/scripted-ace.spec-support';
import type { LiveStreams } from '../live-streams';
import { UploadWatch } from './upload-watch';

describe('UploadWatch', () => {
  let nowMs = 0;
  let speeds: readonly (readonly [engineId: string, kBps: number | null])[] = [];
  const config = { engineMaxUploadBps: 8_000_000 };
  let events: RecordingEvents;
  let watch: UploadWatch;

  beforeEach(() => {
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    Logger.overrideLogger(false);
    config.engineMaxUploadBps = 8_000_000;
    events = new RecordingEvents();
    const list = (): unknown =>
      speeds.map(([engineId, speedUpKBps]) => ({
        observation: { stat: { unixMs: 0, engineId, stat: stat({ speedUpKBps }) } },
      }));
    const streams = { list } as unknown as LiveStreams;
    watch = new UploadWatch(config, streams, { every: () => undefined } as never, events);
  });

  async function minutes(count: number): Promise<void> {
    for (let n = 0; n < count * 6; n++) {
      nowMs += 10_000;
      await watch.measure();
    }
  }

  it('adds up the streams of an engine, and reports the engine once and when it is normal again', async () => {
    speeds = [
      ['e1', 700],
      ['e1', 800],
      ['e2', 800],
      ['e3', null],
    ];
    await minutes(5);
    expect(events.payloads('engine_upload_exceeded')).toEqual([
      { engine_id: 'e1', upload_bps: 12_000_000, limit_bps: 8_000_000 },
    ]);
    speeds = [];
    await minutes(2);
    expect(events.payloads('engine_upload_normal')).toEqual([{ engine_id: 'e1', upload_bps: 0 }]);
  });

  it('follows changes of ENGINE_MAX_UPLOAD_BPS', async () => {
    speeds = [['e1', 1000]];
    await minutes(5);
    config.engineMaxUploadBps = 800_000;
    await minutes(2);
    expect(events.payloads('engine_upload_exceeded')).toMatchObject([{ limit_bps: 800_000 }]);
    config.engineMaxUploadBps = 0;
    await minutes(2);
    expect(events.payloads('engine_upload_normal')).toHaveLength(1);
  });
});
