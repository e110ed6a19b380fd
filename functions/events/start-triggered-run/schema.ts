import type { z } from 'zod';
import { TriggerRecord } from '#shared/triggers/trigger-record.ts';
import { TriggeredRun } from '#shared/triggers/triggered-run.ts';

export const StartTriggeredRunInput = TriggeredRun;
export type StartTriggeredRunInput = z.infer<typeof StartTriggeredRunInput>;

export const StartTriggeredRunOutput = TriggerRecord;
export type StartTriggeredRunOutput = z.infer<typeof StartTriggeredRunOutput>;
