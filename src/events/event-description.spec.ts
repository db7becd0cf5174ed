import {
  type DomainEventPayloads,
  type DomainEventType,
  type RecordedEvent,
} from './domain-events';
import { categoryOf, describeEvent } from './event-description';

const time = '2026-01-01T00:00:00.000Z';

function event<T extends DomainEventType>(type: T, payload: DomainEventPayloads[T]): RecordedEvent {
  return { id: 1, type, time, payload };
}

const viewer = { stream_id: 's', client_id: 'c' };

describe('describeEvent', () => {
  it.each([
    [
      event('engine_added', { engine_id: 'e', host: 'h', port: 6878 }),
      { level: 'info', text: 'Engine e was added at h:6878.', subject: 'engine:e' },
    ],
    [
      event('engine_state_changed', {
        engine_id: 'e',
        from: 'suspect',
        to: 'unhealthy',
        reason: 'no answer',
      }),
      {
        level: 'error',
        text: 'Engine e is now unhealthy; it was suspect (no answer).',
        subject: 'engine:e',
      },
    ],
    [
      event('runtime_link_changed', { state: 'connected', reason: null }),
      { level: 'info', text: 'The connection to Docker is now connected.', subject: 'runtime' },
    ],
    [
      event('stream_failed', {
        stream_id: 's',
        engine_id: null,
        code: 'start_timeout',
        reason: 'No media\n arrived.',
      }),
      {
        level: 'error',
        text: 'Stream s has failed (start_timeout: No media arrived).',
        subject: 'stream:s',
      },
    ],
    [
      event('viewer_left', { ...viewer, reason: 'hung_up', bytes_sent: 3 * 1024 * 1024 }),
      {
        level: 'info',
        text: 'Viewer c has left stream s after 3.0 MiB (hung_up).',
        subject: 'stream:s',
      },
    ],
    [
      event('viewer_left', { ...viewer, reason: 'too_many_jumps', bytes_sent: 0 }),
      {
        level: 'warning',
        text: 'Viewer c has left stream s after 0.0 MiB (too_many_jumps).',
        subject: 'stream:s',
      },
    ],
    [
      event('channel_died', { channel: 'ch' }),
      {
        level: 'error',
        text: 'Channel ch is dead: all of its sources have failed.',
        subject: 'channel:ch',
      },
    ],
    [
      event('settings_changed', { names: ['A', 'B'], actor: 'key 1' }),
      { level: 'info', text: 'Settings were changed by key 1: A, B.', subject: 'settings' },
    ],
  ])('describes %j', (recorded, description) => {
    expect(describeEvent(recorded)).toEqual(description);
  });

  it('bounds the text', () => {
    const { text } = describeEvent(
      event('engine_removed', { engine_id: 'e', reason: 'x'.repeat(10_000) }),
    );
    expect(text).toHaveLength(500);
    expect(text.endsWith('…')).toBe(true);
  });

  it('names the category', () => {
    expect(categoryOf({ level: 'info', text: '', subject: 'vpn:a:b' })).toBe('vpn');
    expect(categoryOf({ level: 'info', text: '', subject: 'fleet' })).toBe('fleet');
  });
});
