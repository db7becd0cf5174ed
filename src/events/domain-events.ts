/** What a stream has amounted to; part of its last event. */
export interface StreamTotals {
  readonly kind: 'live' | 'file';
  /** Id of the channel that was requested; null if the request named a content. */
  readonly channel: string | null;
  /** False if nobody asked to watch: the stream was only a check of its content. */
  readonly is_for_viewers: boolean;
  /** Time from the request to the first byte from an engine; null if there was none. */
  readonly first_byte_ms: number | null;
  /** Bytes from engines. */
  readonly bytes_in: number;
  /** Bytes that the kernel has accepted for viewers. */
  readonly bytes_out: number;
}

/**
 * The types of events and their payloads. An event is a fact in the past tense. Payload fields have the names of the
 * API, because an event is logged, and listed at `GET /events`, exactly as it is published.
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
  /** The engine has uploaded more than ENGINE_MAX_UPLOAD_BPS for a minute. Rates are in bits per second. */
  engine_upload_exceeded: {
    readonly engine_id: string;
    readonly upload_bps: number;
    readonly limit_bps: number;
  };
  engine_upload_normal: { readonly engine_id: string; readonly upload_bps: number };
  /** The limits of engines were changed, and the running engine has them now or is replaced when it plays nothing. */
  engine_limits_changed: {
    readonly engine_id: string;
    /** Such as `upload_limit=500,live_buffer=20`, in KB/s and seconds; empty: no limits. */
    readonly limits: string;
    readonly result: 'applied' | 'replaced_when_idle';
  };
  /** The runtime was asked to create an engine. */
  engine_ordered: { readonly order: string; readonly reason: string };
  /** A provisioning request failed, or a new engine ended before its first answer. */
  engine_order_failed: { readonly order: string; readonly code: string; readonly reason: string };
  /** The tag of the engines' image leads to another content; engines with the old one are replaced. */
  engine_image_changed: {
    readonly image: string;
    readonly from: string;
    readonly to: string;
  };
  /** Engines are being replaced one after the other, or that has ended or was stopped. */
  engine_rollout_changed: {
    readonly state: 'started' | 'finished' | 'stopped';
    readonly cause: 'image_changed' | 'replace_requested';
    /** Engines to replace, and how many of them have left. */
    readonly total: number;
    readonly replaced: number;
    /** Why it was stopped; null otherwise. */
    readonly reason: string | null;
  };
  /** The desired number of engines has changed. */
  fleet_scaled: { readonly from: number; readonly to: number; readonly reason: string };
  breaker_changed: { readonly from: string; readonly to: string; readonly reason: string };
  /** The runtime (Docker) can be reached again, or can no longer be reached. */
  runtime_link_changed: { readonly state: string; readonly reason: string | null };
  /** At most one per second and image while it is pulled. `finished` and `failed` are published once. */
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
  /** An operator has drained a VPN, or has ended that. */
  vpn_drain_changed: {
    readonly vpn: string;
    readonly drained: boolean;
    readonly reason: string | null;
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
    readonly reason: 'silence' | 'source_ended';
  };
  stream_resumed: {
    readonly stream_id: string;
    readonly engine_id: string;
    readonly outage_ms: number;
  };
  /** Published once per loop; `action` is what is done about it. */
  stream_looping: {
    readonly stream_id: string;
    readonly engine_id: string | null;
    readonly cause: 'media_repeats' | 'position_stands_still' | 'position_behind';
    readonly action: 'report' | 'failover' | 'stop';
    /** Seconds of media after which the content repeats; null if unknown. */
    readonly period_s: number | null;
  };
  /** The source was lost, and another one has replaced it, possibly on the same engine. */
  stream_failed_over: {
    readonly stream_id: string;
    readonly from_engine_id: string;
    readonly to_engine_id: string;
    readonly reason: string;
  };
  /** The stream has moved as planned: the other engine was ready before the stream left the old one. */
  stream_moved: {
    readonly stream_id: string;
    readonly from_engine_id: string;
    readonly to_engine_id: string;
    readonly cause: 'operator' | 'drain';
    /** Time from the choice of the new engine until viewers got its first packet. */
    readonly duration_ms: number;
  };
  /** The other engine failed while it was prepared; the stream continues on its engine. */
  stream_move_failed: {
    readonly stream_id: string;
    readonly from_engine_id: string;
    readonly to_engine_id: string;
    readonly cause: 'operator' | 'drain';
    /** A code; `detail` has the engine's own words. */
    readonly reason: string;
    readonly detail: string | null;
  };
  /** A channel's source was abandoned for another one, which is now being tried. */
  stream_source_changed: {
    readonly stream_id: string;
    readonly channel: string;
    readonly from: string;
    readonly to: string;
    /** A code; `detail` says more. */
    readonly reason: string;
    readonly detail: string | null;
  };
  stream_failed: {
    readonly stream_id: string;
    readonly engine_id: string | null;
    readonly code: string;
    readonly reason: string;
    /** Missing for a stream of another program. */
    readonly totals?: StreamTotals;
  };
  stream_ended: {
    readonly stream_id: string;
    readonly engine_id: string | null;
    readonly reason: string;
    /** Missing for a stream of another program. */
    readonly totals?: StreamTotals;
  };
  /** A run of checks has ended. `working`, `failed` and `skipped` count sources. */
  check_run_finished: {
    readonly run_id: string;
    readonly trigger: 'request' | 'schedule';
    readonly state: 'finished' | 'stopped';
    readonly total: number;
    readonly working: number;
    readonly failed: number;
    readonly skipped: number;
    readonly duration_s: number;
  };
  /** The last source of a channel that had not failed when it was last tried has failed. */
  channel_died: { readonly channel: string };
  /** A source of a dead channel has played, or the channel has got another source. */
  channel_recovered: { readonly channel: string };
  viewer_joined: { readonly stream_id: string; readonly client_id: string };
  viewer_left: {
    readonly stream_id: string;
    readonly client_id: string;
    readonly reason: string;
    readonly bytes_sent: number;
  };
  /** A proxy outside of acefleet has reported a stream on an engine. */
  external_stream_started: {
    readonly stream_id: string;
    readonly engine_id: string;
    /** Name of the API key. */
    readonly actor: string;
  };
  external_stream_ended: {
    readonly stream_id: string;
    readonly engine_id: string;
    readonly reason: string;
    /** Name of the API key with which the end was reported; null if it was not reported. */
    readonly actor: string | null;
  };
  /** A request to the API has succeeded that was not a GET request. */
  admin_action: {
    /** Name of the API key. */
    readonly actor: string;
    readonly method: string;
    /** With the names of its parameters, as in the API's description. */
    readonly route: string;
    /** Values of the parameters. */
    readonly parameters: Readonly<Record<string, string>>;
  };
  /** Settings were changed with the API. Values are left out, because some are secret. */
  settings_changed: {
    /** Names of the variables. */
    readonly names: readonly string[];
    /** Who changed them. */
    readonly actor: string;
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
  /** Increases by one per event; a client may request the events after the last one that it knows. */
  readonly id: number;
  readonly type: T;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly payload: DomainEventPayloads[T];
}
