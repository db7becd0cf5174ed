/**
 * Facts that other rooms may want to know, in past tense. Payload names are wire names: an event is
 * logged, listed at `GET /events` and pushed exactly as it is published.
 */
export interface DomainEventPayloads {
  engine_added: { readonly engine_id: string; readonly host: string; readonly port: number };
  engine_state_changed: {
    readonly engine_id: string;
    readonly from: string;
    readonly to: string;
    readonly reason: string;
  };
  engine_removed: { readonly engine_id: string; readonly reason: string };
  /** An engine was ordered. */
  engine_ordered: { readonly order: string; readonly reason: string };
  /** An order failed, or an engine ended before it had answered once. */
  engine_order_failed: { readonly order: string; readonly code: string; readonly reason: string };
  /** How many engines there should be has changed. */
  fleet_scaled: { readonly from: number; readonly to: number; readonly reason: string };
  breaker_changed: { readonly from: string; readonly to: string; readonly reason: string };
  /** The runtime (Docker) can be asked again, or cannot. */
  runtime_link_changed: { readonly state: string; readonly reason: string | null };
  /** At most one per second while an image is pulled; `finished` and `failed` once. */
  image_pull: {
    readonly image: string;
    readonly state: 'started' | 'progress' | 'finished' | 'failed';
    readonly current_bytes: number;
    readonly total_bytes: number;
    readonly reason: string | null;
  };
  vpn_state_changed: {
    readonly vpn: string;
    readonly from: string;
    readonly to: string;
    readonly reason: string;
  };
  vpn_port_changed: {
    readonly vpn: string;
    readonly from: number | null;
    readonly to: number | null;
  };
  stream_requested: { readonly stream_id: string; readonly selector: string };
  stream_started: {
    readonly stream_id: string;
    readonly engine_id: string;
    readonly infohash: string | null;
    readonly start_ms: number;
  };
  stream_stalled: {
    readonly stream_id: string;
    readonly engine_id: string | null;
    readonly reason: string;
  };
  stream_resumed: {
    readonly stream_id: string;
    readonly engine_id: string;
    readonly outage_ms: number;
  };
  /** Found once per loop; `action` is what was done about it. */
  stream_looping: {
    readonly stream_id: string;
    readonly engine_id: string | null;
    readonly cause: 'media_repeats' | 'position_stands_still' | 'position_behind';
    readonly action: 'report' | 'failover' | 'stop';
    /** Media time between two showings of the same content; null when that is not known. */
    readonly period_s: number | null;
  };
  /** The source was lost, and another one is read, maybe on the same engine. */
  stream_failed_over: {
    readonly stream_id: string;
    readonly from_engine_id: string;
    readonly to_engine_id: string;
    readonly reason: string;
  };
  /** By plan: another engine was ready before the old one was left. */
  stream_moved: {
    readonly stream_id: string;
    readonly from_engine_id: string;
    readonly to_engine_id: string;
    readonly cause: 'operator' | 'drain';
    /** From the choice of the new engine to its first packet at viewers. */
    readonly duration_ms: number;
  };
  /** The other engine failed while it was prepared; the stream goes on where it was. */
  stream_move_failed: {
    readonly stream_id: string;
    readonly from_engine_id: string;
    readonly to_engine_id: string;
    readonly cause: 'operator' | 'drain';
    readonly reason: string;
  };
  /** A channel's source was given up for another one, which is tried now. */
  stream_source_changed: {
    readonly stream_id: string;
    readonly channel: string;
    readonly from: string;
    readonly to: string;
    readonly reason: string;
  };
  stream_failed: {
    readonly stream_id: string;
    readonly engine_id: string | null;
    readonly code: string;
    readonly reason: string;
  };
  stream_ended: {
    readonly stream_id: string;
    readonly engine_id: string | null;
    readonly reason: string;
  };
  viewer_joined: { readonly stream_id: string; readonly client_id: string };
  viewer_left: {
    readonly stream_id: string;
    readonly client_id: string;
    readonly reason: string;
    readonly bytes_sent: number;
  };
  viewer_jumped: {
    readonly stream_id: string;
    readonly client_id: string;
    readonly skipped_bytes: number;
    readonly lag_s: number;
  };
}

export type DomainEventType = keyof DomainEventPayloads;

export interface RecordedEvent<T extends DomainEventType = DomainEventType> {
  /** Grows by one per event; a client may ask for what came after the last one it knows. */
  readonly id: number;
  readonly type: T;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly payload: DomainEventPayloads[T];
}
