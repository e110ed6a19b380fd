#!/usr/bin/env node
// The launcher of `npx fedml`: sets the project up when needed and hands over to Node 24, which runs TypeScript as it is.
import { spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const setup = spawnSync(process.execPath, [join(root, 'scripts', 'setup.mjs')], { stdio: 'inherit' });
if (setup.status !== 0) process.exit(setup.status ?? 1);

// The channel tells fedml when this process was killed, so that it doesn't go on alone.
const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const fedml = spawn(node, [join(root, 'cli', 'fedml.ts'), ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
// Ctrl-C and the end of a terminal reach the whole process group; only what is sent to this process alone is passed on.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
process.on('SIGTERM', () => fedml.kill('SIGTERM'));
fedml.on('exit', (code, signal) => process.exit(signal ? 1 : code));
