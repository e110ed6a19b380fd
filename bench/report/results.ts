import type { SlopePoint } from '../slope.ts';
import type { StagingResult } from '../staging.ts';
import type { WriteBackResult } from '../write-back.ts';

/** What one run of the bench has measured. */
export interface Results {
  readonly mode: 'quick' | 'full';
  readonly staging: StagingResult;
  readonly writeBack: WriteBackResult;
  readonly slope: readonly SlopePoint[];
}
