export { RecordedPlaybacks } from './recorded-playbacks';
export type { PlayRequest } from './recorded-playback';
export type { RecordedContent } from './recorded-contents';
export type { RecordedPlayback } from './recorded-playback';
export { headersOf, type FileHead } from './file-head';
export { forwardedIfRange, forwardedRange } from './byte-range';
