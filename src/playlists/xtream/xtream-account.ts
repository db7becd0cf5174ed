import type { XtreamAccountDto } from '../dto/xtream.dto';

/** The user of an Xtream request. */
export interface XtreamUser {
  /** The credentials as they were sent; players read them back. */
  readonly username: string;
  readonly password: string;
  readonly createdAtMs: number;
  /** Null: never. */
  readonly expiresAtMs: number | null;
  readonly maxStreams: number;
  readonly activeStreams: number;
}

/**
 * Describes the user and the server, as players ask for it when they log in.
 *
 * @param base address of this server, as the player must use it
 */
export function xtreamAccount(user: XtreamUser, base: string, nowMs: number): XtreamAccountDto {
  const { protocol, hostname, port } = new URL(base);
  const scheme = protocol.slice(0, -1);
  const usedPort = port === '' ? ({ http: '80', https: '443' }[scheme] ?? '') : port;
  return {
    user_info: {
      username: user.username,
      password: user.password,
      message: '',
      auth: 1,
      status: 'Active',
      exp_date: user.expiresAtMs === null ? null : seconds(user.expiresAtMs),
      is_trial: '0',
      active_cons: String(user.activeStreams),
      created_at: seconds(user.createdAtMs),
      max_connections: String(user.maxStreams),
      allowed_output_formats: ['ts', 'm3u8'],
    },
    server_info: {
      url: hostname,
      port: usedPort,
      https_port: scheme === 'https' ? usedPort : '443',
      server_protocol: scheme,
      rtmp_port: '',
      timezone: 'UTC',
      timestamp_now: Math.floor(nowMs / 1000),
      time_now: xtreamTime(nowMs),
    },
  };
}

/** `2026-01-31 18:00:00`, in UTC. */
export function xtreamTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}
