import { join } from 'node:path';

/** Where the end-to-end runs leave what each role was asked for, for the project `grants`. */
export const DECISIONS_DIR = join(import.meta.dirname, '..', '..', '.fedml', 'test-decisions');
