import { EventQueryDto } from './dto/event-query.dto';
import { type EventDto } from './dto/event.dto';
import { EventBus } from './event-bus';
import { EventLog } from './event-log';
import { EventsController } from './events.controller';

describe('GET /events', () => {
  let bus: EventBus;
  let controller: EventsController;

  beforeEach(() => {
    bus = new EventBus();
    controller = new EventsController(new EventLog({ eventLogSize: 5 }, bus));
    bus.publish('engine_added', { engine_id: 'e1', host: 'h', port: 1 }); // 1
    bus.publish('viewer_joined', { stream_id: 's1', client_id: 'c1' }); // 2
    bus.publish('stream_ended', { stream_id: 's1', engine_id: 'e1', reason: 'stopped' }); // 3
    bus.publish('stream_ended', { stream_id: 's2', engine_id: null, reason: 'no_viewers' }); // 4
    bus.publish('viewer_joined', { stream_id: 's2', client_id: 'c2' }); // 5
    bus.publish('viewer_joined', { stream_id: 's2', client_id: 'c3' }); // 6
    bus.onApplicationShutdown();
  });

  const list = (query: object): EventDto[] =>
    controller.list(Object.assign(new EventQueryDto(), query));
  const ids = (query: object): number[] => list(query).map((event) => event.id);

  it.each([
    [{}, [2, 3, 4, 5, 6]],
    [{ limit: 2 }, [5, 6]],
    [{ since: 3 }, [4, 5, 6]],
    [{ since: 3, limit: 2 }, [4, 5]],
    [{ since: 6 }, []],
    [{ type: 'stream_ended' }, [3, 4]],
    [{ stream_id: 's1' }, [2, 3]],
    [{ engine_id: 'e1' }, [3]],
    [{ container_id: 'e1' }, [3]],
    [{ type: 'viewer_joined', stream_id: 's2', since: 5 }, [6]],
  ])('finds by %j', (query, expected) => {
    expect(ids(query)).toEqual(expected);
  });

  it('follows changes of EVENT_LOG_SIZE, and keeps the newest events', () => {
    bus = new EventBus();
    const config = { eventLogSize: 5 };
    controller = new EventsController(new EventLog(config, bus));
    const publish = (count: number): void => {
      for (let n = 0; n < count; n++)
        bus.publish('engine_removed', { engine_id: 'e1', reason: '' });
      bus.onApplicationShutdown();
    };
    publish(7);
    config.eventLogSize = 3;
    publish(1);
    expect(ids({})).toEqual([6, 7, 8]);
    publish(1);
    expect(ids({})).toEqual([7, 8, 9]);
    config.eventLogSize = 5;
    publish(1);
    expect(ids({})).toEqual([7, 8, 9, 10]);
    publish(4);
    expect(ids({})).toEqual([10, 11, 12, 13, 14]);
  });

  it('finds a change of source by either engine', () => {
    bus = new EventBus();
    controller = new EventsController(new EventLog({ eventLogSize: 5 }, bus));
    const move = { stream_id: 's3', from_engine_id: 'e7', to_engine_id: 'e8' };
    bus.publish('stream_failed_over', { ...move, reason: 'reset' }); // 1
    bus.publish('stream_moved', { ...move, cause: 'operator', duration_ms: 1 }); // 2
    bus.publish('stream_move_failed', { ...move, cause: 'drain', reason: 'silence', detail: null }); // 3
    bus.publish('engine_removed', { engine_id: 'e7', reason: 'test' }); // 4
    bus.onApplicationShutdown();
    expect(ids({ engine_id: 'e7' })).toEqual([1, 2, 3, 4]);
    expect(ids({ engine_id: 'e8' })).toEqual([1, 2, 3]);
    expect(ids({ container_id: 'e8', type: 'stream_moved', stream_id: 's3' })).toEqual([2]);
    expect(ids({ engine_id: 'e9' })).toEqual([]);
  });

  it('returns type, ids, reason and time', () => {
    expect(list({ type: 'stream_ended' })[0]).toEqual({
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

  it('counts the logged events', () => {
    expect(controller.stats()).toEqual({
      total: 5,
      by_type: { viewer_joined: 3, stream_ended: 2 },
      oldest: expect.any(String),
      newest: expect.any(String),
      lost: 0,
    });
  });
});
