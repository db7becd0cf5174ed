import { Module } from '@nestjs/common';
import { StreamsModule } from '../streams';
import { HlsPlaybacks } from './hls-playbacks';

/** Plays live streams as HLS. Needs the global modules of configuration, jobs and metrics. */
@Module({
  imports: [StreamsModule],
  providers: [HlsPlaybacks],
  exports: [HlsPlaybacks],
})
export class HlsModule {}
