import { Module } from '@nestjs/common';
import { VpnModule } from '../vpn';
import { EngineSelector } from './engine-selector.port';
import { ScoringEngineSelector } from './scoring-engine-selector';
import { SlowFactCache } from './slow-facts';

/** Which engine suits a stream best. Needs the global module of configuration. */
@Module({
  imports: [VpnModule],
  providers: [{ provide: EngineSelector, useClass: ScoringEngineSelector }, SlowFactCache],
  exports: [EngineSelector, SlowFactCache],
})
export class SelectionModule {}
