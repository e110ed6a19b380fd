import { startS3 } from '#local/s3/start-s3.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { testIam } from '#test/local/iam/test-iam.ts';

/**
 * An S3 in a process of its own, to be measured and killed: `node serve-s3.ts <folder>` tells its parent the URL, and
 * answers each message with the peak of its memory in bytes and the CPU time that it has taken, in microseconds.
 */
const server = await startS3({ dataDir: process.argv[2]!, account: LOCAL_ACCOUNT, iam: testIam() });
process.on('message', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  process.send?.({ peakBytes: maxRSS * 1024, cpuMicroseconds: userCPUTime + systemCPUTime });
});
process.on('disconnect', () => process.exit());
process.send?.(server.url);
