import { Module } from '@nestjs/common';
import { EngineRegistry } from './engine-registry';

/** Provides the registry of engines. Needs the global events module. */
@Module({ providers: [EngineRegistry], exports: [EngineRegistry] })
export class RegistryModule {}
