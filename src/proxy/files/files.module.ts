import { Module } from '@nestjs/common';
import { RecordingHost, SessionServicesModule } from '../live';
import { StreamsModule } from '../streams';
import { FilePlaybacks } from './file-playbacks';

/** Playbacks of files, also of contents that a start as a broadcast found to be files. */
@Module({
  imports: [StreamsModule, SessionServicesModule],
  providers: [FilePlaybacks, { provide: RecordingHost, useExisting: FilePlaybacks }],
  exports: [FilePlaybacks, RecordingHost],
})
export class FilesModule {}
