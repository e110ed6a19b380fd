import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { openLaptop } from './laptop.ts';

/** A process of its own that trains and serves until it is killed. Says the numbers of its Pythons on standard output. */
const SCRIPT = `
import os, subprocess, time
child = subprocess.Popen(["sleep", "120"])
print("PIDS", os.getpid(), os.getppid(), child.pid, flush=True)
time.sleep(120)
`;

const SERVE = `
import os
def model_fn(folder): return None
def transform_fn(*_): return str(os.getpid()), "text/plain"
`;

const laptop = await openLaptop();
await laptop.createModel('model', SERVE);
await laptop.createEndpointConfig('model', [{}]);
await Promise.all([laptop.train('job', SCRIPT), laptop.deploy('model')]);
const { Body } = await laptop.runtime.send(
  new InvokeEndpointCommand({ EndpointName: 'model', Body: 'x', ContentType: 'text/plain' }),
);
while (!(await laptop.trainingLog('job')).includes('PIDS')) await new Promise((resolve) => setTimeout(resolve, 20));
const [, ...trainingPids] = (await laptop.trainingLog('job'))
  .split('\n')
  .find((line) => line.startsWith('PIDS'))!
  .split(' ');
process.stdout.write(
  `${JSON.stringify({ folder: laptop.folder, pids: [...trainingPids, Buffer.from(Body).toString()].map(Number) })}\n`,
);
