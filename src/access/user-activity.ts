import { Injectable } from '@nestjs/common';
import type { StreamUser } from './stream-user';

export interface UserCounts {
  readonly viewers: number;
  readonly streams: number;
}

/** What users watch now, as far as the module that serves streams has said how to count it. */
@Injectable()
export class UserActivity {
  private count: (user: StreamUser) => UserCounts = () => ({ viewers: 0, streams: 0 });

  countBy(count: (user: StreamUser) => UserCounts): void {
    this.count = count;
  }

  of(user: StreamUser): UserCounts {
    return this.count(user);
  }
}
