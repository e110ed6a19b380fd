import type { Operation } from '#local/http/aws-json.ts';
import type { Environment } from '../interpreter/environment.ts';
export const testStateOperations = (_environment: Environment): Record<string, Operation> => ({});
