import { Module } from '@nestjs/common';
import { EngineRegistry } from './engine-registry';

/** Which engines exist, and their state. Needs the global module of events. */
@Module({ providers: [EngineRegistry], exports: [EngineRegistry] })
export class RegistryModule {}
