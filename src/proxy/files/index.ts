export { FilesModule } from './files.module';
export { FilePlaybacks } from './file-playbacks';
export type { PlayRequest } from './file-playback';
export type { FileContent } from './file-contents';
export type { FilePlayback } from './file-playback';
export { headersOf, type FileHead } from './file-head';
export { forwardedIfRange, forwardedRange } from './byte-range';
