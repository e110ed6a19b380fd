#!/usr/bin/env node
// The launcher of `npx fedml`: sets the project up when needed and hands over to Node 24, which runs TypeScript as it is.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const setup = spawnSync(process.execPath, [join(root, 'scripts', 'setup.mjs')], { stdio: 'inherit' });
if (setup.status !== 0) process.exit(setup.status ?? 1);

// Ctrl-C reaches the whole process group; this process waits for fedml to close its cloud, and passes its exit code on.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const fedml = spawnSync(node, [join(root, 'cli', 'fedml.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(fedml.status ?? 1);
