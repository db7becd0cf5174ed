import type { DomainEventPayloads, DomainEventType, RecordedEvent } from '../events';
import { signalOf } from './incident-rules';

function signal<T extends DomainEventType>(type: T, payload: DomainEventPayloads[T]) {
  const event: RecordedEvent = { id: 1, type, time: '2026-01-01T00:00:00Z', payload };
  const found = signalOf(event);
  return found === null ? null : `${found.role} ${found.subject} ${found.aspect ?? '*'}`;
}

const engine = (from: string, to: string) =>
  signal('engine_state_changed', { engine_id: 'e', from, to, reason: 'r' });
const vpn = (to: string) =>
  signal('vpn_state_changed', { vpn: 'v', from: 'unknown', to, reason: 'r' });
const stream = { stream_id: 's', engine_id: 'e' };

describe('the events of incidents', () => {
  it('pair problems with their recoveries', () => {
    expect([engine('healthy', 'unhealthy'), engine('unhealthy', 'healthy')]).toEqual([
      'problem engine:e health',
      'recovery engine:e health',
    ]);
    expect([vpn('down'), vpn('recovering'), vpn('up')]).toEqual([
      'problem vpn:v health',
      null,
      'recovery vpn:v health',
    ]);
    const rollout = (state: 'started' | 'finished' | 'stopped') =>
      signal('engine_rollout_changed', {
        ...{ state, cause: 'image_changed', total: 3, replaced: 1, reason: null },
      });
    expect([rollout('stopped'), rollout('started'), rollout('finished')]).toEqual([
      'problem fleet rollout',
      'recovery fleet rollout',
      'recovery fleet rollout',
    ]);
    expect(signal('channel_died', { channel: 'c' })).toBe('problem channel:c sources');
    expect(signal('channel_recovered', { channel: 'c' })).toBe('recovery channel:c sources');
    expect(signal('stream_stalled', { ...stream, reason: 'silence' })).toBe(
      'problem stream:s media',
    );
    expect(signal('stream_resumed', { ...stream, outage_ms: 1 })).toBe('recovery stream:s media');
    const orders = { order: 'o', code: 'image_missing', reason: 'r' };
    expect(signal('engine_order_failed', orders)).toBe('problem fleet orders');
    expect(signal('engine_added', { engine_id: 'e', host: 'h', port: 1 })).toBe(
      'recovery fleet orders',
    );
  });

  it('end every problem of what is gone, and tell nobody of a shutdown', () => {
    expect(signal('engine_removed', { engine_id: 'e', reason: 'r' })).toBe('recovery engine:e *');
    const ended = (reason: string) => {
      const payload = { ...stream, reason } as DomainEventPayloads['stream_ended'];
      return signal('stream_ended', payload);
    };
    expect([ended('no_viewers'), ended('shutdown')]).toEqual([
      'recovery stream:s *',
      'end stream:s *',
    ]);
  });

  it('are no others', () => {
    expect(engine('healthy', 'draining')).toBeNull();
    expect(signal('viewer_joined', { stream_id: 's', client_id: 'c' })).toBeNull();
    expect(signal('settings_changed', { names: [], actor: 'a' })).toBeNull();
  });
});
