import type { Operation } from '#local/http/aws-json.ts';
import type { ExecutionServices } from './executions.ts';
export const mapRunOperations = (_services: ExecutionServices): Record<string, Operation> => ({});
