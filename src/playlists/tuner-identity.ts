import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataFolder, SmallValues } from '../storage';
import { isDeviceId, newDeviceId } from './device-id';

const NAME = 'tuner_device_id';

/** The device id of the tuner. Media servers know the tuner and its channels by it, so it survives restarts. */
@Injectable()
export class TunerIdentity implements OnModuleInit, OnModuleDestroy {
  private readonly values: SmallValues;
  private id = '';

  constructor(folder: DataFolder) {
    this.values = new SmallValues(folder);
  }

  get deviceId(): string {
    return this.id;
  }

  async onModuleInit(): Promise<void> {
    const stored = await this.values.get(NAME);
    if (stored !== null && isDeviceId(stored)) {
      this.id = stored;
    } else {
      this.id = newDeviceId();
      this.values.set(NAME, this.id);
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.values.close();
  }
}
