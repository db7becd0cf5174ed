/** The place in the API where a fault acts. `getstream` includes `/ace/manifest.m3u8`, `content` the HLS segments. */
export const PLACES = [
  'getstream',
  'playback',
  'content',
  'stat',
  'cmd',
  'event',
  'service',
  'any',
] as const;
export type Place = (typeof PLACES)[number];

/** Every fault and its default place. README.md describes them. */
export const FAULT_KINDS = {
  // any answer
  delay: 'getstream',
  never: 'getstream',
  http_status: 'getstream',
  empty_body: 'getstream',
  close: 'getstream',
  slow_headers: 'content',
  gzip: 'content',
  status_line_twice: 'content',
  content_length_wrong: 'content',
  chunked: 'content',
  deny: 'any',
  crash: 'getstream',
  // JSON answers
  json_error: 'getstream',
  error_object: 'getstream',
  malformed_json: 'getstream',
  truncated_json: 'getstream',
  huge_json: 'getstream',
  empty_response: 'getstream',
  wrong_types: 'getstream',
  // the description of a started session
  missing_playback_url: 'getstream',
  foreign_host: 'getstream',
  wrong_port: 'getstream',
  relative_url: 'getstream',
  url_override: 'getstream',
  not_live: 'getstream',
  session_limit: 'getstream',
  // the way to the media
  start_timeout: 'playback',
  download_not_found: 'playback',
  redirect: 'playback',
  redirect_endless_body: 'playback',
  redirect_loop: 'playback',
  redirect_closed_port: 'playback',
  // the media
  no_data: 'content',
  data_after: 'content',
  stall_after: 'content',
  end_after: 'content',
  reset_after: 'content',
  cut_mid_packet: 'content',
  rate: 'content',
  jitter: 'content',
  burst: 'content',
  slow_burst: 'content',
  garbage: 'content',
  html_in_middle: 'content',
  misaligned_start: 'content',
  lost_sync: 'content',
  framing: 'content',
  continuity_error: 'content',
  pcr_jump: 'content',
  loop_back: 'content',
  foreign_pids: 'content',
  odd_tables: 'content',
  table_flood: 'content',
  time_flood: 'content',
  programme_off_air: 'content',
  mute_stream: 'content',
  no_random_access: 'content',
  no_psi: 'content',
  one_byte_chunks: 'content',
  media_kind: 'content',
  no_ranges: 'content',
  session_stolen: 'content',
  // commands, statistics, service
  stop_hangs: 'cmd',
  stop_unknown: 'cmd',
  stop_freezes_others: 'cmd',
  stat_unknown: 'stat',
  stat_frozen: 'stat',
  stat_position_stuck: 'stat',
  stat_zero_peers: 'stat',
  stat_zero_speed: 'stat',
  stat_stale: 'stat',
  stat_upload: 'stat',
  network_disconnected: 'service',
  // every connection of the process
  max_connections: 'any',
} as const satisfies Record<string, Place>;

export type FaultKind = keyof typeof FAULT_KINDS;

export function isFaultKind(text: unknown): text is FaultKind {
  return typeof text === 'string' && Object.hasOwn(FAULT_KINDS, text);
}

export function isPlace(text: unknown): text is Place {
  return PLACES.some((place) => place === text);
}
