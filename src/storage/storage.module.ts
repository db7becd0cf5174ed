import { type DynamicModule, Module } from '@nestjs/common';
import { DataFolder } from './data-folder';

/** Provides DATA_DIR to every module that keeps a file there. */
@Module({})
export class StorageModule {
  static forRoot(folder: DataFolder): DynamicModule {
    return {
      module: StorageModule,
      global: true,
      providers: [{ provide: DataFolder, useValue: folder }],
      exports: [DataFolder],
    };
  }
}
