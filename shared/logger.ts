import { Logger } from '@aws-lambda-powertools/logger';

/** One structured log line per event; the run id is appended by `step()`. Never rows, credentials or task tokens. */
export const logger = new Logger();
