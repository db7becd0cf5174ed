import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels';
import { ProxyModule } from '../proxy';
import { DashboardFigures } from './dashboard-figures';
import { HistoryRecorder } from './history-recorder';
import { DashboardController } from './http/dashboard.controller';
import { HistoryController } from './http/history.controller';
import { InstallationSampler } from './installation-sampler';
import { SeriesReader } from './series-reader';

/** Records of streams and of the whole installation. Needs the global modules. */
@Module({
  imports: [ChannelsModule, ProxyModule],
  controllers: [HistoryController, DashboardController],
  providers: [HistoryRecorder, InstallationSampler, SeriesReader, DashboardFigures],
})
export class HistoryModule {}
