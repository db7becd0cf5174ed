import { type DomainEventType } from './domain-events';

/** Every type of event, for filters and their documentation. The compiler checks that none is missing. */
const TYPES: Readonly<Record<DomainEventType, true>> = {
  engine_added: true,
  engine_state_changed: true,
  engine_removed: true,
  engine_limits_changed: true,
  engine_upload_exceeded: true,
  engine_upload_normal: true,
  engine_ordered: true,
  engine_order_failed: true,
  fleet_scaled: true,
  breaker_changed: true,
  runtime_link_changed: true,
  image_pull: true,
  vpn_state_changed: true,
  vpn_port_changed: true,
  stream_requested: true,
  stream_started: true,
  stream_stalled: true,
  stream_resumed: true,
  stream_looping: true,
  stream_failed_over: true,
  stream_moved: true,
  stream_move_failed: true,
  stream_source_changed: true,
  stream_failed: true,
  stream_ended: true,
  check_run_finished: true,
  channel_died: true,
  channel_recovered: true,
  viewer_joined: true,
  viewer_left: true,
  viewer_jumped: true,
  settings_changed: true,
};

export const EVENT_TYPES = Object.keys(TYPES) as readonly DomainEventType[];
