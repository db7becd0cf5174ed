import { Module } from '@nestjs/common';
import { EngineSelector } from './engine-selector.port';
import { ScoringEngineSelector } from './scoring-engine-selector';

/** Chooses the best engine for a stream. Needs the global configuration module. */
@Module({
  providers: [{ provide: EngineSelector, useClass: ScoringEngineSelector }],
  exports: [EngineSelector],
})
export class SelectionModule {}
