import { Module } from '@nestjs/common';
import { AceModule } from '../../ace';
import { RegistryModule } from '../registry/registry.module';
import { ExternalEngines } from './external-engines';

@Module({
  imports: [AceModule, RegistryModule],
  providers: [ExternalEngines],
  exports: [ExternalEngines],
})
export class ExternalEnginesModule {}
