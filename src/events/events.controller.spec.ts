import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { FastifyReply } from '../http';
import { EventExportQueryDto, EventQueryDto } from './dto/event-query.dto';
import { type EventDto } from './dto/event.dto';
import { EventsController } from './events.controller';
import { EventLogStage } from './testing/event-log.spec-support';

describe('the events API', () => {
  let path: string;
  let stage: EventLogStage;
  let controller: EventsController;

  beforeAll(async () => {
    path = mkdtempSync(join(tmpdir(), 'events-api-'));
    stage = await EventLogStage.start(path);
    controller = new EventsController(stage.log);
    const { bus } = stage;
    bus.publish('engine_added', { engine_id: 'e1', host: 'h', port: 1 }); // 1
    bus.publish('viewer_joined', { stream_id: 's1', client_id: 'c1' }); // 2
    bus.publish('stream_ended', { stream_id: 's1', engine_id: 'e1', reason: 'stopped' }); // 3
    bus.publish('channel_died', { channel: '=A1' }); // 4
    const move = { stream_id: 's3', from_engine_id: 'e7', to_engine_id: 'e8' };
    bus.publish('stream_failed_over', { ...move, reason: '100% "reset",' }); // 5
    bus.publish('stream_moved', { ...move, cause: 'operator', duration_ms: 1 }); // 6
    bus.onApplicationShutdown();
  });
  afterAll(async () => {
    await stage.end();
    rmSync(path, { recursive: true });
  });

  const headers: Record<string, string> = {};
  let sent: Readable | undefined;
  const reply = {
    header: (name: string, value: string) => (headers[name] = value),
    headers: (more: Record<string, string>) => Object.assign(headers, more),
    send: (body: Readable) => (sent = body),
  } as unknown as FastifyReply;

  const list = (query: object): Promise<EventDto[]> =>
    controller.list(plainToInstance(EventQueryDto, query), reply);

  const TIME = '2001-01-01T00:00:00Z';
  const QUERIES: [object, number[]][] = [
    [{}, [1, 2, 3, 4, 5, 6]],
    [{ limit: '2' }, [5, 6]],
    [{ order: 'desc', limit: '2' }, [6, 5]],
    [{ since: '3' }, [4, 5, 6]],
    [{ since: '3', limit: '2' }, [4, 5]],
    [{ since: '3', limit: '2', order: 'desc' }, [6, 5]],
    [{ since: '6' }, []],
    [{ until: '3' }, [1, 2]],
    [{ until: '5', limit: '2' }, [3, 4]],
    [{ since: '1', until: '5', limit: '2' }, [2, 3]],
    [{ since: TIME, limit: '2' }, [1, 2]],
    [{ until: TIME }, []],
    [{ type: 'stream_ended' }, [3]],
    [{ type: 'stream_ended,engine_added' }, [1, 3]],
    [{ level: 'warning' }, [4, 5]],
    [{ level: 'error' }, [4]],
    [{ category: 'stream' }, [2, 3, 5, 6]],
    [{ stream_id: 's1' }, [2, 3]],
    [{ engine_id: 'e1' }, [1, 3]],
    [{ container_id: 'e7' }, [5, 6]],
    [{ engine_id: 'e8', type: 'stream_moved', stream_id: 's3' }, [6]],
    [{ channel: '=A1' }, [4]],
    [{ text: 'ENGINE e7' }, [5, 6]],
    [{ text: '100% "' }, [5]],
    [{ text: '_' }, []],
  ];

  it.each(QUERIES)('finds by %j in memory', async (query, expected) => {
    jest.spyOn(stage.store, 'find').mockRejectedValueOnce(new Error('does not answer'));
    expect((await list(query)).map(({ id }) => id)).toEqual(expected);
    expect(headers['X-Events-Source']).toBe('memory');
  });

  it('finds the same on the disk', async () => {
    await stage.written();
    delete headers['X-Events-Source'];
    for (const [query, expected] of QUERIES) {
      expect([query, (await list(query)).map(({ id }) => id)]).toEqual([query, expected]);
    }
    expect(headers['X-Events-Source']).toBeUndefined();
  });

  it.each([
    { type: 'odd' },
    { type: 'stream_ended,odd' },
    { level: 'fatal' },
    { since: '-1' },
    { since: 'yesterday' },
    { until: '2001-01-01T00:00' },
    { limit: '0' },
    { limit: '1001' },
    { order: 'up' },
  ])('refuses %j', (query) => {
    expect(validateSync(plainToInstance(EventQueryDto, query))).toHaveLength(1);
  });

  it('returns type, level, message, ids, reason and time', async () => {
    expect((await list({ type: 'stream_ended' }))[0]).toEqual({
      id: 3,
      type: 'stream_ended',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'info',
      category: 'stream',
      message: 'Stream s1 has ended (stopped).',
      stream_id: 's1',
      engine_id: 'e1',
      client_id: null,
      reason: 'stopped',
      details: { stream_id: 's1', engine_id: 'e1', reason: 'stopped' },
    });
  });

  it('counts the events', async () => {
    expect(await controller.stats()).toMatchObject({
      total: 6,
      by_type: { channel_died: 1, viewer_joined: 1 },
      oldest: expect.stringMatching(/Z$/),
      newest: expect.stringMatching(/Z$/),
      lost: 0,
      complete: true,
    });
  });

  async function exported(query: object): Promise<string> {
    await controller.export(plainToInstance(EventExportQueryDto, query), reply);
    return text(sent!);
  }

  it('exports JSON', async () => {
    expect(JSON.parse(await exported({}))).toEqual(JSON.parse(JSON.stringify(await list({}))));
    expect(JSON.parse(await exported({ stream_id: 'none' }))).toEqual([]);
    expect(headers['Content-Disposition']).toBe('attachment; filename="events.json"');
  });

  it('exports CSV that a spreadsheet does not evaluate', async () => {
    const lines = (await exported({ format: 'csv', level: 'warning' })).split('\r\n');
    expect(lines[0]).toBe(
      'id,time,type,level,category,message,stream_id,engine_id,client_id,reason,details',
    );
    expect(lines[1]).toContain('Channel =A1 is dead');
    expect(lines[2]).toContain('"100% ""reset"","');
    expect(lines).toHaveLength(4);
  });

  it('exports more events than one query returns, each once', async () => {
    stage.publish(1200);
    const rows = JSON.parse(await exported({ type: 'engine_removed' })) as EventDto[];
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 1200 }, (_, n) => n + 7));
  });

  it('removes old events, and tells how many', async () => {
    await stage.written();
    expect(await controller.cleanup({ max_age_days: 1 })).toMatchObject({ deleted: 0 });
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 1000);
    expect(await controller.cleanup({ max_age_days: 0 })).toEqual({
      deleted: 1206,
      message: '1206 events were removed.',
    });
    jest.restoreAllMocks();
    expect(await list({})).toEqual([]);
  });
});
