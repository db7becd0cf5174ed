import {
  type DomainEventPayloads,
  type DomainEventType,
  type RecordedEvent,
} from './domain-events';

export const EVENT_LEVELS = ['info', 'warning', 'error'] as const;

/** `warning`: something was lost or repaired by itself. `error`: something has failed, or an operator should look. */
export type EventLevel = (typeof EVENT_LEVELS)[number];

/** What an event tells people. It contains no secret and no address of a viewer. */
export interface EventDescription {
  readonly level: EventLevel;
  /** One plain English sentence. */
  readonly text: string;
  /** Stable key of what the event is about, such as `stream:ID`, `engine:ID` or `fleet`. */
  readonly subject: string;
}

type Describe<T extends DomainEventType> = (payload: DomainEventPayloads[T]) => EventDescription;

/** Every type of event. The compiler checks that none is missing. */
const DESCRIPTIONS: { readonly [T in DomainEventType]: Describe<T> } = {
  engine_added: ({ engine_id, host, port }) =>
    info(engine(engine_id), `Engine ${engine_id} was added at ${host}:${port}.`),
  engine_state_changed: ({ engine_id, from, to, reason }) => ({
    level: to === 'unhealthy' ? 'error' : to === 'suspect' ? 'warning' : 'info',
    text: sentence(`Engine ${engine_id} is now ${to}; it was ${from}`, reason),
    subject: engine(engine_id),
  }),
  engine_removed: ({ engine_id, reason }) =>
    info(engine(engine_id), `Engine ${engine_id} was removed`, reason),
  engine_limits_changed: ({ engine_id, limits, result }) => {
    const what = limits === '' ? 'no limits' : `the limits ${limits}`;
    return info(
      engine(engine_id),
      result === 'applied'
        ? `Engine ${engine_id} now has ${what}.`
        : `Engine ${engine_id} cannot be given ${what} while it runs, and is replaced when it plays nothing.`,
    );
  },
  engine_upload_exceeded: ({ engine_id, upload_bps, limit_bps }) =>
    warning(
      engine(engine_id),
      `Engine ${engine_id} uploads ${mbit(upload_bps)}, and its limit is ${mbit(limit_bps)}.`,
    ),
  engine_upload_normal: ({ engine_id, upload_bps }) =>
    info(engine(engine_id), `Engine ${engine_id} no longer uploads too much: ${mbit(upload_bps)}.`),
  engine_ordered: ({ reason }) => info('fleet', 'An engine was requested', reason),
  engine_order_failed: ({ code, reason }) =>
    error('fleet', 'An engine could not be created', `${code}: ${reason}`),
  engine_image_changed: ({ image }) =>
    info('fleet', `Image ${image} has changed, so the engines are replaced one at a time.`),
  engine_rollout_changed: ({ state, cause, total, replaced, reason }) =>
    state === 'stopped'
      ? error(
          'fleet',
          `The replacement of engines was stopped after ${replaced} of ${total}, because a new engine failed to start`,
          reason,
        )
      : info('fleet', `The replacement of ${total} engines has ${state}`, cause),
  fleet_scaled: ({ from, to, reason }) =>
    info('fleet', `The wanted number of engines changed from ${from} to ${to}`, reason),
  breaker_changed: ({ from, to, reason }) => ({
    level: to === 'open' ? 'error' : 'info',
    text: sentence(`The circuit breaker of engine creation is now ${to}; it was ${from}`, reason),
    subject: 'fleet',
  }),
  runtime_link_changed: ({ state, reason }) => ({
    level: state === 'lost' ? 'error' : 'info',
    text: sentence(`The connection to Docker is now ${state}`, reason),
    subject: 'runtime',
  }),
  image_pull: ({ image, state, current_bytes, total_bytes, reason }) =>
    state === 'failed'
      ? error(`image:${image}`, `The pull of image ${image} failed`, reason)
      : info(
          `image:${image}`,
          state === 'progress'
            ? `Image ${image} is being pulled: ${mib(current_bytes)} of ${mib(total_bytes)}.`
            : `The pull of image ${image} has ${state}.`,
        ),
  vpn_state_changed: ({ vpn, from, to, reason }) => ({
    level: to === 'down' ? 'error' : 'info',
    text: sentence(`VPN ${vpn} is now ${to}; it was ${from}`, reason),
    subject: `vpn:${vpn}`,
  }),
  vpn_drain_changed: ({ vpn, drained, reason }) =>
    info(
      `vpn:${vpn}`,
      drained ? `VPN ${vpn} is drained, so its engines leave` : `VPN ${vpn} is no longer drained`,
      reason,
    ),
  vpn_port_changed: ({ vpn, to }) =>
    to === null
      ? warning(`vpn:${vpn}`, `VPN ${vpn} forwards no port any more.`)
      : info(`vpn:${vpn}`, `VPN ${vpn} now forwards port ${to}.`),
  stream_requested: ({ stream_id }) =>
    info(stream(stream_id), `Stream ${stream_id} was requested.`),
  stream_started: ({ stream_id, engine_id, start_ms }) =>
    info(
      stream(stream_id),
      `Stream ${stream_id} has started on engine ${engine_id} after ${seconds(start_ms)}.`,
    ),
  stream_stalled: ({ stream_id, reason }) =>
    warning(stream(stream_id), `Stream ${stream_id} receives no media`, reason),
  stream_resumed: ({ stream_id, outage_ms }) =>
    info(
      stream(stream_id),
      `Stream ${stream_id} has media again after an outage of ${seconds(outage_ms)}.`,
    ),
  stream_looping: ({ stream_id, cause }) =>
    warning(stream(stream_id), `Stream ${stream_id} repeats itself`, cause),
  stream_failed_over: ({ stream_id, from_engine_id, to_engine_id, reason }) =>
    warning(
      stream(stream_id),
      from_engine_id === to_engine_id
        ? `Stream ${stream_id} lost its source and got another one on engine ${to_engine_id}`
        : `Stream ${stream_id} failed over from engine ${from_engine_id} to engine ${to_engine_id}`,
      reason,
    ),
  stream_moved: ({ stream_id, from_engine_id, to_engine_id, cause }) =>
    info(
      stream(stream_id),
      `Stream ${stream_id} was moved from engine ${from_engine_id} to engine ${to_engine_id}`,
      cause,
    ),
  stream_move_failed: ({ stream_id, from_engine_id, to_engine_id, reason }) =>
    warning(
      stream(stream_id),
      `Stream ${stream_id} could not move to engine ${to_engine_id} and stays on engine ${from_engine_id}`,
      reason,
    ),
  stream_source_changed: ({ stream_id, channel, to, reason }) =>
    warning(
      stream(stream_id),
      `Stream ${stream_id} of channel ${channel} now tries source ${to}`,
      reason,
    ),
  stream_failed: ({ stream_id, code, reason }) =>
    error(stream(stream_id), `Stream ${stream_id} has failed`, `${code}: ${reason}`),
  stream_ended: ({ stream_id, reason }) =>
    info(stream(stream_id), `Stream ${stream_id} has ended`, reason),
  check_run_finished: ({ state, total, working, failed, skipped }) =>
    info(
      'checks',
      `A check of ${total} sources has ${state}: ${working} work, ${failed} failed, ${skipped} were skipped.`,
    ),
  channel_died: ({ channel }) =>
    error(`channel:${channel}`, `Channel ${channel} is dead: all of its sources have failed.`),
  channel_recovered: ({ channel }) =>
    info(`channel:${channel}`, `Channel ${channel} is no longer dead.`),
  viewer_joined: ({ stream_id, client_id }) =>
    info(stream(stream_id), `Viewer ${client_id} has joined stream ${stream_id}.`),
  viewer_left: ({ stream_id, client_id, reason, bytes_sent }) => ({
    level: LOST_VIEWER.has(reason) ? 'warning' : 'info',
    text: sentence(
      `Viewer ${client_id} has left stream ${stream_id} after ${mib(bytes_sent)}`,
      reason,
    ),
    subject: stream(stream_id),
  }),
  viewer_jumped: ({ stream_id, client_id, lag_s }) =>
    warning(
      stream(stream_id),
      `Viewer ${client_id} of stream ${stream_id} was too slow and was moved forward from ${lag_s} s behind.`,
    ),
  external_stream_started: ({ stream_id, engine_id, actor }) =>
    info(
      stream(stream_id),
      `Stream ${stream_id} of an outside proxy has started on engine ${engine_id}, as ${actor} reports.`,
    ),
  external_stream_ended: ({ stream_id, engine_id, reason }) =>
    info(
      stream(stream_id),
      `Stream ${stream_id} of an outside proxy has ended on engine ${engine_id}`,
      reason,
    ),
  admin_action: ({ actor, method, route, parameters }) =>
    info(
      'api',
      `${actor} has sent ${method} ${route}`,
      Object.entries(parameters)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ),
  settings_changed: ({ names, actor }) =>
    info('settings', `Settings were changed by ${actor}: ${names.join(', ')}.`),
  webhook_state_changed: ({ webhook_id, name, from, to, reason }) => ({
    level: to === 'ok' ? 'info' : 'error',
    text: sentence(`Webhook ${name} is now ${to}; it was ${from}`, reason),
    subject: `webhook:${webhook_id}`,
  }),
};

/** Reasons of `viewer_left` for which neither the viewer nor an operator wanted the end. */
const LOST_VIEWER: ReadonlySet<string> = new Set([
  'stalled',
  'memory_limit',
  'too_many_jumps',
  'stream_failed',
]);

const MAX_TEXT = 500;

export function describeEvent(event: RecordedEvent): EventDescription {
  const describe = DESCRIPTIONS[event.type] as Describe<DomainEventType>;
  const { level, text, subject } = describe(event.payload);
  return {
    level,
    text: text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`,
    subject,
  };
}

/** What kind of thing an event is about: its subject without the id. */
export function categoryOf({ subject }: EventDescription): string {
  return subject.split(':', 1)[0] ?? subject;
}

function info(subject: string, text: string, reason?: string | null): EventDescription {
  return { level: 'info', text: sentence(text, reason), subject };
}

function warning(subject: string, text: string, reason?: string | null): EventDescription {
  return { level: 'warning', text: sentence(text, reason), subject };
}

function error(subject: string, text: string, reason?: string | null): EventDescription {
  return { level: 'error', text: sentence(text, reason), subject };
}

/** Appends the reason in parentheses and a full stop. */
function sentence(text: string, reason: string | null | undefined): string {
  const isWhole = reason === undefined || reason === null || reason === '';
  if (isWhole) return text.endsWith('.') ? text : `${text}.`;
  return `${text} (${reason.replace(/\s+/g, ' ').replace(/\.$/, '')}).`;
}

function engine(id: string): string {
  return `engine:${id}`;
}

function stream(id: string): string {
  return `stream:${id}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function mbit(bps: number): string {
  return `${(bps / 1e6).toFixed(1)} Mbit/s`;
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
