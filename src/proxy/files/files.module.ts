import { Module } from '@nestjs/common';
import { FileHost, SourcesModule } from '../live';
import { StreamsModule } from '../streams';
import { FilePlaybacks } from './file-playbacks';

/** Playbacks of files, including contents that were started as broadcasts and turned out to be files. */
@Module({
  imports: [StreamsModule, SourcesModule],
  providers: [FilePlaybacks, { provide: FileHost, useExisting: FilePlaybacks }],
  exports: [FilePlaybacks, FileHost],
})
export class FilesModule {}
