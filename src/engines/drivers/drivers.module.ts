import { Module } from '@nestjs/common';
import { CONFIG } from '../../config';
import type { EnginesConfig } from '../engines.config';
import { DockerClient } from './docker-client';
import { chooseDriver, DRIVER_CHOICE } from './driver.factory';

/** Which driver runs the engines, and the client of Docker. Needs the global module of configuration. */
@Module({
  providers: [
    { provide: DRIVER_CHOICE, useFactory: chooseDriver, inject: [CONFIG] },
    {
      provide: DockerClient,
      useFactory: ({ dockerHost }: EnginesConfig) => new DockerClient(dockerHost),
      inject: [CONFIG],
    },
  ],
  exports: [DRIVER_CHOICE, DockerClient],
})
export class DriversModule {}
