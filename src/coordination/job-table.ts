/**
 * Every job with its data. Data are plain JSON, because a job may be stored in Redis. A job without data is a
 * repeated one (`every`).
 */
export interface JobTable {
  /** The grace period of a live stream is over. */
  readonly 'stream.grace': { readonly streamUid: string };
  /** The grace period of a file playback is over. */
  readonly 'file.grace': { readonly playbackUid: string };
  /** Create the engine of a provisioning request. */
  readonly 'fleet.provision': { readonly key: string };
  /** See whether the image of the engines is due to be pulled again. */
  readonly 'engine_image.schedule': null;
  /** Fetch the guide of a source. */
  readonly 'guide.refresh': { readonly sourceId: string };
  /** Find guides that were fetched for other channels than the present ones. */
  readonly 'guide.channels': Readonly<Record<string, never>>;
  /** Check a source of a channel. */
  readonly 'source.check': { readonly kind: 'content_id' | 'infohash'; readonly id: string };
  /** Find the sources whose check is due. */
  readonly 'source.schedule': null;
  /** Find HLS viewers that have sent no request for a while. */
  readonly 'hls.idle': null;
  /** Find playbacks of the engine API that are no longer used. */
  readonly 'engine_api.idle': null;
  /** Compare the uploads of engines with their limit. */
  readonly 'engine.uploads': null;
  /** Remove old events from the event log. */
  readonly 'events.retention': null;
  /** Find streams of outside proxies that are no longer there. */
  readonly 'reported_streams.check': null;
  /** Fetch the lists of imports that are due. */
  readonly 'channel_imports.refresh': null;
  /** Take a sample of the whole installation. */
  readonly 'history.sample': null;
  /** Write what was recorded. */
  readonly 'history.write': null;
  /** Delete what is too old. */
  readonly 'history.prune': null;
}

/** The names of all jobs, for the check at the start. Without a name of `JobTable` this does not compile. */
const NAMES: { readonly [Name in keyof JobTable]: true } = {
  'stream.grace': true,
  'file.grace': true,
  'fleet.provision': true,
  'engine_image.schedule': true,
  'guide.refresh': true,
  'guide.channels': true,
  'source.check': true,
  'source.schedule': true,
  'hls.idle': true,
  'engine_api.idle': true,
  'engine.uploads': true,
  'events.retention': true,
  'reported_streams.check': true,
  'channel_imports.refresh': true,
  'history.sample': true,
  'history.write': true,
  'history.prune': true,
};

export type JobName = keyof JobTable;

/** Jobs that `every` repeats. */
export type RepeatedJobName = {
  [Name in JobName]: JobTable[Name] extends null ? Name : never;
}[JobName];

export const JOB_NAMES = Object.keys(NAMES) as readonly JobName[];

/** One job. Its name and id together identify it. */
export type Job = {
  [Name in JobName]: { readonly name: Name; readonly id: string; readonly data: JobTable[Name] };
}[Exclude<JobName, RepeatedJobName>];
