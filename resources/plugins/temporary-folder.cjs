// A plugin of Serverless: gives the command a temporary folder of its own and deletes it at the end. serverless-esbuild
// leaves a copy of each function there, 40 folders and 140 MB each time.

const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/** What `os.tmpdir()` goes by, on Unix and on Windows. */
const VARIABLES = ['TMPDIR', 'TEMP', 'TMP'];

/** The exit codes of a process that a signal has ended. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

class TemporaryFolder {
  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'fedml-serverless-'));
    for (const name of VARIABLES) process.env[name] = folder;
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    for (const [signal, code] of Object.entries(SIGNALS)) process.once(signal, () => process.exit(code));
  }
}

module.exports = TemporaryFolder;
