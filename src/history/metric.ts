interface MetricDeclaration {
  /** Identifies the metric in the database. It is never changed, and never used for another metric. */
  readonly number: number;
  readonly description: string;
}

/** The metrics of which samples are kept, by their names in the API. */
const DECLARATIONS = {
  ingress_bps: { number: 1, description: 'Bits per second from engines.' },
  egress_bps: { number: 2, description: 'Bits per second that viewers take.' },
  viewers: { number: 3, description: 'Viewers, including those that wait for a start.' },
  streams: { number: 4, description: 'Running streams.' },
  streams_starting: { number: 5, description: 'Streams without media so far.' },
  streams_live: { number: 6, description: 'Broadcasts with media.' },
  streams_playing: { number: 7, description: 'Recorded contents that are being read.' },
  streams_stalled: { number: 8, description: 'Broadcasts whose media have stopped.' },
  streams_grace: { number: 9, description: 'Streams that nobody watches.' },
  engines: { number: 10, description: 'Engines.' },
  engines_starting: { number: 11, description: 'Engines that have not answered yet.' },
  engines_healthy: { number: 12, description: 'Healthy engines.' },
  engines_suspect: { number: 13, description: 'Suspect engines.' },
  engines_unhealthy: { number: 14, description: 'Unhealthy engines.' },
  engines_draining: { number: 15, description: 'Engines that are being drained.' },
  slots_used: { number: 16, description: 'Slots of engines that streams hold.' },
  slots_free: { number: 17, description: 'Free slots of healthy and suspect engines.' },
  cpu_percent: { number: 18, description: 'CPU time of acefleet; 100 is one core.' },
  memory_bytes: { number: 19, description: 'Resident memory of acefleet.' },
  event_loop_lag_ms: { number: 20, description: 'Mean delay of the event loop of acefleet.' },
  peers: { number: 21, description: 'Peers of the running streams, as engines report them.' },
  p2p_download_bps: { number: 22, description: 'Bits per second that engines get from peers.' },
  p2p_upload_bps: { number: 23, description: 'Bits per second that engines send to peers.' },
  viewers_left_per_minute: { number: 24, description: 'Viewers that leave, per minute.' },
} as const satisfies Record<string, MetricDeclaration>;

export type MetricName = keyof typeof DECLARATIONS;

export const METRICS: Readonly<Record<MetricName, MetricDeclaration>> = DECLARATIONS;

export const METRIC_NAMES = Object.keys(DECLARATIONS) as readonly MetricName[];

/** The values at one moment. A metric that could not be measured is missing. */
export type Sample = Readonly<Partial<Record<MetricName, number>>>;
