/** An engine has some hundred threads at most; what makes thousands is broken or hostile. */
export const PIDS_LIMIT = 1024;

/** Engines do not save anything worth waiting for. Seconds. */
export const STOP_GRACE_S = 3;

/** Engines write a line per request and peer; their host's disk must not fill. */
export const LOGGING = {
  driver: 'json-file',
  options: { 'max-size': '10m', 'max-file': '2' },
};
