import { startS3 } from '#local/s3/start-s3.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';

/**
 * An S3 in a process of its own, to be measured and killed: `node serve-s3.ts <folder>` tells its parent the URL, and
 * answers each message with the peak of its memory in bytes.
 */
const server = await startS3({ dataDir: process.argv[2]!, account: LOCAL_ACCOUNT });
process.on('message', () => process.send?.(process.resourceUsage().maxRSS * 1024));
process.on('disconnect', () => process.exit());
process.send?.(server.url);
